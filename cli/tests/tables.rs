//! `list`, `show`, `completions` and `man`

mod support;

use std::fs;

use serde_json::Value;
use support::{repository, run, stderr, stdout};

fn output(arguments: &[&str]) -> String {
    let output = run(&repository(), arguments);
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
        &["list", "--properties", "context_window,input,thinking"],
    ] {
        let list = output(arguments);
        assert!(list.lines().count() > 40);
        let widest = list.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{arguments:?}: {widest:?}");
        assert!(!list.contains('\u{1b}'), "no color without a terminal");
    }
}

#[test]
fn a_list_shows_limits_and_status() {
    let list = output(&["list", "qwen3-max", "--region", "singapore"]);
    let words: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(words[0], ["singapore"]);
    assert_eq!(words[1], ["MODEL", "LIMITS", "STATUS"]);
    let row = "qwen3-max 600 QPM, 1,000,000 TPM retires 2026-10-10, use";
    assert_eq!(words[2].join(" "), row);
    assert_eq!(words[3], ["qwen3.7-max"]);
}

#[test]
fn the_formats_have_the_same_models() {
    let names = |rows: Vec<Value>| -> Vec<String> {
        let names = rows
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned());
        names.collect()
    };
    let arguments = |format| ["list", "qwen-vl", "--region", "beijing", "--format", format];
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
    let first_words = table.lines().filter(|line| line.starts_with("  q"));
    let table: Vec<&str> = first_words
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(json, table);
}

#[test]
fn json_has_the_limits_in_the_format_of_tables() {
    let rows: Value = serde_json::from_str(&output(&[
        "list",
        "qwen3-max",
        "-r",
        "beijing",
        "-f",
        "json",
    ]))
    .unwrap();
    assert_eq!(rows[0]["name"], "qwen3-max");
    assert_eq!(
        rows[0]["limits"],
        serde_json::json!({ "rps": 500, "tokens": "500000 per 6s" })
    );
    assert_eq!(rows[0]["date"], "2026-10-10");
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
    // Announced for 2026-07-13, and still in the table of 2026-10-09.
    let list = output(&["list", "qwen-max", "--deprecated", "--region", "singapore"]);
    assert!(!list.contains("2026-07-13"), "{list}");
    let shown = output(&["show", "qwen-max", "--region", "singapore"]);
    assert!(shown.contains("  status       deprecated\n"), "{shown}");
    assert!(
        shown.contains("announced for 2026-07-13, still listed on 2026-10-09"),
        "{shown}"
    );
}

#[test]
fn show_describes_a_model_in_every_region() {
    let shown = output(&["show", "qwen3-max"]);
    for expected in [
        "\nvirginia, frankfurt\n",
        "  status       deprecated, retires on 2026-10-10\n",
        "  replacement  qwen3.7-max\n",
        "  announced in notice 1950\n",
        "\nbeijing\n",
        "  limits       500 queries per second and 500,000 tokens per 6s\n",
        "    context_window      262,144 tokens\n",
        "    max_output_thinking 32,768 tokens\n",
        "    input               text\n",
        "    thinking            switchable\n",
        "  table date   2026-10-09\n",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let shown = output(&["show", "qwen2-7b-instruct", "--region", "singapore"]);
    assert!(
        shown.contains("  status       retired on 2025-08-20\n"),
        "{shown}"
    );
    assert!(
        shown.contains("  note         replaced by qwen-plus\n"),
        "{shown}"
    );
    let shown = output(&["show", "qwen-max-0125", "--region", "built-in"]);
    assert!(shown.starts_with("qwen-max-2025-01-25\n"), "{shown}");
}

#[test]
fn properties_select_models_of_the_regions() {
    let list = output(&[
        "list",
        "--input",
        "image",
        "--min-context",
        "200k",
        "-f",
        "json",
    ]);
    let rows: Vec<Value> = serde_json::from_str(&list).unwrap();
    assert!(rows.len() > 20, "{}", rows.len());
    for row in &rows {
        let properties = &row["properties"];
        let input = properties["input"].as_array().unwrap();
        assert!(input.iter().any(|modality| modality == "image"), "{row}");
        assert!(
            properties["context_window"].as_u64() >= Some(200_000),
            "{row}"
        );
    }
    let names = |region: &str| -> Vec<&str> {
        let rows = rows.iter().filter(|row| row["region"] == region);
        rows.map(|row| row["name"].as_str().unwrap()).collect()
    };
    let singapore = names("singapore");
    assert!(singapore.contains(&"qwen3.7-plus"), "{singapore:?}");
    // It has a context window of 262,144 tokens, but only accepts text.
    assert!(!singapore.contains(&"qwen3-max"), "{singapore:?}");
    assert!(names("beijing").contains(&"qwen3.7-plus"));
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
            &["show", "qwen-plus", "-r", "tokyo_japan"],
            "error: unknown model `qwen-plus` in tokyo_japan, did you mean `qwen3.7-plus`?\n",
        ),
    ] {
        let output = run(&repository(), arguments);
        assert_eq!((stderr(&output), output.status.code()), (error, Some(2)));
    }
}

#[test]
fn completions_exist_for_each_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(
            output(&["completions", shell]).contains("retired"),
            "{shell}"
        );
    }
}

#[test]
fn there_is_a_man_page_for_each_command() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("share/man1");
    output(&["man", path.to_str().unwrap()]);
    for page in [
        "",
        "-list",
        "-show",
        "-check",
        "-quotas",
        "-completions",
        "-man",
    ] {
        let page = path.join(format!("model-studio-limits{page}.1"));
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{page:?}: {error}"));
        assert!(text.contains(".SH NAME"), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_stops_early_is_no_error() {
    use std::process::Stdio;

    for arguments in [
        &["list", "--format", "json"][..],
        &["list", "--format", "csv"],
        &["list", "--format", "yaml"],
        &["list"],
        &["show", "qwen3-max"],
        &["completions", "bash"],
    ] {
        let mut command = support::tool(&repository(), arguments);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            (stderr(&output), output.status.success()),
            ("", true),
            "{arguments:?}"
        );
    }
}
