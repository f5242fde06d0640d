//! Characters that are invisible or wide, and text on one line.

/// Returns `true` for a character that is invisible or changes the direction of text.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// Returns `true` for most characters that take up two columns in a terminal: East Asian scripts
/// and emoji.
pub(crate) fn is_wide(character: char) -> bool {
    matches!(
        character,
        '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3fffd}'
    )
}

/// Collapses whitespace, and replaces invisible characters with U+FFFD.
pub(crate) fn one_line(text: &str) -> String {
    let visible = text.replace(
        |c: char| is_invisible(c) || (c.is_control() && !c.is_whitespace()),
        "\u{fffd}",
    );
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}
