//! Runs `model-studio-limits check`.

use std::fs;

use tempfile::TempDir;

use crate::support::{run, stdout};

/// A table of one's own, for what does not depend on the provider: the built-in tables change. On the
/// date of the checks, `atlas-4` and `atlas-4-mini` are about to retire.
pub(crate) const TABLE: &str = "\
source: { date: 2026-08-20 }
groups:
  - category: text-generation
    series: Atlas
    models:
      - { name: atlas-5, limits: none }
      - { name: atlas-4, deprecated: { retires: 2026-10-10, replacement: atlas-5 }, limits: none }
      - { name: atlas-4-mini, deprecated: { retires: 2026-10-10 }, limits: none }
retired:
  - { name: atlas-3, on: 2026-01-04, replacement: atlas-5 }
";

/// A configuration that selects the table in `limits.yaml`.
pub(crate) const OWN_TABLE: &str = "[check]\ntable = 'limits.yaml'\n";

/// Returns a folder with files, in which the table is used.
pub(crate) fn tree_with_table(files: &[(&str, &str)]) -> TempDir {
    let table = [
        ("limits.yaml", TABLE),
        ("model-studio-limits.toml", OWN_TABLE),
    ];
    tree(&[&table, files].concat())
}

/// Returns a folder with files.
pub(crate) fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

/// Checks the current folder, and returns the first lines of the findings and the exit code.
#[track_caller]
pub(crate) fn check(tree: &TempDir, arguments: &[&str]) -> (Vec<String>, i32) {
    let arguments = [&["check", ".", "--as-of", "2026-09-01"], arguments].concat();
    let output = run(tree.path(), &arguments);
    let lines = stdout(&output).lines().filter(|line| {
        line.contains(": model `") || line.contains(": unknown model `") || line.starts_with("::")
    });
    let mut lines: Vec<String> = lines
        .map(|line| line.trim_start_matches("./").to_owned())
        .collect();
    lines.sort();
    (lines, output.status.code().unwrap())
}

/// Checks one line of a file, and returns whether there is a finding.
#[track_caller]
pub(crate) fn is_found(line: &str, arguments: &[&str]) -> bool {
    has_finding(&tree(&[("file", line)]), line, arguments)
}

/// Checks one line of a file with a table, and returns whether there is a finding.
#[track_caller]
pub(crate) fn is_found_in(table: &str, line: &str) -> bool {
    let tree = tree(&[("limits.yaml", table), ("file", line)]);
    has_finding(&tree, line, &["--table", "limits.yaml"])
}

#[track_caller]
fn has_finding(tree: &TempDir, line: &str, arguments: &[&str]) -> bool {
    let (findings, code) = check(tree, arguments);
    assert_eq!(
        i32::from(!findings.is_empty()),
        code,
        "{line}: {findings:?}"
    );
    code == 1
}
