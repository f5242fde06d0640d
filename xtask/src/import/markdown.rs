//! The lines of a page, without the markup that has no meaning for the import.

/// A line of a page that is not blank. Tables are flattened: each cell is a line of its own.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) kind: LineKind,
    /// The text without emphasis, escapes and the targets of links.
    pub(super) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineKind {
    /// The level of a heading has no meaning, because it differs between editions of a page.
    Heading,
    Quote,
    Text,
}

impl Line {
    pub(super) fn is_heading(&self) -> bool {
        self.kind == LineKind::Heading
    }
}

/// Returns the lines of a page that are not blank.
pub(super) fn lines(page: &str) -> Vec<Line> {
    let lines = (1..).zip(page.lines().map(str::trim));
    let lines = lines.map(|(number, line)| {
        let (kind, text) = match (line.trim_start_matches('#'), line.strip_prefix('>')) {
            // A heading can also end with the characters that it begins with.
            (text, _) if text.len() < line.len() => (LineKind::Heading, text.trim_end_matches('#')),
            (_, Some(text)) => (LineKind::Quote, text),
            (text, None) => (LineKind::Text, text),
        };
        let text = plain(text);
        Line { number, kind, text }
    });
    lines.filter(|line| !line.text.is_empty()).collect()
}

/// Removes emphasis, escapes and the targets of links: `**[a\_b](c)**` becomes `a_b`.
fn plain(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, label, after)) = split_link(rest) {
        plain.push_str(before);
        plain.push_str(label);
        rest = after;
    }
    plain.push_str(rest);
    let plain = plain.replace("**", "").replace('`', "");
    let plain = plain.replace(['\u{3000}', '\u{a0}'], " ");
    let mut unescaped = String::new();
    let mut chars = plain.chars().peekable();
    while let Some(char) = chars.next() {
        match chars.peek() {
            Some(next) if char == '\\' && next.is_ascii_punctuation() => {}
            _ => unescaped.push(char),
        }
    }
    unescaped.trim().to_owned()
}

/// Returns `true` if texts differ at most in spaces and in the width of parentheses, which have no meaning
/// and change between editions.
pub(super) fn is_same(text: &str, other: &str) -> bool {
    significant(text).eq(significant(other))
}

fn significant(text: &str) -> impl Iterator<Item = char> {
    let chars = text.chars().filter(|char| !char.is_whitespace());
    chars.map(|char| match char {
        '(' => '（',
        ')' => '）',
        char => char,
    })
}

/// Returns the targets of the links in a line of a page, with markup.
pub(super) fn link_targets(line: &str) -> Vec<&str> {
    let after = line.split("](").skip(1);
    let targets = after.filter_map(|text| text.split_once(')'));
    targets.map(|(target, _)| target).collect()
}

/// Splits a text at its first link: the text before it, its label, and the text after it.
fn split_link(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("](")?;
    let (before, label) = before.rsplit_once('[')?;
    let (_, after) = rest.split_once(')')?;
    Some((before, label, after))
}

#[cfg(test)]
mod tests {
    use super::{LineKind, is_same, lines};

    #[test]
    fn markup_is_removed() {
        let page =
            "## **a** ##\n\n> 用[Batch API](x/y.md)\u{3000}b\n\nvidu/a\\_b**\\-**c\n\n####\n";
        let lines = lines(page);
        let lines = lines
            .iter()
            .map(|line| (line.number, line.kind, &*line.text));
        assert!(lines.eq([
            (1, LineKind::Heading, "a"),
            (3, LineKind::Quote, "用Batch API b"),
            (5, LineKind::Text, "vidu/a_b-c"),
        ]));
    }

    #[test]
    fn spaces_and_the_width_of_parentheses_have_no_meaning() {
        assert!(is_same("华北2（北京）", "华北 2 (北京)"));
        assert!(!is_same("华北2（北京）", "华北3（北京）"));
        assert!(!is_same("华北2（北京）", "华北2"));
    }
}
