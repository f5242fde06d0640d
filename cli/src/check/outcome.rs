//! The outcome of a check.

use std::fmt::Display;
use std::path::Path;

use model_studio_limits_core::Escaped;

use super::finding::Finding;

#[derive(Default)]
pub(super) struct Outcome {
    pub(super) findings: Vec<Finding>,
    /// What could not be read or fixed, and why.
    pub(super) errors: Vec<String>,
    /// The number of files that were read.
    pub(super) files: usize,
}

impl Outcome {
    pub(super) fn append(&mut self, mut other: Self) {
        self.findings.append(&mut other.findings);
        self.errors.append(&mut other.errors);
        self.files += other.files;
    }

    /// Adds an error such as `cannot read a.yaml: …`.
    pub(super) fn cannot(&mut self, verb: &str, path: &Path, error: &impl Display) {
        let path = path.to_string_lossy();
        let path = Escaped(&path);
        self.errors.push(format!("cannot {verb} {path}: {error}"));
    }
}
