//! What a check finds.

use std::ops::Range;
use std::path::{Path, PathBuf};

use model_studio_limits::Date;
use model_studio_limits_core::AnyOf;

use super::excerpt::Excerpt;
use super::rules::{Dates, RULES, Rule, Subject};

/// A model ID in a file that should be changed.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// The path that is shown.
    pub(super) path: PathBuf,
    /// The canonical path, which is the same for every path to the file.
    pub(super) file: PathBuf,
    /// The line, counted from 1.
    pub(super) line: usize,
    /// The first column and the one after the last, in characters, counted from 1.
    pub(super) columns: Range<usize>,
    /// The position in bytes.
    pub(super) bytes: Range<usize>,
    /// The model ID as it is in the file.
    pub(super) name: String,
    pub(super) problem: Problem,
    pub(super) excerpt: Excerpt,
}

impl Finding {
    /// Returns the file and the position in it.
    pub(super) fn place(&self) -> (&Path, usize) {
        (&self.file, self.bytes.start)
    }
}

/// What is wrong with a model ID, without its position.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) rule: &'static Rule,
    /// The message, with the model IDs to use instead.
    pub(super) message: String,
    /// The date on which the model retires or was retired.
    pub(super) date: Option<Date>,
    /// The replacements of the model, or the model IDs that could be meant.
    pub(super) instead: Vec<&'static str>,
    /// The text that `--fix` writes instead.
    pub(super) fix: Option<&'static str>,
}

impl Problem {
    /// Returns the problem with a name, or `None` if no rule applies to it.
    pub(super) fn new(
        name: &str,
        subject: Subject,
        dates: Dates,
        instead: Vec<&'static str>,
    ) -> Option<Self> {
        let mut rules = RULES.iter();
        let (rule, message) =
            rules.find_map(|rule| Some((rule, (rule.message)(name, subject, dates)?)))?;
        let advice = match (subject, &instead[..]) {
            (_, []) => String::new(),
            (Subject::Model(_), _) => format!(", use {}", AnyOf(&instead)),
            (Subject::Typo, _) => format!(", did you mean {}?", AnyOf(&instead)),
        };
        let fix = match instead[..] {
            [only] if rule.has_fix => Some(only),
            _ => None,
        };
        Some(Self {
            rule,
            message: message + &advice,
            date: match subject {
                Subject::Model(status) => status.date(),
                Subject::Typo => None,
            },
            instead,
            fix,
        })
    }
}
