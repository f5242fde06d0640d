//! `check --table`. `tests/corpus-own-table` has more names.

use std::fs;

use serde_json::Value;

use crate::command::{TABLE, check, is_found_in, tree};
use crate::support::{run, stderr, stdout};

#[test]
fn the_table_replaces_the_built_in_ones() {
    let tree = tree(&[
        ("limits.yaml", TABLE),
        (
            "a.yaml",
            "model: atlas-3\nmodel: qwen3-max\nmodel: dashscope/atlas-3\n",
        ),
    ]);
    let (findings, code) = check(&tree, &["--table", "limits.yaml"]);
    let message = "a.yaml:1:8: model `atlas-3` was retired on 2026-01-04, use `atlas-5`";
    assert_eq!((findings, code), (vec![message.to_owned()], 1));
    let (findings, _) = check(&tree, &[]);
    assert!(
        findings.iter().all(|it| !it.contains("atlas")),
        "{findings:?}"
    );
}

#[test]
fn the_table_itself_is_not_checked() {
    let tree = tree(&[
        ("limits.yaml", TABLE),
        ("account.yaml", "limits: {}\n# was atlas-3\n"),
        ("other/limits.yaml", "model: atlas-3\n"),
    ]);
    let own = ["--table", "limits.yaml", "--overlay", "account.yaml"];
    let (findings, _) = check(&tree, &own);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].starts_with("other/limits.yaml:1:8: "),
        "{findings:?}"
    );
    let output = run(tree.path(), &[&["check", "limits.yaml"], &own[..]].concat());
    assert_eq!((stdout(&output), output.status.code()), ("", Some(0)));
}

#[test]
fn an_error_in_the_table_is_shown_as_in_a_build() {
    let tree = tree(&[
        (
            "limits.yaml",
            &TABLE.replace("limits: none", "limits: { qmp: 1 }"),
        ),
        ("a.yaml", "model: atlas-3\n"),
    ]);
    let expected = "\
error: limits.yaml:6:36: unknown key `qmp`
  |
6 |       - { name: atlas-5, limits: { qmp: 1 } }
  |                                    ^
  help: did you mean `qpm`?
";
    for format in ["text", "json", "github", "sarif"] {
        let arguments = [
            "check",
            "a.yaml",
            "--table",
            "limits.yaml",
            "--format",
            format,
        ];
        let output = run(tree.path(), &arguments);
        let error = stderr(&output);
        assert!(error.starts_with(expected), "{error}");
        assert_eq!((stdout(&output), output.status.code()), ("", Some(2)));
    }
    let output = run(tree.path(), &["check", ".", "--table", "missing.yaml"]);
    let error = stderr(&output);
    assert!(
        error.starts_with("error: missing.yaml: cannot read the file: "),
        "{error}"
    );
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_configuration_can_name_a_table() {
    let config = "[check]\ntable = '../limits.yaml'\noverlay = '../account.yaml'\n";
    let overlay = "\
groups:
  - category: text-generation
    series: Ours
    models: [{ name: atlas-4-tuned, deprecated: true, limits: none }]
";
    let tree = tree(&[
        ("limits.yaml", TABLE),
        ("account.yaml", overlay),
        ("a/model-studio-limits.toml", config),
        ("a/b/c.yaml", "model: atlas-4-tuned\nmodel: qwen3.7-maxx\n"),
    ]);
    let found = |arguments: &[&str]| {
        let all = [&["check", "a/b/c.yaml", "--format", "json"], arguments].concat();
        let output = run(tree.path(), &all);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let report = found(&[]);
    assert_eq!(report["table_date"], "2026-08-20");
    assert_eq!(report["findings"][0]["model"], "atlas-4-tuned");
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    // An argument overrides all of it.
    let report = found(&["--region", "singapore"]);
    assert_eq!(report["findings"][0]["model"], "qwen3.7-maxx");
}

#[test]
fn a_table_excludes_a_region() {
    for (config, arguments, expected) in [
        (
            "",
            &["--table", "a.yaml", "--region", "tokyo"][..],
            "error: the argument '--table <FILE>' cannot be used with '--region <REGION>'",
        ),
        (
            "",
            &["--overlay", "a.yaml"],
            "error: the following required arguments were not provided:\n  --table <FILE>",
        ),
        (
            "[check]\ntable = 'a.yaml'\nregion = 'tokyo'\n",
            &[],
            ": `table` cannot be used with `region`\n",
        ),
        (
            "[check]\noverlay = 'a.yaml'\n",
            &[],
            ": `overlay` requires `table`\n",
        ),
    ] {
        let tree = tree(&[("model-studio-limits.toml", config)]);
        let output = run(tree.path(), &[&["check", "."], arguments].concat());
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_name_without_a_separator_counts_only_where_a_model_is_named() {
    let table = TABLE.replace("atlas-3", "o1").replace("atlas-4", "command");
    let is_found = |line: &str| is_found_in(&table, line);
    for line in [
        "model: o1",
        "MODEL=command",
        "run --model command",
        "models = ['x', 'o1']",
    ] {
        assert!(is_found(line), "{line}");
    }
    for line in [
        "o1 = f()",
        "the command",
        "'o1'",
        "commands: [command]",
        "model: o1-mini",
    ] {
        assert!(!is_found(line), "{line}");
    }
}

#[test]
fn any_model_of_the_table_can_be_misspelled() {
    let table = TABLE.replace("atlas-5", "acme/atlas-pro:free");
    let is_found = |line: &str| is_found_in(&table, line);
    assert!(is_found("model: acme/atlas-pro:fre"));
    assert!(is_found("model: 'acme/atals-pro:free'"));
    // A prefix is a part of the name.
    for line in [
        "model: acme/atlas-pro:free",
        "model: atlas-pro:fre",
        "model: openrouter/acme/atlas-pro:fre",
        "the model acme/atlas-pro:fre",
    ] {
        assert!(!is_found(line), "{line}");
    }
}

#[test]
fn a_name_that_is_not_ascii_has_its_columns_in_characters() {
    let tree = tree(&[
        ("limits.yaml", &TABLE.replace("atlas-3", "模型-3")),
        ("a.yaml", "model: '模型-3', b\n"),
    ]);
    let arguments = [
        "check",
        "a.yaml",
        "--table",
        "limits.yaml",
        "--format",
        "json",
    ];
    let report: Value = serde_json::from_slice(&run(tree.path(), &arguments).stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["column"], &finding["end_column"]),
        (&9.into(), &13.into())
    );
}

#[test]
fn a_fix_writes_the_replacement_of_the_table() {
    let tree = tree(&[
        ("limits.yaml", TABLE),
        ("a.yaml", "model: atlas-3\nmodel: atlas-4 # atlas-3\n"),
    ]);
    let output = run(
        tree.path(),
        &["check", ".", "--fix", "--table", "limits.yaml"],
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let read = |path| fs::read_to_string(tree.path().join(path)).unwrap();
    assert_eq!(read("a.yaml"), "model: atlas-5\nmodel: atlas-5 # atlas-5\n");
    assert_eq!(read("limits.yaml"), TABLE);
}
