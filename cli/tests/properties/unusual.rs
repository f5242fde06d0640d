//! `list` and `show` with properties that have unusual names and values.

use std::collections::BTreeSet;
use std::fs;
use std::process::Output;

use csv::StringRecord;

use crate::support::{run, stderr, stdout};

const TABLE: &str = "\
properties:
  status: { type: text }
  source: { type: choices, values: [a b, a, b, 'c;d', 'e,\"f'] }
  largest_number_of_tokens: { type: integer }
  smallest_number_of_tokens: { type: integer }
  next_date: { type: date }
groups:
  - category: text-generation
    series: Chat
    models:
      - name: a-model-with-a-long-name-of-40-characters
        limits: none
        deprecated: { replacement: another-model-with-a-long-name }
        properties:
          status: new
          source: [a b, 'c;d', 'e,\"f']
          largest_number_of_tokens: 1000000000
          smallest_number_of_tokens: 2000000000
          next_date: 2026-10-09
      - name: another-model-with-a-long-name
        limits: none
        properties: { source: [] }
      - { name: third, limits: none }
";

/// Runs a command with a table.
fn with_table(table: &str, arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("limits.yaml"), table).unwrap();
    let all = [arguments, &["--table", "limits.yaml"]].concat();
    run(directory.path(), &all)
}

fn output(arguments: &[&str]) -> String {
    let output = with_table(TABLE, arguments);
    assert_eq!((stderr(&output), output.status.code()), ("", Some(0)));
    stdout(&output).to_owned()
}

#[test]
fn conditions_are_checked_even_if_no_model_has_a_value() {
    let table = "\
properties:
  size: { type: integer }
  price: { type: number }
  open: { type: boolean }
  family: { type: text }
  released: { type: date }
  input: { type: choices, values: [text, image] }
groups: [{ category: embedding, series: A, models: [{ name: a, limits: none }] }]
";
    for condition in [
        "size>=xyz",
        "price=cheap",
        "open=maybe",
        "open>true",
        "family<a",
        "released=today",
        "input=txt",
        "input>=text",
    ] {
        let output = with_table(table, &["list", "--where", condition]);
        let result = (stdout(&output), output.status.code());
        assert_eq!(result, ("", Some(2)), "{condition}");
        assert!(stderr(&output).starts_with("error: "), "{condition}");
    }
}

#[test]
fn csv_loses_no_names_and_no_empty_lists() {
    let csv = output(&["list", "--format", "csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let names: BTreeSet<&str> = header.iter().collect();
    assert_eq!(names.len(), header.len(), "{header:?}");
    let position = |name| header.iter().position(|other| other == name).unwrap();
    let rows: Vec<StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(&rows[0][position("status")], "deprecated");
    assert_eq!(&rows[0][position("properties.status")], "new");
    let list = |row: &StringRecord| row[position("properties.source")].to_owned();
    let items: Vec<String> = serde_json::from_str(&list(&rows[0])).unwrap();
    assert_eq!(items, ["a b", "c;d", "e,\"f"]);
    assert_eq!(
        (list(&rows[1]).as_str(), list(&rows[2]).as_str()),
        ("[]", "")
    );
}

#[test]
fn numbers_and_dates_are_not_broken() {
    let has_words = |properties: &str, words: &[&str]| {
        let list = output(&["list", "--properties", properties]);
        for word in words {
            let mut others = list.split_whitespace();
            assert!(others.any(|other| other == *word), "{word}: {list}");
        }
    };
    let numbers = ["SMALLEST", "1,000,000,000", "2,000,000,000"];
    has_words("largest_number_of_tokens,source", &["1,000,000,000"]);
    // The numbers and the names alone have more than 80 columns.
    let properties = "largest_number_of_tokens,smallest_number_of_tokens,next_date,source";
    has_words(properties, &numbers);
    has_words(properties, &["2026-10-09", "(none)", "DATE", "deprecated,"]);
}

#[test]
fn show_separates_properties_from_other_facts() {
    let shown = output(&["show", "a-model-with-a-long-name-of-40-characters"]);
    let (facts, properties) = shown.split_once("\n  properties\n").unwrap();
    assert!(facts.contains("\n  status       deprecated\n"), "{shown}");
    let expected =
        "    status                    new\n    source                    a b, c;d, e,\"f\n";
    assert!(properties.starts_with(expected), "{shown}");
    let shown = output(&["show", "another-model-with-a-long-name"]);
    assert!(
        shown.ends_with("    source                    (none)\n"),
        "{shown}"
    );
    assert!(shown.lines().all(|line| line == line.trim_end()), "{shown}");
    assert!(!output(&["show", "third"]).contains("properties"));
}
