//! The formats of the findings.
//!
//! `UPDATE=1 cargo test -p model-studio-limits-cli corpus` updates the expected findings.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::tree;
use crate::support::{repository, run, stderr, stdout};

#[test]
fn the_findings_of_the_corpora_are_those_expected_in_each_format() {
    for corpus in ["corpus", "corpus-own-table"] {
        for format in ["text", "json", "github", "sarif", "summary"] {
            check_corpus(corpus, format);
        }
    }
}

fn check_corpus(corpus: &str, format: &str) {
    let arguments = match format {
        "summary" => &["--summary"][..],
        _ => &["--format", format],
    };
    let path = format!("tests/{corpus}");
    let arguments = [&["check", &path], arguments].concat();
    let output = run(&repository(), &arguments);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let expected = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/check")
        .join(format!("{corpus}.{format}.txt"));
    // The paths of Windows.
    let mut found = stdout(&output).replace(&format!("{corpus}\\"), &format!("{corpus}/"));
    if format == "json" {
        // It changes with the tables, unlike most findings.
        let report: Value = serde_json::from_str(&found).unwrap();
        found = found.replace(&report["table_date"].to_string(), "\"DATE\"");
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&expected, &found).unwrap();
    }
    assert_eq!(
        found,
        fs::read_to_string(&expected).unwrap(),
        "{corpus}, {format}"
    );
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
        &["check", "tests/corpus", "--format", "json"],
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() > 20);
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
    let tree = tree(&[("config.yaml", "model: qwen3.7-plus\n")]);
    let output = run(tree.path(), &["check", "."]);
    assert_eq!(
        (stdout(&output), stderr(&output), output.status.code()),
        ("", "", Some(0))
    );
}

#[test]
fn a_summary_follows_more_than_20_findings() {
    for (count, has_summary) in [(20, false), (21, true)] {
        let tree = tree(&[("a.yaml", &"model: qwen3-max\n".repeat(count))]);
        let output = run(tree.path(), &["check", "."]);
        let text = stdout(&output);
        assert_eq!(text.contains("\nMODEL "), has_summary, "{text}");
    }
}

#[test]
fn the_summary_counts_the_findings_of_each_model() {
    let text = "model: qwen3-max\n";
    let tree = tree(&[
        ("a.yaml", "model: qwen-pluss\n"),
        ("b.yaml", &text.repeat(2)),
        ("c.yaml", text),
    ]);
    let arguments = ["check", ".", "--summary", "--as-of", "2026-09-01"];
    let output = run(tree.path(), &arguments);
    let expected = "\
MODEL       FINDINGS  FILES  KIND                 USE
qwen3-max          3      2  retiring 2026-10-10  qwen3.7-max
qwen-pluss         1      1  misspelled           qwen-plus

3 retiring, 1 misspelled
";
    assert_eq!(stdout(&output), expected);
    assert_eq!(stderr(&output), "4 findings in 3 files, 3 files checked\n");
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
