//! Misspelled model IDs.

/// The most model IDs that are suggested.
const MAX_SIMILAR: usize = 3;

/// Returns the known names that are one typo away from another name.
pub(super) fn similar<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let similar = known.filter(|known| is_typo(name, known));
    similar.take(MAX_SIMILAR).collect()
}

/// Returns `true` if two names differ in one inserted, missing, replaced or swapped character.
///
/// A change in a digit or beside one is no typo, since it is usually another model: `qwen4-max`,
/// `wan2.6-r2v` or `glm-4.5v`. Neither is another letter on its own: `command-a` and `command-r`. Names that differ in case are often those of other servers. A name that
/// starts or ends with a separator is a part of something else, such as a pattern.
fn is_typo(name: &str, known: &str) -> bool {
    let (a, b) = (name.as_bytes(), known.as_bytes());
    if a.len().abs_diff(b.len()) > 1 || b.len() < 6 {
        return false;
    }
    let is_separator = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    if is_separator(a.first()) || is_separator(a.last()) {
        return false;
    }
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let suffix = a[prefix..].iter().rev().zip(b[prefix..].iter().rev());
    let suffix = suffix.take_while(|(a, b)| a == b).count();
    let (end_a, end_b) = (a.len() - suffix, b.len() - suffix);
    let before = prefix.checked_sub(1).and_then(|before| b.get(before));
    let is_part = is_separator(before) && is_separator(b.get(end_b));
    let is_edit = match (&a[prefix..end_a], &b[prefix..end_b]) {
        ([_], []) | ([], [_]) => true,
        ([a], [b]) => !a.eq_ignore_ascii_case(b) && !is_part,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    };
    let has_digit = |name: &[u8], end: usize| {
        let around = &name[prefix.saturating_sub(1)..name.len().min(end + 1)];
        around.iter().any(u8::is_ascii_digit)
    };
    is_edit && !has_digit(a, end_a) && !has_digit(b, end_b)
}

#[cfg(test)]
mod tests {
    use super::is_typo;

    #[test]
    fn a_typo_is_one_edit_that_is_not_in_a_digit() {
        for typo in [
            "qwen-pluss",
            "qwen-plu",
            "qwen-plas",
            "wqen-plus",
            "qwen--plus",
            "xqwen-plus",
        ] {
            assert!(is_typo(typo, "qwen-plus"), "{typo}");
        }
        for other in [
            "qwen-plus",
            "qwen-plusss",
            "qwne-plsu",
            "qwen-Plus",
            "qwen3-plus",
            "qwen-plus1",
            "",
        ] {
            assert!(!is_typo(other, "qwen-plus"), "{other}");
        }
        for (other, known) in [
            ("qwen4-max", "qwen3-max"),
            ("wan2.6-r2v-flash", "wan2.6-i2v-flash"),
            ("qwen2.5v-max", "qwen2.5-max"),
            ("command-a", "command-r"),
            ("command-a-plus", "command-r-plus"),
            ("qwen-plus-", "qwen-plus"),
            ("-qwen-plus", "qwen-plus"),
        ] {
            assert!(!is_typo(other, known), "{other}");
        }
    }
}
