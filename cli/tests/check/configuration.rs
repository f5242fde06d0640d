//! The configuration file, `--allow` and the comment.

use serde_json::Value;

use crate::command::{OWN_TABLE, TABLE, check, tree, tree_with_table};
use crate::support::{run, stderr, stdout};

#[test]
fn model_ids_and_kinds_can_be_allowed() {
    let tree = tree_with_table(&[("a.yaml", "model: atlas-4\nmodel: atlas-3\nmodel: atlsa-5\n")]);
    let count = |arguments: &[&str]| check(&tree, arguments).0.len();
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&["--allow", "atlas-4"]), 2);
    assert_eq!(count(&["--allow", "atlas-4", "--allow", "misspelled"]), 1);
    assert_eq!(count(&["--allow", "retired"]), 2);
    assert_eq!(
        count(&[
            "--allow", "retiring", "--allow", "atlas-3", "--allow", "atlsa-5"
        ]),
        0
    );
}

#[test]
fn a_comment_allows_the_findings_of_its_line() {
    let tree = tree(&[(
        "a.py",
        "a = 'qwen3-max'  # model-studio-limits: allow\nb = 'qwen3-max'\n",
    )]);
    let (findings, _) = check(&tree, &[]);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with("a.py:2:6: "), "{findings:?}");
}

#[test]
fn the_nearest_configuration_file_counts_and_arguments_override_it() {
    let text = "model: atlas-4\nmodel: atlas-3\n";
    let older = TABLE.replace("  - { name: atlas-3,", "  - { name: atlas-2,");
    let allow = format!("{OWN_TABLE}allow = ['atlas-4']\n");
    let other = format!("{OWN_TABLE}allow = ['retiring']\nas-of = '2026-09-01'\n");
    let tree = tree(&[
        ("limits.yaml", TABLE),
        ("older.yaml", &older),
        ("model-studio-limits.toml", &allow),
        ("a/b/c.yaml", text),
        (
            "d/model-studio-limits.toml",
            "[check]\ntable = '../limits.yaml'\nexclude = ['e/**']\n",
        ),
        ("d/c.yaml", text),
        ("d/e/c.yaml", text),
        ("other.toml", &other),
    ]);
    let count = |arguments: &[&str]| {
        let arguments = [&["check", "--format", "json"], arguments].concat();
        let output = run(tree.path(), &arguments);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["findings"].as_array().unwrap().len()
    };
    assert_eq!(count(&["a"]), 1);
    assert_eq!(count(&["a/b/c.yaml"]), 1);
    assert_eq!(count(&["d"]), 2);
    assert_eq!(count(&["d", "--table", "older.yaml"]), 1);
    assert_eq!(count(&["a", "d"]), 3);
    assert_eq!(count(&["d/c.yaml", "--config", "other.toml"]), 1);
}

#[test]
fn files_that_are_excluded_are_skipped_even_if_they_are_named() {
    let text = "model: qwen3-max\n";
    let tree = tree(&[
        (
            "model-studio-limits.toml",
            "[check]\nexclude = ['/ex/', '*.md']\n",
        ),
        ("ex/d/a.yaml", text),
        ("b.md", text),
        ("c/ex/a.yaml", text),
    ]);
    let count = |directory: &str, arguments: &[&str]| {
        let arguments = [&["check", "--format", "github"], arguments].concat();
        let output = run(&tree.path().join(directory), &arguments);
        stdout(&output).lines().count()
    };
    assert_eq!(count("", &["."]), 1);
    assert_eq!(count("", &["ex/d/a.yaml", "ex", "ex/d", "b.md"]), 0);
    assert_eq!(count("ex/d", &["."]), 0);
    assert_eq!(
        count("c", &["..", "--config", "../model-studio-limits.toml"]),
        1
    );
}

#[test]
fn an_invalid_configuration_is_an_error_that_says_where() {
    for (config, expected) in [
        (
            "[check]\nregion = 'mars'\n",
            "2 | region = 'mars'\n  |          ^^^^^^\nunknown region `mars`, expected `singapore`, `beijing`, ",
        ),
        (
            "[check]\nwithin = 'soon'\n",
            "^^^^^^\nexpected a number of days such as `90d`",
        ),
        (
            "[check]\nas-of = '2026-02-30'\n",
            "^^^^^^^^^^^^\nexpected a valid date",
        ),
        ("[check]\nallowed = []\n", "unknown field `allowed`"),
        (
            "[check]\nallow = ['depricated']\n",
            "unknown kind `depricated`, did you mean `deprecated`?",
        ),
        ("[check\n", "line 1"),
        ("[check]\nexclude = ['a{b']\n", "`exclude`: `a{b`"),
    ] {
        let tree = tree(&[("model-studio-limits.toml", config)]);
        let output = run(tree.path(), &["check", "."]);
        assert_eq!(output.status.code(), Some(2), "{config}");
        assert!(
            stderr(&output).contains("model-studio-limits.toml"),
            "{}",
            stderr(&output)
        );
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}
