//! The formats of the findings.
//!
//! `UPDATE=1 cargo test -p model-studio-limits-cli corpus` updates the expected findings.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{tree, tree_with_table};
use crate::support::{repository, run, stderr, stdout};

#[test]
fn the_findings_of_the_corpus_are_those_expected_in_each_format() {
    for format in ["text", "json", "github", "sarif", "summary"] {
        let arguments = match format {
            "summary" => &["--summary"][..],
            _ => &["--format", format],
        };
        let arguments = [&["check", "tests/corpus-own-table"], arguments].concat();
        let output = run(&repository(), &arguments);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        // The paths of Windows.
        let found = stdout(&output).replace("own-table\\", "own-table/");
        assert_expected(&format!("corpus-own-table.{format}.txt"), &found);
    }
}

/// The built-in tables change, so these findings are compared without their messages. A model ID that has
/// ended stays in the tables.
#[test]
fn the_model_ids_that_are_found_in_the_corpus_are_those_expected() {
    let arguments = ["check", "tests/corpus", "--format", "json"];
    let report: Value = serde_json::from_slice(&run(&repository(), &arguments).stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let lines = findings.map(|finding| {
        let text = |key: &str| finding[key].as_str().unwrap();
        let (path, line, column) = (text("path"), &finding["line"], &finding["column"]);
        let problem = match text("kind") {
            "misspelled" => "misspelled",
            _ => "ended",
        };
        format!("{path}:{line}:{column}: {} {problem}\n", text("model"))
    });
    let found = lines.collect::<String>().replace('\\', "/");
    assert_expected("corpus.txt", &found);
}

/// Compares findings with those in a file, or writes them.
#[track_caller]
fn assert_expected(file: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let path = path.join(file);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&path).unwrap(), "{file}");
}

#[test]
fn sarif_is_valid() {
    let schema = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/check/sarif-schema-2.1.0.json"
    ))
    .unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for path in ["tests/corpus", "tests/corpus/other_servers.py"] {
        let output = run(&repository(), &["check", path, "--format", "sarif"]);
        let mut log: Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{path}");
        // The schema is not one that accepts everything.
        log["runs"][0]["tool"]["driver"]["name"] = Value::Null;
        assert!(!validator.is_valid(&log));
    }
}

#[test]
fn json_has_the_position_of_each_model_id_in_bytes() {
    let output = run(
        &repository(),
        &["check", "tests/corpus-own-table", "--format", "json"],
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() > 10);
    for finding in findings {
        let text = fs::read(repository().join(finding["path"].as_str().unwrap())).unwrap();
        let position = |key: &str| usize::try_from(finding[key].as_u64().unwrap()).unwrap();
        let found = &text[position("start")..position("end")];
        assert_eq!(
            found,
            finding["model"].as_str().unwrap().as_bytes(),
            "{finding}"
        );
        let lines = text[..position("start")]
            .iter()
            .filter(|byte| **byte == b'\n');
        assert_eq!(position("line"), lines.count() + 1);
    }
}

#[test]
fn a_clean_tree_prints_nothing() {
    let tree = tree_with_table(&[("config.yaml", "model: atlas-5\n")]);
    let output = run(tree.path(), &["check", "."]);
    assert_eq!(
        (stdout(&output), stderr(&output), output.status.code()),
        ("", "", Some(0))
    );
}

#[test]
fn a_summary_follows_more_than_20_findings() {
    for (count, has_summary) in [(20, false), (21, true)] {
        let tree = tree_with_table(&[("a.yaml", &"model: atlas-4\n".repeat(count))]);
        let output = run(tree.path(), &["check", "."]);
        let text = stdout(&output);
        assert_eq!(text.contains("\nMODEL "), has_summary, "{text}");
    }
}

#[test]
fn the_summary_counts_the_findings_of_each_model() {
    let text = "model: atlas-4\n";
    let tree = tree_with_table(&[
        ("a.yaml", "model: atlsa-5\n"),
        ("b.yaml", &text.repeat(2)),
        ("c.yaml", text),
    ]);
    let arguments = ["check", ".", "--summary", "--as-of", "2026-09-01"];
    let output = run(tree.path(), &arguments);
    let expected = "\
MODEL    FINDINGS  FILES  KIND                 USE
atlas-4         3      2  retiring 2026-10-10  atlas-5
atlsa-5         1      1  misspelled           atlas-5

3 retiring, 1 misspelled
";
    assert_eq!(stdout(&output), expected);
    assert_eq!(stderr(&output), "4 findings in 3 files, 4 files checked\n");
    assert_eq!(output.status.code(), Some(1));

    // Only the findings that are left after a fix are counted.
    let output = run(tree.path(), &[&arguments[..], &["--fix"]].concat());
    assert!(
        stdout(&output).ends_with("\n1 misspelled\n"),
        "{}",
        stdout(&output)
    );

    fs::remove_file(tree.path().join("a.yaml")).unwrap();
    let output = run(tree.path(), &arguments);
    assert_eq!((stdout(&output), output.status.code()), ("", Some(0)));

    let output = run(
        tree.path(),
        &[&arguments[..], &["--format", "json"]].concat(),
    );
    let error = "the argument '--summary' cannot be used with '--format <FORMAT>'";
    assert!(stderr(&output).contains(error), "{}", stderr(&output));
}

#[test]
fn a_very_long_line_is_checked_and_shown_in_part() {
    let padding = "x".repeat(10 << 20);
    let tree = tree(&[(
        "a.json",
        &format!("{{\"a\":\"{padding}\",\"model\":\"qwen3-max\",\"b\":\"{padding}\"}}"),
    )]);
    let output = run(tree.path(), &["check", "."]);
    let shown = stdout(&output);
    assert!(
        shown.contains(&format!("a.json:1:{}: ", padding.len() + 18)),
        "{shown}"
    );
    assert!(shown.len() < 1_000);
}

#[test]
fn many_findings_in_one_line_are_all_reported() {
    let count = 50_000;
    let text = "\"qwen3-max\",".repeat(count);
    let tree = tree(&[("a.json", &text)]);
    let output = run(tree.path(), &["check", ".", "--format", "github"]);
    let last = 1 + 12 * (count - 1) + 1;
    assert_eq!(stdout(&output).lines().count(), count);
    assert!(stdout(&output).contains(&format!(",line=1,col={last},")));
}
