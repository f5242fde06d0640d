//! Writes findings in each format.

mod github;
mod json;
mod sarif;
mod summary;
mod text;

use std::io::{self, Write};

use clap::ValueEnum;

use super::finding::Finding;

pub(super) use summary::write as write_summary;

/// The format of the findings.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// `file:line:column: message`, and an excerpt
    Text,
    /// A JSON object
    Json,
    /// Annotations for GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

pub(super) fn write(
    format: Format,
    findings: &[Finding],
    output: &mut impl Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(findings, output),
        Format::Json => json::write(findings, output),
        Format::Github => github::write(findings, output),
        Format::Sarif => sarif::write(findings, output),
    }
}
