//! `--fix`

use std::fs;

use crate::command::{check, tree_with_table};
use crate::support::{run, stderr, stdout};

#[test]
fn a_fix_writes_the_replacement_and_nothing_else() {
    let text = "\u{feff}a: atlas-4\r\nmodel: atlsa-5\r\nb: \"atlas-4-mini, x=atlas-4\"";
    let tree = tree_with_table(&[("a.yaml", text), ("b.yaml", "model: atlas-5\n")]);
    let output = run(
        tree.path(),
        &["check", ".", "--fix", "--as-of", "2026-09-01"],
    );
    let fixed = fs::read_to_string(tree.path().join("a.yaml")).unwrap();
    assert_eq!(
        fixed,
        text.replace("atlas-4\r", "atlas-5\r")
            .replace("=atlas-4", "=atlas-5")
    );
    // The rest is reported: a typo, and a model without a replacement.
    assert_eq!(
        stderr(&output),
        "fixed 2 model IDs\n2 findings in 1 file, 3 files checked\n"
    );
    assert_eq!(output.status.code(), Some(1));

    let (findings, _) = check(&tree, &["--fix"]);
    assert_eq!(findings.len(), 2);
    assert_eq!(
        fs::read_to_string(tree.path().join("a.yaml")).unwrap(),
        fixed
    );
}

#[test]
fn a_file_is_fixed_once_by_any_path_to_it() {
    let tree = tree_with_table(&[("a/b.yaml", "model: atlas-4\nmodel: atlsa-5\n")]);
    let arguments = [
        "check",
        "a",
        "./a/../a",
        "a/b.yaml",
        "--as-of",
        "2026-09-01",
    ];
    let output = run(
        tree.path(),
        &[&arguments[..], &["--format", "github"]].concat(),
    );
    assert_eq!(stdout(&output).lines().count(), 2);
    let output = run(tree.path(), &[&arguments[..], &["--fix"]].concat());
    assert!(stderr(&output).starts_with("fixed 1 model ID\n1 finding in 1 file, "));
    assert_eq!(output.status.code(), Some(1));
    let fixed = fs::read_to_string(tree.path().join("a/b.yaml")).unwrap();
    assert_eq!(fixed, "model: atlas-5\nmodel: atlsa-5\n");
}

#[test]
fn a_file_that_cannot_be_fixed_stays_and_the_others_are_fixed() {
    let text = "model: atlas-4\n";
    let tree = tree_with_table(&[("a.yaml", text), ("b.yaml", text), ("c.yaml", text)]);
    let read = |name| fs::read_to_string(tree.path().join(name)).unwrap();
    let protected = tree.path().join("b.yaml");
    let mut permissions = fs::metadata(&protected).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&protected, permissions.clone()).unwrap();
    let output = run(tree.path(), &["check", ".", "--fix"]);
    assert_eq!(output.status.code(), Some(2));
    let problems = "error: cannot fix b.yaml: the file is read-only\nfixed 2 model IDs\n";
    assert!(stderr(&output).starts_with(problems), "{}", stderr(&output));
    assert!(
        stdout(&output).starts_with("b.yaml:1:8: "),
        "{}",
        stdout(&output)
    );
    let fixed = "model: atlas-5\n";
    assert_eq!(
        [read("a.yaml"), read("b.yaml"), read("c.yaml")],
        [fixed, text, fixed]
    );
}

#[test]
fn without_fix_no_file_changes() {
    let tree = tree_with_table(&[("a.yaml", "model: atlas-4\n")]);
    check(&tree, &[]);
    assert_eq!(
        fs::read_to_string(tree.path().join("a.yaml")).unwrap(),
        "model: atlas-4\n"
    );
}
