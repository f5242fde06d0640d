//! A table with properties of every type, and commands with it.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{run, stderr, stdout};

pub(crate) const TABLE: &str = "\
source: { title: A provider, date: 2026-10-09 }
properties:
  context_window: { type: integer, unit: tokens }
  input: { type: choices, values: [text, image, audio], enum: Modality }
  output: { type: choices, values: [text, image, audio], enum: Modality }
  thinking: { type: choice, values: [none, always, switchable] }
  price: { type: number, unit: USD }
  released: { type: date }
  open_weights: { type: boolean, default: false }
  family: { type: text }
groups:
  - category: text-generation
    series: Chat
    models:
      - name: large
        aliases: [big]
        limits: { qpm: 600, tpm: 1000000 }
        properties:
          context_window: 1000000
          input: [text, image]
          output: [text]
          thinking: switchable
          price: 0.5
          released: 2026-05-01
          open_weights: true
          family: Large ones
      - name: medium
        deprecated: { retires: 2026-12-31, replacement: large }
        limits: { qpm: 600 }
        properties: { context_window: 200000, input: [text], output: [text], thinking: none, price: 2000 }
      - name: painter
        limits: none
        properties: { context_window: 131072, input: [text, image], output: [image], released: 2025-01-31 }
      - name: unknown
        limits: { rps: 2 }
retired:
  - { name: small, on: 2025-01-01, replacement: large }
";

/// Writes the table to a file of a new folder.
pub(crate) fn folder() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("limits.yaml"), TABLE).unwrap();
    directory
}

/// Runs a command with the table.
pub(crate) fn with_table(command: &str, arguments: &[&str]) -> std::process::Output {
    let all = [&[command, "--table", "limits.yaml"], arguments].concat();
    run(folder().path(), &all)
}

pub(crate) fn output(command: &str, arguments: &[&str]) -> String {
    let output = with_table(command, arguments);
    let code = output.status.code();
    assert_eq!((stderr(&output), code), ("", Some(0)), "{arguments:?}");
    stdout(&output).to_owned()
}

#[track_caller]
pub(crate) fn assert_error(command: &str, arguments: &[&str], expected: &str) {
    let output = with_table(command, arguments);
    let error = stderr(&output);
    assert!(error.starts_with(expected), "{arguments:?}: {error}");
    assert_eq!((stdout(&output), output.status.code()), ("", Some(2)));
}

/// Returns the names of the models that are listed.
pub(crate) fn names(arguments: &[&str]) -> Vec<String> {
    let output = with_table("list", &[arguments, &["--format", "json"]].concat());
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        stderr(&output)
    );
    let rows: Vec<Value> = serde_json::from_str(stdout(&output)).unwrap();
    let names = rows.iter().map(|row| row["name"].as_str().unwrap());
    names.map(str::to_owned).collect()
}
