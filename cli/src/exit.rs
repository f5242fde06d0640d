//! The exit codes, besides 0.

/// The exit code of `check` if there are findings.
pub(crate) const FINDINGS: u8 = 1;

/// The exit code of `quotas --diff --exit-code` if there are differences.
pub(crate) const DIFFERENCES: u8 = 1;

/// The exit code after an error.
pub(crate) const ERROR: u8 = 2;
