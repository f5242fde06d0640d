//! Strings of a table as Markdown, escaped or in code spans so that they are not parsed as HTML.

use crate::text::one_line;

/// Returns a string without line breaks as a code span.
pub(super) fn code_span(text: &str) -> String {
    let mut fence = String::from("`");
    while text.contains(&fence) {
        fence.push('`');
    }
    let space = if fence.len() > 1 { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Escapes the characters that are special in inline Markdown.
pub(super) fn prose(text: &str) -> String {
    let text = one_line(text);
    if text.contains("://") {
        // rustdoc would warn about a bare URL.
        return code_span(&text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\`*_[]<>&~|$".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Returns a link if the string is a plain URL, and otherwise a code span.
pub(super) fn link(url: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=%".contains(c);
    if (url.starts_with("https://") || url.starts_with("http://")) && url.chars().all(is_plain) {
        format!("<{url}>")
    } else {
        code_span(&one_line(url))
    }
}

/// Returns text for a table cell or a heading.
pub(super) fn in_cell(text: &str) -> String {
    one_line(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_have_no_effect_as_markdown() {
        assert_eq!(code_span("a`b"), "`` a`b ``");
        assert_eq!(prose("<b>[x]\n\n# y"), r"\<b\>\[x\] # y");
        assert_eq!(prose("see https://a.b"), "`see https://a.b`");
        assert_eq!(link("https://a.b/c?d=e"), "<https://a.b/c?d=e>");
        assert_eq!(link("https://a.b> <script>"), "`https://a.b> <script>`");
    }
}
