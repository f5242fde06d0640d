//! Which names are reported.

use model_studio_limits::{beijing, singapore};
use serde_json::Value;

use crate::command::{TABLE, check, is_found, is_found_in, tree, tree_with_table};
use crate::support::{repository, run};

#[test]
fn the_date_decides_what_is_retired() {
    let tree = tree_with_table(&[("config.yaml", "model: atlas-4\n")]);
    let found = |arguments: &[&str]| {
        let arguments = [&["check", "config.yaml", "--format", "json"], arguments].concat();
        let report: Value = serde_json::from_slice(&run(tree.path(), &arguments).stdout).unwrap();
        report["findings"][0].clone()
    };
    for (as_of, kind) in [
        ("2026-07-11", "deprecated"),
        ("2026-07-12", "retiring"),
        ("2026-10-09", "retiring"),
        ("2026-10-10", "retired"),
    ] {
        assert_eq!(found(&["--as-of", as_of])["kind"], kind, "{as_of}");
    }
    assert_eq!(
        found(&["--as-of", "2026-10-01", "--within", "8d"])["kind"],
        "deprecated"
    );
    assert_eq!(
        found(&["--as-of", "2026-10-01", "--within", "9d"])["kind"],
        "retiring"
    );
    assert_eq!(
        found(&["--as-of", "2026-10-10"])["message"],
        "model `atlas-4` was due to retire on 2026-10-10, use `atlas-5`"
    );
}

#[test]
fn the_region_decides_whose_life_cycle_counts() {
    // Deprecated in Singapore, active in Beijing, and not a model that other servers have.
    let mut deprecated = singapore::Model::ALL.iter().filter(|it| it.is_deprecated());
    let is_active = |name| beijing::Model::from_name(name).is_some_and(|it| !it.is_deprecated());
    let is_own = |name: &str| name.starts_with("qwen") && !name.ends_with("-instruct");
    let found = deprecated.find(|it| is_own(it.name()) && is_active(it.name()));
    let line = format!("model: {}", found.expect("the regions differ"));
    assert!(!is_found(&line, &[]));
    assert!(!is_found(&line, &["--region", "beijing"]));
    assert!(is_found(&line, &["--region", "singapore"]));
    assert!(is_found(&line, &["-r", "ap-southeast-1"]));
}

#[test]
fn a_model_id_of_another_region_or_of_an_earlier_table_is_not_misspelled() {
    let is_elsewhere =
        |model: &&beijing::Model| singapore::Model::from_name(model.name()).is_none();
    let elsewhere = beijing::Model::ALL.iter().filter(is_elsewhere);
    let elsewhere: Vec<String> = elsewhere.map(|model| format!("model: {model}")).collect();
    assert!(!elsewhere.is_empty());
    let tree = tree(&[("a.yaml", &elsewhere.join("\n"))]);
    let (findings, _) = check(&tree, &["--region", "singapore", "--allow", "retired"]);
    assert_eq!(findings, [""; 0]);
    assert!(!is_found("model: qwen-max-0125", &[]));
}

#[test]
fn only_whole_ids_count() {
    for line in [
        "x-qwen3-max",
        "qwen3-max-x",
        "qwen3-max2",
        "qwen3-max_x",
        "qwen/qwen3-max",
        "qwen3-max/x",
        "openai:qwen3-max",
        "qwen3-max:free",
        "qwen3-max.json",
        "./qwen3-max",
        "x.qwen3-max",
        "QWEN3-MAX",
        "qwen3-max@2",
    ] {
        assert!(!is_found(line, &[]), "{line}");
        assert!(
            !is_found(&format!("'{line}'"), &["--region", "singapore"]),
            "{line}"
        );
    }
    for line in [
        "qwen3-max",
        "qwen3-max.",
        "(qwen3-max)",
        "qwen3-max: x",
        "tongyi:qwen3-max",
        "a,qwen3-max,b",
        "x=qwen3-max&y",
        "\u{4f7f}qwen3-max\u{6a21}",
    ] {
        assert!(is_found(line, &[]), "{line}");
    }
}

#[test]
fn the_default_of_a_variable_is_a_model_id() {
    assert!(is_found("model: ${CHAT_MODEL:qwen3-max}", &[]));
    assert!(is_found("model: ${spring.ai.model:qwen3-max}", &[]));
    assert!(!is_found("model: {CHAT_MODEL:qwen3-max}", &[]));
    assert!(is_found("model: ${MODEL:-qwen3-max}", &[]));
    assert!(is_found("model: ${MODEL:-qwen-pluss}", &[]));
    assert!(!is_found_in(TABLE, "model: ${MODEL:-atlas-5}"));
}

#[test]
fn a_recommended_model_is_not_reported_itself() {
    for region in ["beijing", "frankfurt_eu", "singapore"] {
        let mut names = Vec::new();
        for filter in ["--deprecated", "--retired"] {
            let list = run(&repository(), &["list", filter, "--format", "json"]);
            let rows: Vec<Value> = serde_json::from_slice(&list.stdout).unwrap();
            names.extend(rows.iter().map(|row| row["name"].to_string()));
        }
        let tree = tree(&[("models.json", &names.join("\n"))]);
        let (findings, _) = check(&tree, &["--region", region]);
        let names = |text: &str| -> Vec<String> {
            text.split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_owned)
                .collect()
        };
        let found: Vec<String> = findings.iter().map(|line| names(line).remove(0)).collect();
        assert!(!found.is_empty());
        for finding in &findings {
            let is_found = |name: &String| found.contains(name);
            assert!(!names(finding)[1..].iter().any(is_found), "{finding}");
        }
    }
}

#[test]
fn only_typos_where_a_model_is_named_are_misspelled() {
    for line in [
        "model: qwen-pluss",
        "model: qwen-plu",
        "model: qwen-plsu",
        "model: qwen-pkus",
        "model: qwen_plus",
        "MODEL=qwen-plusl",
    ] {
        assert!(is_found(line, &[]), "{line}");
    }
    for line in [
        // Not a place where a model is named.
        "qwen-pluss",
        "name: qwen-pluss",
        // Two edits, another version, another size, another server's spelling.
        "model: qwen-plusss",
        "model: qwen4-max",
        "model: qwen3-33b",
        "model: Qwen-Plus",
        "model: acme/qwen-pluss",
        // The name of something else.
        "model_config_name = \"qwen_max\"",
        // A part of a pattern or of a name, and models that may come.
        "model: qwen-plus-*",
        "model=\"qwen-plus-\" + date",
        "model: wan2.6-r2v-flash",
        "dashscope\nmodel: glm-4.5v",
    ] {
        assert!(!is_found(line, &[]), "{line}");
    }
}

#[test]
fn repeated_keys_comments_and_lists_are_checked() {
    // Each of these has taken quadratic time.
    let tree = tree(&[
        ("keys", &"model:".repeat(20_000)),
        ("lists", &"models:\n- a ".repeat(20_000)),
        ("items", &"- model: \n".repeat(20_000)),
        (
            "comments",
            &"'qwen3-max' # model-studio-limits: allow ".repeat(20_000),
        ),
        (
            "lines",
            &"'qwen3-max' # model-studio-limits: allow\n".repeat(50_000),
        ),
        ("end", "model: qwen3-max"),
    ]);
    let (findings, _) = check(&tree, &[]);
    assert_eq!(findings.len(), 1, "{findings:?}");
}
