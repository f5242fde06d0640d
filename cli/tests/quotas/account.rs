//! The generator accepts the overlays, and uses their limits.

use std::fs;
use std::path::{Path, PathBuf};

use loopback::Server;
use model_studio_limits::Model;
use model_studio_limits_codegen::Generator;
use serde_json::{Value, json};

use crate::command::{ask, limit, one_page, row, with};
use crate::support::repository;

/// Writes the overlay of an account with these rows to a file.
fn overlay(rows: Value, arguments: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let server = Server::start(move |_, response| response.send(200, one_page(&rows)));
    let output = ask(&server, arguments);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("account.yaml");
    fs::write(&path, output.stdout).unwrap();
    (directory, path)
}

/// The rows of the account in `limiter/examples/account.yaml`.
fn example_rows() -> Value {
    let tasks = with(limit([5, 1], [0, 0]), "async_user_concurrency_limit", 5);
    let qwen_max = row("qwen-max", limit([600, 60], [100_000, 6]));
    json!([
        row("qwen-plus", limit([1_000, 1], [500_000, 6])),
        with(qwen_max, "workspace_limit", limit([1, 1], [0, 0])),
        row("wan2.1-t2v-plus", tasks),
        row("qwen3.7-max", limit([500, 1], [500_000, 6])),
    ])
}

#[test]
fn the_account_of_the_limiters_example_has_the_form_that_quotas_writes() {
    let (_directory, path) = overlay(example_rows(), &[]);
    let without_origin = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        let lines = text.lines();
        let is_origin = |line: &&str| {
            !["# Written by", "# Source:"]
                .iter()
                .any(|start| line.starts_with(start))
        };
        let lines: Vec<String> = lines.filter(is_origin).map(str::to_owned).collect();
        assert_eq!(lines.len() + 2, text.lines().count());
        lines
    };
    let example = repository().join("limiter/examples/account.yaml");
    assert_eq!(without_origin(&path), without_origin(&example));
}

#[test]
fn the_generator_replaces_the_limits_of_the_root_table() {
    for format in ["yaml", "json"] {
        let (_directory, path) = overlay(example_rows(), &["--format", format]);
        let table = repository().join("limits.yaml");
        let code = Generator::new(table).overlay(&path).generate();
        let code = code.unwrap().to_string();
        // Nothing is left of the 600 queries and 1,000,000 tokens per minute.
        let limits = "1,000 queries per second, 60,000 queries per minute, 500,000 tokens per 6s and \
                      5,000,000 tokens per minute";
        assert!(code.contains(limits), "{code}");
    }
}

#[test]
fn the_generator_and_the_library_merge_an_overlay_in_the_same_way() {
    let table = Model::QwenPlus.limits();
    for overlay in [
        r#"{ "qpm": 7 }"#,
        r#"{ "tokens": "9 per 6s" }"#,
        r#"{ "rps": 1, "qpm": 2, "tpm": 3, "concurrent_tasks": 4 }"#,
        r#""none""#,
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("account.json");
        let file = format!(r#"{{ "limits": {{ "qwen-plus": {overlay} }} }}"#);
        fs::write(&path, file).unwrap();
        let code = Generator::new(repository().join("limits.yaml"))
            .overlay(&path)
            .generate();
        let code = code.unwrap().to_string();
        let merged = table.with_overlay(serde_json::from_str(overlay).unwrap());
        let (_, rest) = code.split_once("`qwen-plus`: ").unwrap();
        let (limits, _) = rest.split_once(" (").unwrap();
        assert_eq!(limits, merged.to_string());
    }
}

#[test]
fn the_generator_accepts_an_overlay_with_a_pool_for_the_table_of_a_region() {
    let rows = json!([
        row("kimi/kimi-k2.6", limit([8, 60], [0, 0])),
        row("kimi/kimi-k2.5", limit([7, 60], [0, 0])),
        row("not-in-the-table", limit([7, 60], [0, 0])),
    ]);
    let (_directory, path) = overlay(rows, &["--table", "beijing"]);
    let code = Generator::shipped("beijing").overlay(&path).generate();
    let code = code.unwrap().to_string();
    assert!(
        code.contains("7 queries and 3,000,000 tokens per minute"),
        "{code}"
    );
}

#[test]
fn the_generator_accepts_an_overlay_without_limits() {
    let (_directory, path) = overlay(json!([row("not-in-the-table", json!(null))]), &[]);
    let table = repository().join("limits.yaml");
    Generator::new(table).overlay(&path).generate().unwrap();
}

#[test]
fn the_generator_accepts_every_model_of_every_table() {
    let files = fs::read_dir(repository().join("tables")).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    for file in files {
        let Some(table) = file.strip_suffix(".yaml") else {
            continue;
        };
        let names = model_names(table);
        assert!(names.len() > 5, "{table}");
        let rows = names.iter().map(|name| row(name, limit([7, 7], [9, 9])));
        let (_directory, path) = overlay(rows.collect(), &["--table", table]);
        Generator::shipped(table).overlay(&path).generate().unwrap();
    }
}

/// Returns the names of the models in a table, and their aliases.
fn model_names(table: &str) -> Vec<String> {
    let path = repository().join(format!("tables/{table}.yaml"));
    let table: Value = serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let groups = table["groups"].as_array().unwrap().iter();
    let models = groups.flat_map(|group| group["models"].as_array().unwrap());
    let names = models.flat_map(|model| {
        let aliases = model["aliases"].as_array().into_iter().flatten();
        let names = std::iter::once(&model["name"]).chain(aliases);
        names.filter_map(|name| name.as_str().or(name["name"].as_str()))
    });
    names.map(str::to_owned).collect()
}
