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
fn ids_that_other_servers_use_need_a_sign_of_model_studio() {
    // Open weights: where a model is named, unless the file names another server.
    assert!(is_found("model: qwen2.5-72b-instruct", &[]));
    assert!(!is_found("we tried qwen2.5-72b-instruct", &[]));
    assert!(!is_found(
        "base_url: http://localhost:11434 # Ollama\nmodel: qwen2.5-72b-instruct",
        &[]
    ));
    assert!(is_found(
        "dashscope, or Ollama\nmodel: qwen2.5-72b-instruct",
        &[]
    ));
    assert!(is_found(
        "we tried qwen2.5-72b-instruct with DashScope",
        &[]
    ));
    assert!(!is_found("model: ${MODEL:deepseek-r1}", &[]));
    // Models of other vendors: only if the file names Model Studio.
    assert!(!is_found("model: deepseek-r1", &[]));
    assert!(is_found("model: dashscope/deepseek-r1", &[]));
    for text in [
        "model:dashscope/qwen-pluss",
        "MODEL=${MODEL:-dashscope/qwen-pluss}",
        "model: ${MODEL:dashscope/qwen-max-latest}",
        "MODEL=${MODEL:-dashscope/qwen-max-latest}",
    ] {
        assert!(is_found(text, &[]), "{text}");
    }
    assert!(is_found(
        "url: https://dashscope.aliyuncs.com\nmodel: deepseek-r1",
        &[]
    ));
    assert!(is_found("model: deepseek-r1", &["--region", "beijing"]));
}

/// Checks a file that names several servers. The lines of the findings end with `<`.
#[track_caller]
fn check_blocks(text: &str) {
    let ends = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.ends_with('<'));
    let expected: Vec<usize> = ends.map(|(index, _)| index + 1).collect();
    let tree = tree(&[("file", &text.replace('<', ""))]);
    let (findings, _) = check(&tree, &["--format", "github"]);
    let lines = findings.iter().map(|finding| {
        let (_, rest) = finding.split_once("line=").unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    });
    let mut lines: Vec<usize> = lines.collect();
    lines.sort_unstable();
    assert_eq!(lines, expected, "{findings:?}");
}

#[test]
fn the_smallest_block_that_names_a_server_decides_whose_model_it_is() {
    check_blocks(
        "\
providers:
  - name: ollama
    model: qwen2.5-72b-instruct
  - name: dashscope
    model: qwen2.5-72b-instruct<
  - model: qwen2.5-72b-instruct<
    base_url: https://dashscope.aliyuncs.com
  - model: qwen2.5-72b-instruct
    base_url: http://localhost:8000 # vLLM
vllm:
  model: qwen2.5-72b-instruct
",
    );
    check_blocks(
        "\
def chat():
    return Assistant({
        # Alibaba Cloud Model Studio
        'model': 'qwen2.5-72b-instruct',<
        'model_server': 'dashscope',

        # An OpenAI-compatible server, such as vLLM or Ollama
        # 'model': 'qwen2.5-72b-instruct',
        # 'model_server': 'http://localhost:8000/v1',
    })

LLAMA = ollama('qwen2.5-72b-instruct')
QWEN = dashscope('qwen2.5-72b-instruct')<

# Served by Alibaba Cloud Model Studio.
LARGE = 'qwen2.5-72b-instruct'<
REASONER = 'deepseek-r1'<
",
    );
    check_blocks(
        "\
var local = OllamaChatModel.builder()
        .model(\"qwen2.5-72b-instruct\")
        .build();
var hosted = DashScopeChatModel.builder()
        .model(\"qwen2.5-72b-instruct\")<
        .build();
",
    );
    check_blocks(
        "\
Run it with vLLM:

```python
model = 'qwen2.5-72b-instruct'
server = vllm()

chat(model)
```

Or with Model Studio:

```python
name = 'qwen2.5-72b-instruct'<

chat(dashscope(name))
```
",
    );
}

#[test]
fn a_cell_of_a_notebook_is_a_block() {
    check_blocks(
        r#"{
 "cells": [
  {
   "source": [
    "name = \"qwen2.5-72b-instruct\"\n",
    "\n",
    "vllm(name)"
   ]
  },
  {
   "source": [
    "name = \"qwen2.5-72b-instruct\"\n",<
    "\n",
    "dashscope(name)"
   ]
  }
 ]
}
"#,
    );
}

#[test]
fn a_list_of_models_needs_only_one_sign_of_model_studio() {
    for list in [
        "MODELS = [\n  'qwen2.5-7b-instruct',  # the smallest\n  'qwen2.5-72b-instruct',<\n]",
        "parser.add_argument('--model', choices=['qwen-plus', 'qwen2.5-72b-instruct'])<",
        "parser.add_argument('--model', type=str, default='qwen2.5-72b-instruct')<",
        "gr.Dropdown(choices=['qwen-plus', 'qwen2.5-72b-instruct'], label='LLM')<",
        "log.info('supported models: qwen-plus, qwen2.5-72b-instruct')<",
    ] {
        check_blocks(
            &format!("# Model Studio, or vLLM\n{list}\n").replace("7b-instruct',  #", "7b',  #"),
        );
    }
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
fn ordinary_words_name_no_server() {
    assert!(is_found(
        "# put it together\nmodel: qwen2.5-72b-instruct",
        &[]
    ));
    assert!(!is_found(
        "url: https://api.together.xyz\nmodel: qwen2.5-72b-instruct",
        &[]
    ));
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
