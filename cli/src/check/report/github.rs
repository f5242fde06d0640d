//! Findings as workflow commands of GitHub Actions, which show them in a pull request.

use std::io::{self, Write};

use crate::check::finding::Finding;

pub(super) fn write(findings: &[Finding], output: &mut impl Write) -> io::Result<()> {
    for finding in findings {
        let level = finding.problem.rule.level.name();
        let path = escape_property(&finding.path.to_string_lossy());
        let line = finding.line;
        let (column, end) = (finding.columns.start, finding.columns.end);
        let kind = finding.problem.rule.kind;
        let message = escape(&finding.problem.message);
        writeln!(
            output,
            "::{level} file={path},line={line},col={column},endColumn={end},title={kind}::{message}"
        )?;
    }
    Ok(())
}

fn escape(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}
