//! Findings for people.

use std::io::{self, Write};

use annotate_snippets::renderer::Renderer;
use annotate_snippets::{AnnotationKind, Level, Snippet};
use model_studio_limits_core::Escaped;

use super::summary;
use crate::check::excerpt::Excerpt;
use crate::check::finding::Finding;
use crate::check::rules;

/// With more findings than this, a summary follows them.
const MANY: usize = 20;

/// Writes each finding as `file:line:column: message` with an excerpt of the file.
pub(super) fn write(findings: &[Finding], output: &mut impl Write) -> io::Result<()> {
    // The output removes the colors if it is not a terminal.
    let renderer = Renderer::styled();
    for finding in findings {
        let path = finding.path.to_string_lossy();
        let path = Escaped(&path);
        let (line, column) = (finding.line, finding.columns.start);
        let title = format!("{path}:{line}:{column}: {}", finding.problem.message);
        let Excerpt { text, name } = &finding.excerpt;
        let annotation = AnnotationKind::Primary.span(name.clone());
        let annotation = annotation.label(finding.problem.rule.kind);
        let snippet = Snippet::source(text)
            .line_start(line)
            .annotation(annotation);
        let level = match finding.problem.rule.level {
            rules::Level::Error => Level::ERROR,
            rules::Level::Warning => Level::WARNING,
        };
        let report = level.no_name().primary_title(title).element(snippet);
        writeln!(output, "{}\n", renderer.render(&[report]))?;
    }
    if findings.len() > MANY {
        summary::write(findings, output)?;
    }
    Ok(())
}
