//! Compares reports with the expected ones. The files in `diagnostics/` contain cases: an invalid
//! table, an overlay in some cases, and the report.
//!
//! `UPDATE=1 cargo test diagnostics` updates the reports.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use model_studio_limits_codegen::Generator;

use crate::scratch::ScratchDir;

struct Case<'a> {
    title: &'a str,
    table: &'a str,
    overlay: Option<&'a str>,
}

impl<'a> Case<'a> {
    /// Parses a case after the `=== ` of its title. Ignores the report.
    fn parse(text: &'a str) -> Self {
        let (title, rest) = text.split_once('\n').unwrap();
        let (input, _) = rest.split_once("--- report\n").unwrap_or((rest, ""));
        let (table, overlay) = match input.split_once("--- overlay\n") {
            Some((table, overlay)) => (table, Some(overlay)),
            None => (input, None),
        };
        Self {
            title,
            table,
            overlay,
        }
    }

    /// Returns the text of the case with its report.
    fn run(&self) -> String {
        let scratch = ScratchDir::new();
        let mut text = format!("=== {}\n{}", self.title, self.table);
        let mut generator = Generator::new(scratch.write("limits.yaml", self.table));
        if let Some(overlay) = self.overlay {
            _ = write!(text, "--- overlay\n{overlay}");
            generator = generator.overlay(scratch.write("account.yaml", overlay));
        }
        let report = scratch.generate(&generator).expect_err(self.title);
        _ = write!(text, "--- report\n{report}\n");
        text
    }
}

#[test]
fn reports_are_as_expected() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join("diagnostics");
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let expected = fs::read_to_string(&path).unwrap();
        let cases = expected.split("=== ").skip(1);
        let cases = cases.map(|case| (format!("=== {case}"), Case::parse(case).run()));
        if env::var_os("UPDATE").is_some() {
            let actual: String = cases.map(|(_, actual)| actual).collect();
            fs::write(path, actual).unwrap();
            continue;
        }
        for (expected, actual) in cases {
            let name = path.file_name().unwrap().display();
            assert!(
                actual == expected,
                "in {name}, expected:\n{expected}\nfound:\n{actual}"
            );
        }
    }
}
