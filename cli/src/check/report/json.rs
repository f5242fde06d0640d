//! Findings for programs.

use std::io::{self, Write};

use model_studio_limits::Date;
use serde::Serialize;

use crate::check::finding::Finding;

#[derive(Serialize)]
struct Report<'a> {
    table_date: Option<String>,
    findings: Vec<JsonFinding<'a>>,
}

#[derive(Serialize)]
struct JsonFinding<'a> {
    path: String,
    line: usize,
    column: usize,
    end_column: usize,
    /// The position in bytes.
    start: usize,
    end: usize,
    kind: &'static str,
    model: &'a str,
    message: &'a str,
    /// The text that `--fix` writes instead.
    fix: Option<&'static str>,
}

pub(super) fn write(
    findings: &[Finding],
    table_date: Option<Date>,
    output: &mut impl Write,
) -> io::Result<()> {
    let findings = findings.iter().map(|finding| JsonFinding {
        path: finding.path.to_string_lossy().into_owned(),
        line: finding.line,
        column: finding.columns.start,
        end_column: finding.columns.end,
        start: finding.bytes.start,
        end: finding.bytes.end,
        kind: finding.problem.rule.kind,
        model: &finding.name,
        message: &finding.problem.message,
        fix: finding.problem.fix,
    });
    let report = Report {
        table_date: table_date.map(|date| date.to_string()),
        findings: findings.collect(),
    };
    serde_json::to_writer_pretty(&mut *output, &report)?;
    writeln!(output)
}
