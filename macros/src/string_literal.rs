//! The value of a string literal, which a procedural macro gets as source text.

use std::borrow::Cow;

/// A string literal such as `"qwen-plus"` or `r"qwen-plus"`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StringLiteral<'a> {
    pub(crate) value: Cow<'a, str>,
    pub(crate) has_suffix: bool,
}

impl<'a> StringLiteral<'a> {
    /// Parses the text of a literal. Returns `None` for literals that are not strings.
    pub(crate) fn parse(literal: &'a str) -> Option<Self> {
        // A suffix contains neither quotes nor `#`.
        let (start, rest) = literal.split_once('"')?;
        let (text, end) = rest.rsplit_once('"')?;
        let suffix = end.trim_start_matches('#');
        let value = match start.strip_prefix('r') {
            Some(hashes) if hashes.bytes().all(|byte| byte == b'#') => text.into(),
            None if start.is_empty() && text.contains('\\') => unescape(text)?.into(),
            None if start.is_empty() => text.into(),
            _ => return None,
        };
        Some(Self {
            value,
            has_suffix: !suffix.is_empty(),
        })
    }
}

/// Replaces the escapes in a string. The compiler has checked that they are valid.
fn unescape(text: &str) -> Option<String> {
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        value.push_str(before);
        let mut chars = escape.chars();
        let character = match chars.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            'x' => {
                let (digits, after) = chars.as_str().split_at_checked(2)?;
                chars = after.chars();
                char::from(u8::from_str_radix(digits, 16).ok()?)
            }
            'u' => {
                let digits = chars.as_str().strip_prefix('{')?;
                let (digits, after) = digits.split_once('}')?;
                chars = after.chars();
                let code = u32::from_str_radix(&digits.replace('_', ""), 16);
                char::from_u32(code.ok()?)?
            }
            // At the end of a line, the escape also skips the indentation of the next one.
            '\n' => {
                rest = chars.as_str().trim_start_matches([' ', '\t', '\n', '\r']);
                continue;
            }
            quoted => quoted,
        };
        value.push(character);
        rest = chars.as_str();
    }
    value.push_str(rest);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::StringLiteral;

    #[test]
    fn string_literals_have_their_value() {
        for (literal, value) in [
            (r#""""#, ""),
            (r#""qwen-plus""#, "qwen-plus"),
            (r#"r"a\n""#, r"a\n"),
            (r##"r#"a"b"#"##, "a\"b"),
            (r#""\\ \" \' \n\r\t\0""#, "\\ \" ' \n\r\t\0"),
            (r#""qwen\x2dplus""#, "qwen-plus"),
            (r#""\u{2d}\u{6_A21}型""#, "-模型"),
            ("\"qwen\\\n    \t-plus\\\n\"", "qwen-plus"),
        ] {
            let literal = StringLiteral::parse(literal).unwrap();
            assert_eq!(literal.value, value);
            assert!(!literal.has_suffix);
        }
    }

    #[test]
    fn a_suffix_is_found() {
        for literal in [r#""a"x"#, r#"r"a"x"#, r##"r#"a"b"#x"##] {
            assert!(
                StringLiteral::parse(literal).unwrap().has_suffix,
                "{literal}"
            );
        }
    }

    #[test]
    fn other_literals_are_no_strings() {
        for literal in [
            "7", "1.5", "'a'", "'\"'", "b'a'", r#"b"a""#, r#"c"a""#, r#"br"a""#,
        ] {
            assert_eq!(StringLiteral::parse(literal), None, "{literal}");
        }
    }
}
