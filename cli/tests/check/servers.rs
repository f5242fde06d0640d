//! Whose models the names in a file stand for.

use crate::command::{check, is_found, tree};

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
    // It is active, and may not be in later tables.
    let arguments = ["--format", "github", "--allow", "qwen-plus"];
    let (findings, _) = check(&tree, &arguments);
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
