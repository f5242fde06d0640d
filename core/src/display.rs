//! Formatting of strings and numbers in messages and documentation.

use core::fmt;

/// Displays a string, escaping control characters and all non-ASCII characters other than letters
/// and digits.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\'' | '"' | '\\' => write!(f, "{character}")?,
                // Non-ASCII spaces and punctuation, such as the non-breaking hyphen, can be
                // mistaken for characters of a model ID.
                _ if !character.is_ascii() && !character.is_alphanumeric() => {
                    write!(f, "{}", character.escape_unicode())?;
                }
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// Displays names as "`a`", "`a` or `b`", or "`a`, `b` or `c`".
#[derive(Clone, Copy, Debug)]
pub struct AnyOf<'a>(pub &'a [&'a str]);

impl fmt::Display for AnyOf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let separator = match index {
                0 => "",
                _ if index + 1 < self.0.len() => ", ",
                _ => " or ",
            };
            write!(f, "{separator}`{name}`")?;
        }
        Ok(())
    }
}

/// Displays a number with its digits in groups of three, such as `1,000,000`.
#[derive(Clone, Copy, Debug)]
pub struct Grouped(pub u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{}", self.0),
            _ => write!(f, "{},{:03}", Grouped(self.0 / 1_000), self.0 % 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn invisible_and_confusable_characters_are_escaped() {
        for (string, shown) in [
            ("qwen-plus", "qwen-plus"),
            ("a\"b\\c'", "a\"b\\c'"),
            ("a\n\u{1b}[31m", r"a\n\u{1b}[31m"),
            ("qwen\u{2011}plus", r"qwen\u{2011}plus"),
            ("qwen\u{a0}plus", r"qwen\u{a0}plus"),
            ("模型-é", "模型-é"),
        ] {
            assert_eq!(Escaped(string).to_string(), shown);
        }
    }
}
