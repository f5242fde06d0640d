//! The age of the tables, in `check`, `list` and `show`.

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::fs;
use std::path::Path;
use std::process::Output;

use jiff::ToSpan as _;
use jiff::civil::Date;
use model_studio_limits::singapore::Model;
use serde_json::Value;
use support::{TODAY, run, stderr, stdout, tool};

/// Returns the date of the tables of the regions.
fn table_date() -> String {
    Model::SOURCE.date.unwrap().to_string()
}

/// Runs the tool this many days after the date of the tables.
fn run_after(days: i64, directory: &Path, arguments: &[&str]) -> Output {
    let date: Date = table_date().parse().unwrap();
    let today = date.saturating_add(days.days()).to_string();
    tool(directory, arguments)
        .env(TODAY, today)
        .output()
        .unwrap()
}

fn warning(days: i64) -> String {
    let date = table_date();
    format!(
        "warning: the tables are as of {date} and {days} days old; \
         update model-studio-limits to get newer ones\n"
    )
}

#[test]
fn old_tables_are_a_warning_that_changes_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let active = Model::active().next().unwrap();
    let text = format!("model: {active}\n");
    fs::write(directory.path().join("a.yaml"), text).unwrap();
    for arguments in [
        &["check", "."][..],
        &["check", ".", "--format", "json"],
        &["check", ".", "--format", "sarif", "--region", "singapore"],
        &["check", ".", "--summary"],
        &["list"],
        &["list", "--region", "singapore", "--format", "json"],
        &["list", "--format", "csv"],
        &["list", "--format", "yaml"],
        &["show", active.name()],
    ] {
        let recent = run_after(60, directory.path(), arguments);
        assert_eq!(stderr(&recent), "", "{arguments:?}");
        let old = run_after(61, directory.path(), arguments);
        assert_eq!(stderr(&old), warning(61), "{arguments:?}");
        assert_eq!(stdout(&old), stdout(&recent), "{arguments:?}");
        assert_eq!(old.status.code(), Some(0), "{arguments:?}");
        assert_eq!(recent.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn a_check_with_findings_exits_with_1_and_warns_once() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| fs::write(directory.path().join(path), text).unwrap();
    write("a.yaml", "model: qwen3.7-pluss\n");
    fs::create_dir(directory.path().join("b")).unwrap();
    write("b/a.yaml", "");
    write("b/model-studio-limits.toml", "[check]\nregion = 'tokyo'\n");
    let output = run_after(100, directory.path(), &["check", "a.yaml", "b"]);
    let summary = "1 finding in 1 file, 3 files checked\n";
    assert_eq!(stderr(&output), warning(100) + summary);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn the_age_is_that_on_the_date_of_the_check() {
    let directory = tempfile::tempdir().unwrap();
    let date = table_date();
    let arguments = ["check", ".", "--as-of", &date];
    let output = run_after(100, directory.path(), &arguments);
    assert_eq!(stderr(&output), "");
    let output = run(directory.path(), &["check", ".", "--as-of", "9999-12-31"]);
    assert!(
        stderr(&output).starts_with("warning: "),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_root_table_has_no_date_and_is_never_old() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [
        ["check", ".", "--region", "built-in"],
        ["list", "qwen-plus", "--region", "built-in"],
    ] {
        let output = run_after(1_000, directory.path(), &arguments);
        assert_eq!(stderr(&output), "", "{arguments:?}");
    }
}

#[test]
fn the_date_of_your_own_table_counts() {
    let directory = tempfile::tempdir().unwrap();
    let write = |date: &str| {
        let text = format!(
            "source: {{ {date} }}\ngroups:\n  - {{ category: text-generation, series: A, models: [{{ name: a, limits: none }}] }}\n"
        );
        fs::write(directory.path().join("limits.yaml"), text).unwrap();
    };
    let date = table_date();
    write(&format!("date: {date}"));
    for arguments in [&["check", "."][..], &["list"], &["show", "a"]] {
        let arguments = [arguments, &["--table", "limits.yaml"]].concat();
        let output = run_after(60, directory.path(), &arguments);
        assert_eq!((stderr(&output), output.status.code()), ("", Some(0)));
        let output = run_after(61, directory.path(), &arguments);
        let expected = format!(
            "warning: the table limits.yaml is as of {date} and 61 days old; \
             check whether its source has changed\n"
        );
        assert_eq!(
            (stderr(&output), output.status.code()),
            (&*expected, Some(0))
        );
    }
    write("title: A");
    let output = run_after(1_000, directory.path(), &["list", "--table", "limits.yaml"]);
    assert_eq!((stderr(&output), output.status.code()), ("", Some(0)));
}

#[test]
fn json_has_the_date_of_the_tables() {
    let directory = tempfile::tempdir().unwrap();
    let json = |arguments: &[&str]| -> Value {
        let arguments = [arguments, &["--format", "json"]].concat();
        serde_json::from_slice(&run(directory.path(), &arguments).stdout).unwrap()
    };
    let date = table_date();
    assert_eq!(json(&["check", "."])["table_date"], *date);
    let root = json(&["check", ".", "--region", "built-in"]);
    assert_eq!(root["table_date"], Value::Null);
    let rows = json(&["list"]);
    let rows = rows.as_array().unwrap();
    assert!(rows.len() > 100);
    assert!(rows.iter().all(|row| row["table_date"] == *date));
}
