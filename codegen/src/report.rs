//! Problems, and the report of them that a person reads.

use std::error;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

/// A place in a file: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    pub(crate) const UNKNOWN: Self = Self { line: 0, column: 0 };
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place behind the last character of a text.
    pub(crate) fn end_of(text: &str) -> Self {
        let lines = lines(text);
        let last = lines.last().map_or(0, |line| line.chars().count());
        Self {
            line: lines.len(),
            column: last + 1,
        }
    }
}

/// One thing that is wrong in a file.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) place: Place,
    message: String,
    help: Option<String>,
}

impl Problem {
    pub(crate) fn new(place: Place, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A file that was read, to show lines of.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Why no code was generated: every problem that was found, or the first 200 of a file and the
/// number of the others.
///
/// Its [`Display`](fmt::Display) is the report to show to a person, several lines for each
/// problem, in the order of the lines they are at:
///
/// ```text
/// limits.yaml:9:15: unknown key `qmp`
///   |
/// 9 |     limits: { qmp: 60, tpm: 100000 }
///   |               ^
///   help: did you mean `qpm`?
/// ```
pub struct Error {
    report: String,
}

impl Error {
    /// A problem that is at no place in a file.
    pub(crate) fn other(message: impl fmt::Display) -> Self {
        Self {
            report: format!("{message}\n"),
        }
    }

    pub(crate) fn file(path: &Path, message: impl fmt::Display) -> Self {
        Self::other(format_args!("{}: {message}", shown_path(path)))
    }

    /// The problems of one file.
    pub(crate) fn problems(source: &Source, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place);
        // What an anchor names is checked wherever it is used, and has one place.
        problems.dedup_by(|a, b| a.place == b.place && a.message == b.message);
        let lines = lines(&source.text);
        let mut report = String::new();
        for problem in problems.iter().take(MOST_SHOWN) {
            let line = lines.get(problem.place.line - 1).unwrap_or(&"");
            report.push_str(&shown(&source.path, line, problem));
        }
        if problems.len() > MOST_SHOWN {
            let more = problems.len() - MOST_SHOWN;
            _ = writeln!(
                report,
                "{}: and {more} more problems",
                shown_path(&source.path)
            );
        }
        Self { report }
    }

    /// Both reports, one after the other.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.report.push_str(&other.report);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.report.trim_end())
    }
}

/// The report too, so that it is what `unwrap` shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl error::Error for Error {}

/// The lines of a text, ended by what ends a line in YAML.
fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((line, end)) = rest.split_once(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
        lines.push(line);
        let windows = rest[line.len()..].starts_with("\r\n");
        rest = if windows { &end[1..] } else { end };
    }
    lines.push(rest);
    lines
}

/// How many problems of a file are shown. A file with more is not a table with mistakes.
const MOST_SHOWN: usize = 200;

/// How many characters of a long line are shown before and after the place of a problem.
const AROUND: usize = 60;

fn shown(path: &Path, line: &str, problem: &Problem) -> String {
    let Place {
        line: number,
        column,
    } = problem.place;
    let mut text = format!(
        "{}:{number}:{column}: {}\n",
        shown_path(path),
        one_line(&problem.message)
    );
    let margin = " ".repeat(number.to_string().len());
    let (part, caret) = excerpt(line, column);
    _ = writeln!(text, "{margin} |\n{number} | {part}\n{margin} | {caret}");
    if let Some(help) = &problem.help {
        _ = writeln!(text, "{margin} help: {}", one_line(help));
    }
    text.push('\n');
    text
}

/// The part of a line around a column, and a second line with the caret.
fn excerpt(line: &str, column: usize) -> (String, String) {
    let before = column - 1;
    let skipped = before.saturating_sub(AROUND);
    let mut part = String::new();
    let mut caret = String::new();
    if skipped > 0 {
        part.push('…');
        caret.push(' ');
    }
    let mut rest = line.chars().skip(skipped);
    for character in rest.by_ref().take(before - skipped) {
        part.push(printable(character));
        caret.push(match character {
            '\t' => '\t',
            wide if is_wide(wide) => '\u{3000}',
            _ => ' ',
        });
    }
    caret.push('^');
    part.extend(rest.by_ref().take(AROUND).map(printable));
    if rest.next().is_some() {
        part.push('…');
    }
    (part, caret)
}

/// How many characters of a message are shown.
const LONGEST: usize = 500;

/// A message in one line and of some length, though it may quote what the file holds.
fn one_line(message: &str) -> String {
    let mut characters = message.chars();
    let mut line: String = characters.by_ref().take(LONGEST).map(printable).collect();
    if characters.next().is_some() {
        line.push('…');
    }
    line
}

fn shown_path(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// What is shown of a character: control characters could do anything to a terminal.
fn printable(character: char) -> char {
    if (character.is_control() && character != '\t') || is_invisible(character) {
        '\u{fffd}'
    } else {
        character
    }
}

/// Whether a character has no shape of its own, or turns the direction of those after it.
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

/// Whether a terminal shows a character in two columns: East Asian scripts and emoji, roughly.
fn is_wide(character: char) -> bool {
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
