//! What a check finds.

use std::ops::Range;
use std::path::{Path, PathBuf};

/// Why a model ID is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Retired,
    Retiring,
    Deprecated,
    Misspelled,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 4] = [
        Self::Retired,
        Self::Retiring,
        Self::Deprecated,
        Self::Misspelled,
    ];

    /// Returns the name, as used by `allow` and in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Retired => "retired",
            Self::Retiring => "retiring",
            Self::Deprecated => "deprecated",
            Self::Misspelled => "misspelled",
        }
    }

    /// Returns the sentence that explains the kind.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Retired => "The model is no longer served",
            Self::Retiring => "The model retires soon",
            Self::Deprecated => "The model is deprecated",
            Self::Misspelled => "The name is one typo away from a model ID",
        }
    }

    /// Returns `true` if a call with this model ID fails today.
    pub(crate) const fn is_error(self) -> bool {
        matches!(self, Self::Retired | Self::Misspelled)
    }

    /// Returns the level, as GitHub and SARIF name it.
    pub(crate) const fn level(self) -> &'static str {
        if self.is_error() { "error" } else { "warning" }
    }
}

/// A model ID in a file that should be changed.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The path that is shown.
    pub(crate) path: PathBuf,
    /// The file, without links and parts such as `..`: the same for every path to it.
    pub(crate) file: PathBuf,
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The first column and the one after the last, in characters, counted from 1.
    pub(crate) columns: Range<usize>,
    /// The position in bytes.
    pub(crate) bytes: Range<usize>,
    pub(crate) kind: Kind,
    /// The model ID as it is in the file.
    pub(crate) name: String,
    /// The message, with the replacement or the suggestions.
    pub(crate) message: String,
    /// The text that `--fix` writes instead.
    pub(crate) fix: Option<&'static str>,
    /// The part of the line that is shown, and the position of the name in it, in bytes.
    pub(crate) excerpt: (String, Range<usize>),
}

impl Finding {
    /// Returns the file and the position in it.
    pub(crate) fn place(&self) -> (&Path, usize) {
        (&self.file, self.bytes.start)
    }
}
