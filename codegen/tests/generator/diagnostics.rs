//! What is wrong with a table, as it is told: each file in `diagnostics/` holds cases, with the
//! input and the full report.
//!
//! A case begins with `=== TITLE`; then come the table, if need be `--- overlay` with an overlay,
//! and `--- report` with the report. `UPDATE=1 cargo test diagnostics` writes the reports
//! anew.

use std::fmt::Write as _;
use std::fs;

use crate::support::Files;
use model_studio_limits_codegen::Generator;

struct Case<'a> {
    title: &'a str,
    table: &'a str,
    overlay: Option<&'a str>,
    report: &'a str,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    text.split("=== ")
        .skip(1)
        .map(|case| {
            let (title, rest) = case.split_once('\n').unwrap();
            let (input, report) = rest.split_once("--- report\n").unwrap_or((rest, ""));
            let (table, overlay) = match input.split_once("--- overlay\n") {
                Some((table, overlay)) => (table, Some(overlay)),
                None => (input, None),
            };
            Case {
                title,
                table,
                overlay,
                report,
            }
        })
        .collect()
}

#[track_caller]
fn check(name: &str) {
    let path = format!("tests/diagnostics/{name}.txt");
    let text = fs::read_to_string(&path).unwrap();
    let mut updated = String::new();
    for case in cases(&text) {
        let files = Files::new(name);
        let mut generator = Generator::new(files.write("limits.yaml", case.table));
        _ = write!(updated, "=== {}\n{}", case.title, case.table);
        if let Some(overlay) = case.overlay {
            generator = generator.overlay(files.write("account.yaml", overlay));
            _ = write!(updated, "--- overlay\n{overlay}");
        }
        let report = files.run(&generator).expect_err(case.title);
        _ = write!(updated, "--- report\n{report}\n");
        if std::env::var_os("UPDATE").is_none() {
            assert_eq!(format!("{report}\n"), case.report, "{}", case.title);
        }
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, updated).unwrap();
    }
}

#[test]
fn yaml() {
    check("yaml");
}

#[test]
fn shape() {
    check("shape");
}

#[test]
fn limits() {
    check("limits");
}

#[test]
fn names() {
    check("names");
}

#[test]
fn replacements() {
    check("replacements");
}

#[test]
fn overlay() {
    check("overlay");
}

#[test]
fn display() {
    check("display");
}
