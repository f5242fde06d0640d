//! The findings of each model, as a table for people.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use comfy_table::{CellAlignment, ContentArrangement};

use crate::check::finding::Finding;
use crate::check::rules::RULES;
use crate::text_columns::columns;

/// Writes a row for each model, those with the most findings first, and the number of findings of each
/// kind.
pub(in crate::check) fn write(findings: &[Finding], output: &mut impl Write) -> io::Result<()> {
    if findings.is_empty() {
        return Ok(());
    }
    let mut models = BTreeMap::<_, (usize, BTreeSet<&Path>)>::new();
    for finding in findings {
        let problem = &finding.problem;
        let kind = (problem.rule.kind, problem.date);
        let (count, files) = models
            .entry((&finding.name, kind, &problem.instead))
            .or_default();
        *count += 1;
        files.insert(&finding.file);
    }
    let mut models: Vec<_> = models.into_iter().collect();
    models.sort_by_key(|(_, (count, _))| Reverse(*count));

    let mut table = columns(["MODEL", "FINDINGS", "FILES", "KIND", "USE"]);
    // Model IDs in the last column are not wrapped either.
    table.set_content_arrangement(ContentArrangement::Disabled);
    for ((name, (kind, date), instead), (count, files)) in models {
        let date = date.map(|date| format!(" {date}")).unwrap_or_default();
        let (count, files) = (count.to_string(), files.len().to_string());
        table.add_row([
            name,
            &count,
            &files,
            &format!("{kind}{date}"),
            &instead.join(" or "),
        ]);
    }
    for column in table.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let kinds = RULES.iter().filter_map(|rule| {
        let of_kind = findings
            .iter()
            .filter(|finding| finding.problem.rule.kind == rule.kind);
        let count = of_kind.count();
        (count > 0).then(|| format!("{count} {}", rule.kind))
    });
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    writeln!(output, "{}\n\n{kinds}", table.trim_fmt())
}
