//! The text of answers.

/// Four bytes for each token.
const WORDS: &str = "one two six ten ";

/// Returns a text of this many tokens.
pub(super) fn words(tokens: u64) -> String {
    words_between(0, tokens)
}

/// Returns the part of an endless text from one token to another.
pub(super) fn words_between(start: u64, end: u64) -> String {
    let skipped = start % 4;
    let tokens = usize::try_from(end - start + skipped).unwrap_or(usize::MAX);
    let mut text = WORDS.repeat(tokens.div_ceil(4));
    text.truncate(4 * tokens);
    text.split_off(4 * (skipped as usize))
}

#[cfg(test)]
mod tests {
    use super::{words, words_between};

    #[test]
    fn parts_make_the_whole() {
        assert_eq!(words(6), "one two six ten one two ");
        assert_eq!(words_between(0, 3) + &words_between(3, 6), words(6));
    }
}
