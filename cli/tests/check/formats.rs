//! The formats of the findings.
//!
//! `UPDATE=1 cargo test -p model-studio-limits-cli corpus` updates the expected findings.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::tree;
use crate::support::{repository, run, stderr, stdout};

#[test]
fn the_findings_of_the_corpus_are_those_expected_in_each_format() {
    for format in ["text", "json", "github", "sarif"] {
        let output = run(
            &repository(),
            &["check", "tests/corpus", "--format", format],
        );
        assert_eq!(output.status.code(), Some(1));
        let expected = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/check")
            .join(format!("corpus.{format}.txt"));
        // The paths of Windows.
        let found = stdout(&output).replace("tests/corpus\\", "tests/corpus/");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&expected).unwrap(), "{format}");
    }
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
