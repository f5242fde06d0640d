//! Writes findings in each format.

mod github;
mod json;
mod sarif;
mod summary;
mod text;

use std::io::{self, Write};

use clap::ValueEnum;
use model_studio_limits::Date;

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

/// Writes findings. Only JSON contains `table_date`, the date of the tables.
pub(super) fn write(
    format: Format,
    findings: &[Finding],
    table_date: Option<Date>,
    output: &mut impl Write,
) -> io::Result<()> {
    match format {
        Format::Text => text::write(findings, output),
        Format::Json => json::write(findings, table_date, output),
        Format::Github => github::write(findings, output),
        Format::Sarif => sarif::write(findings, output),
    }
}
