//! The differences between an account and a table.

use loopback::Server;
use model_studio_limits::tokyo_japan::Model;
use serde_json::{Value, json};

use crate::command::{ask, limit, one_page, row, write};

#[test]
fn a_diff_lists_models_with_other_rates_and_models_of_one_side() {
    let rows = json!([
        // The same rates as in the table, in other windows.
        row("qwen-plus", limit([10, 1], [1_000_000, 60])),
        // The same limits as in the table.
        row("qwen-max", limit([600, 60], [1_000_000, 60])),
        row("qwen-turbo", limit([20, 1], [1_000_000, 60])),
        row("mine", limit([7, 60], [0, 0])),
    ]);
    let (text, errors) = write(rows, &["--diff", "--table", "built-in"]);
    let words = |model: &str| {
        let line = text
            .lines()
            .find(|line| line.split(' ').any(|word| word == model));
        line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(words("qwen-plus"), None);
    assert_eq!(words("qwen-max"), None);
    let row = "qwen-turbo 600 QPM, 5,000,000 TPM 20 RPS, 1,000,000 TPM";
    assert_eq!(words("qwen-turbo").as_deref(), Some(row));
    let row = "mine not in the table 7 QPM";
    assert_eq!(words("mine").as_deref(), Some(row));
    let row = "qwen-plus-latest 60 QPM, 100,000 TPM not in the response";
    assert_eq!(words("qwen-plus-latest").as_deref(), Some(row));
    assert_eq!(
        errors,
        "note: models with the same rates in other windows, which are not listed: 1\n"
    );
}

#[test]
fn without_a_table_a_diff_compares_with_the_region() {
    let rows = json!([row("qwen3.7-max", limit([700, 60], [0, 0]))]);
    let (text, _) = write(rows, &["--diff"]);
    assert!(text.contains("700 QPM"), "{text}");
    assert!(!text.contains("not in the table"), "{text}");
}

#[test]
fn a_diff_exits_with_1_on_a_difference_if_asked_to() {
    let rows: Vec<Value> = Model::ALL
        .iter()
        .map(|model| {
            let limits = model.limits();
            let requests = limits.queries_per_minute().unwrap().get().into();
            let tokens = limits.tokens_per_minute().unwrap().get();
            row(model.name(), limit([requests, 60], [tokens, 60]))
        })
        .collect();
    let others = &rows[1..];
    let lower = row(Model::ALL[0].name(), limit([1, 60], [1, 60]));
    let unknown = row("mine", limit([7, 60], [0, 0]));
    for (rows, differs) in [
        (json!(rows), false),
        (json!(others), true),
        (json!([&rows[..], &[unknown]].concat()), true),
        (json!([others, &[lower]].concat()), true),
    ] {
        let server = Server::start(move |_, response| response.send(200, one_page(&rows)));
        let arguments = ["--diff", "--table", "tokyo_japan"];
        let output = ask(&server, &arguments);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        let asked = ask(&server, &[&arguments[..], &["--exit-code"]].concat());
        assert_eq!(asked.code, Some(i32::from(differs)), "{}", asked.stdout);
        assert_eq!(
            (&asked.stdout, &asked.stderr),
            (&output.stdout, &output.stderr)
        );
        assert_eq!(!asked.stdout.is_empty(), differs);
    }
}
