//! `list` and `show`

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{repository, run, stderr, stdout};

/// A table of one's own, for what does not depend on the provider: the built-in tables change.
const TABLE: &str = "\
source: { date: 2026-10-09 }
properties:
  input: { type: choices, values: [text, image, audio, video, document, link] }
  released: { type: date }
  sizes: { type: text }
groups:
  - category: text-generation
    series: Atlas
    models:
      - name: atlas-5
        limits: { rps: 500, tokens: 500000 per 6s }
        properties:
          input: [text, image, audio, video, document, link]
          released: 2026-08-01
          sizes: a small one, a large one, and one that is larger than both of the others
      - name: atlas-4
        aliases: [atlas-4-0613]
        deprecated: { retires: 2026-10-10, replacement: atlas-5, source: notice 7 }
        limits: { qpm: 600, tpm: 1000000 }
      - name: atlas-4-mini
        deprecated: { retires: 2026-07-13, note: \"announced for 2026-07-13, still listed on 2026-10-09\" }
        limits: none
retired:
  - { name: atlas-3, on: 2025-08-20, note: replaced by the newest model }
";

/// Runs a command with the table.
fn output_with_table(arguments: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("limits.yaml"), TABLE).unwrap();
    output_in(
        directory.path(),
        &[arguments, &["--table", "limits.yaml"]].concat(),
    )
}

fn output(arguments: &[&str]) -> String {
    output_in(&repository(), arguments)
}

fn output_in(directory: &Path, arguments: &[&str]) -> String {
    let output = run(directory, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        stderr(&output)
    );
    stdout(&output).to_owned()
}

#[test]
fn the_list_fits_80_columns() {
    for arguments in [
        &["list"][..],
        &["list", "--retired"],
        &["list", "--region", "beijing"],
    ] {
        let list = output(arguments);
        assert!(list.lines().count() > 40);
        let widest = list.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{arguments:?}: {widest:?}");
        assert!(!list.contains('\u{1b}'), "no color without a terminal");
    }
}

#[test]
fn a_list_with_properties_breaks_no_words() {
    let json = output(&["list", "-f", "json"]).to_lowercase();
    let mut words: BTreeSet<&str> = json.split(['"', ' ', ',', '\n']).collect();
    // The header of `context_window` has two words.
    words.extend(["context", "window"]);
    words.extend(["model", "retires", "use"]);
    let list = output(&["list", "--properties", "context_window,input,thinking"]);
    for word in list.to_lowercase().split_whitespace() {
        let word = word.trim_end_matches(',');
        let number = word.replace(',', "");
        assert!(words.contains(word) || words.contains(&*number), "{word}");
    }
    // If the words leave room, the table fits.
    let list = output_with_table(&["list", "--properties", "input,released,sizes"]);
    assert!(
        list.lines().all(|line| line.chars().count() <= 80),
        "{list}"
    );
    assert!(list.lines().count() > 6, "{list}");
}

#[test]
fn a_list_shows_limits_and_status() {
    let list = output_with_table(&["list", "0613"]);
    let words: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(words[0], ["limits.yaml"]);
    assert_eq!(words[1], ["MODEL", "LIMITS", "STATUS"]);
    let row = "atlas-4 600 QPM, 1,000,000 TPM retires 2026-10-10, use atlas-5";
    assert_eq!(words[2].join(" "), row);
}

#[test]
fn the_formats_have_the_same_models() {
    let names = |rows: Vec<Value>| -> Vec<String> {
        let names = rows
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    let arguments = |format| ["list", "qwen", "--region", "beijing", "--format", format];
    let json = names(serde_json::from_str(&output(&arguments("json"))).unwrap());
    let yaml = names(serde_yaml::from_str(&output(&arguments("yaml"))).unwrap());
    let csv = output(&arguments("csv"));
    let mut csv = csv::Reader::from_reader(csv.as_bytes());
    let csv: Vec<String> = csv
        .records()
        .map(|row| row.unwrap()[1].to_owned())
        .collect();
    assert!(json.len() > 3);
    assert_eq!(json, yaml);
    assert_eq!(json, csv);
    let table = output(&arguments("table"));
    // The lines after the heading and the header that are not continued from the line above.
    let first_words = table
        .lines()
        .skip(2)
        .filter(|line| !line.starts_with("   "));
    let table: Vec<&str> = first_words
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(json, table);
}

#[test]
fn json_has_the_limits_in_the_format_of_tables() {
    let rows = output_with_table(&["list", "--format", "json"]);
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_eq!(rows[0]["name"], "atlas-5");
    assert_eq!(
        rows[0]["limits"],
        serde_json::json!({ "rps": 500, "tokens": "500000 per 6s" })
    );
    assert_eq!(rows[1]["date"], "2026-10-10");
}

#[test]
fn filters_select_models() {
    let statuses = |filter| {
        let list = output(&["list", filter, "--region", "singapore", "--format", "json"]);
        let rows: Vec<Value> = serde_json::from_str(&list).unwrap();
        let mut statuses: Vec<String> = rows.iter().map(|row| row["status"].to_string()).collect();
        statuses.dedup();
        statuses
    };
    assert_eq!(statuses("--active"), ["\"active\""]);
    assert_eq!(statuses("--deprecated"), ["\"deprecated\""]);
    assert_eq!(statuses("--retired"), ["\"retired\""]);

    let list = output(&["list", "--category", "embedding", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&list).unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["category"] == "embedding"));

    // The root table of mid-2025 has aliases.
    assert!(output(&["list", "QWEN-MAX-0125", "-r", "built-in"]).contains("qwen-max-2025-01-25"));
    assert_eq!(output(&["list", "no-such-model"]), "");
}

#[test]
fn a_region_can_be_selected_by_its_id_or_with_hyphens() {
    for (alias, region) in [
        ("eu-central-1", "frankfurt"),
        ("cn-hongkong", "hong_kong"),
        ("hong-kong", "hong_kong"),
        ("frankfurt-eu", "frankfurt_eu"),
    ] {
        let list = output(&["list", "--region", alias]);
        assert_eq!(list.lines().next(), Some(region), "{alias}");
    }
}

#[test]
fn retired_models_have_no_category() {
    let output = run(
        &repository(),
        &["list", "--retired", "--category", "embedding"],
    );
    assert_eq!(output.status.code(), Some(2));
    let error = "the argument '--retired' cannot be used with '--category <CATEGORY>'";
    assert!(stderr(&output).contains(error), "{}", stderr(&output));
}

#[test]
fn a_date_that_the_provider_has_postponed_is_not_shown_as_the_end() {
    // Its date has passed, and it is still in the table.
    let list = output_with_table(&["list", "atlas-4-mini", "--deprecated"]);
    assert!(!list.contains("2026-07-13"), "{list}");
    let shown = output_with_table(&["show", "atlas-4-mini"]);
    assert!(shown.contains("  status       deprecated\n"), "{shown}");
    assert!(
        shown.contains("announced for 2026-07-13, still listed on 2026-10-09"),
        "{shown}"
    );
}

#[test]
fn show_describes_a_model() {
    let shown = output_with_table(&["show", "atlas-4-0613"]);
    let expected = "\
atlas-4

limits.yaml
  status       deprecated, retires on 2026-10-10
  replacement  atlas-5
  announced in notice 7
  limits       600 queries and 1,000,000 tokens per minute
  aliases      atlas-4-0613
  category     text-generation
  series       Atlas
  table date   2026-10-09
";
    assert_eq!(shown, expected);
    let shown = output_with_table(&["show", "atlas-3"]);
    for expected in [
        "  status       retired on 2025-08-20\n",
        "  note         replaced by the newest model\n",
    ] {
        assert!(shown.contains(expected), "{shown}");
    }
    // The root table has aliases.
    let shown = output(&["show", "qwen-max-0125", "--region", "built-in"]);
    assert!(shown.starts_with("qwen-max-2025-01-25\n"), "{shown}");
}

#[test]
fn show_describes_a_model_in_every_region() {
    let rows: Vec<Value> = serde_json::from_str(&output(&["list", "-f", "json"])).unwrap();
    let mut models = BTreeMap::<String, BTreeMap<String, Value>>::new();
    for mut row in rows {
        let take = |row: &mut Value, key: &str| row[key].take().as_str().unwrap().to_owned();
        let (name, region) = (take(&mut row, "name"), take(&mut row, "region"));
        models.entry(name).or_default().insert(region, row);
    }
    let (name, regions) = models
        .iter()
        .max_by_key(|(_, regions)| regions.len())
        .unwrap();
    assert!(regions.len() > 2, "{regions:?}");
    let shown = output(&["show", name]);
    // Regions with the same facts share a heading.
    let headings = shown
        .lines()
        .skip(1)
        .filter(|line| !line.starts_with(' ') && !line.is_empty());
    let headings: Vec<Vec<&str>> = headings.map(|line| line.split(", ").collect()).collect();
    let facts: BTreeSet<String> = regions.values().map(Value::to_string).collect();
    assert_eq!(headings.len(), facts.len(), "{shown}");
    for heading in &headings {
        assert!(
            heading.iter().all(|it| regions[*it] == regions[heading[0]]),
            "{shown}"
        );
    }
    assert_eq!(headings.concat().len(), regions.len(), "{shown}");
}

#[test]
fn properties_select_models_of_the_regions() {
    let list = |arguments: &[&str]| -> Vec<Value> {
        let arguments = [&["list", "-f", "json"], arguments].concat();
        serde_json::from_str(&output(&arguments)).unwrap()
    };
    let selected = list(&["--input", "image", "--min-context", "200k"]);
    let mut expected = list(&[]);
    expected.retain(|row| {
        let properties = &row["properties"];
        let mut input = properties["input"].as_array().into_iter().flatten();
        properties["context_window"].as_u64() >= Some(200_000)
            && input.any(|modality| modality == "image")
    });
    assert!(!expected.is_empty());
    assert_eq!(selected, expected);
}

#[test]
fn show_finds_every_model_that_is_listed() {
    // One process for each model of a small table.
    let list = output(&["list", "--region", "tokyo", "--format", "json"]);
    let rows: Vec<Value> = serde_json::from_str(&list).unwrap();
    for row in rows {
        let name = row["name"].as_str().unwrap();
        assert!(
            output(&["show", name, "-r", "tokyo"]).contains("\ntokyo\n"),
            "{name}"
        );
    }
}

#[test]
fn show_suggests_names_for_an_unknown_one() {
    for (arguments, error) in [
        (
            &["show", "qwen-maxx"][..],
            "error: unknown model `qwen-maxx`, did you mean `qwen-max`?\n",
        ),
        (&["show", "gpt-4o"], "error: unknown model `gpt-4o`\n"),
        (
            &["show", "gpt\u{1b}[31m"],
            "error: unknown model `gpt\\u{1b}[31m`\n",
        ),
        (
            &["show", "no-such-model", "-r", "tokyo_japan"],
            "error: unknown model `no-such-model` in tokyo_japan\n",
        ),
    ] {
        let output = run(&repository(), arguments);
        assert_eq!((stderr(&output), output.status.code()), (error, Some(2)));
    }
}
