//! `model-studio-limits check`
//!
//! `UPDATE=1 cargo test -p model-studio-limits-cli corpus` updates the expected findings.

mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{repository, run, stderr, stdout};
use tempfile::TempDir;

/// Returns a folder with files.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

/// Checks the current folder, and returns the first lines of the findings and the exit code.
#[track_caller]
fn check(tree: &TempDir, arguments: &[&str]) -> (Vec<String>, i32) {
    let arguments = [&["check", ".", "--as-of", "2026-09-01"], arguments].concat();
    let output = run(tree.path(), &arguments);
    let lines = stdout(&output)
        .lines()
        .filter(|line| line.contains(": model `") || line.contains(": unknown model `"));
    let mut lines: Vec<String> = lines
        .map(|line| line.trim_start_matches("./").to_owned())
        .collect();
    lines.sort();
    (lines, output.status.code().unwrap())
}

/// Checks one line of a file, and returns whether there is a finding.
#[track_caller]
fn is_found(line: &str, arguments: &[&str]) -> bool {
    let tree = tree(&[("file", line)]);
    let (findings, code) = check(&tree, arguments);
    assert_eq!(
        i32::from(!findings.is_empty()),
        code,
        "{line}: {findings:?}"
    );
    code == 1
}

#[test]
fn the_findings_of_the_corpus_are_those_expected_in_each_format() {
    for format in ["text", "json", "github", "sarif"] {
        let output = run(
            &repository(),
            &["check", "tests/corpus", "--format", format],
        );
        assert_eq!(output.status.code(), Some(1));
        let expected = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/check")
            .join(format!("corpus.{format}.txt"));
        // The paths of Windows.
        let found = stdout(&output).replace("tests/corpus\\", "tests/corpus/");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&expected).unwrap(), "{format}");
    }
}

#[test]
fn sarif_is_valid() {
    let schema = fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/check/sarif-schema-2.1.0.json"
    ))
    .unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    for path in ["tests/corpus", "tests/corpus/other_servers.py"] {
        let output = run(&repository(), &["check", path, "--format", "sarif"]);
        let mut log: Value = serde_json::from_slice(&output.stdout).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{path}");
        // The schema is not one that accepts everything.
        log["runs"][0]["tool"]["driver"]["name"] = Value::Null;
        assert!(!validator.is_valid(&log));
    }
}

#[test]
fn json_has_the_position_of_each_model_id_in_bytes() {
    let output = run(
        &repository(),
        &["check", "tests/corpus", "--format", "json"],
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() > 20);
    for finding in findings {
        let text = fs::read(repository().join(finding["path"].as_str().unwrap())).unwrap();
        let position = |key: &str| usize::try_from(finding[key].as_u64().unwrap()).unwrap();
        let found = &text[position("start")..position("end")];
        assert_eq!(
            found,
            finding["model"].as_str().unwrap().as_bytes(),
            "{finding}"
        );
        let lines = text[..position("start")]
            .iter()
            .filter(|byte| **byte == b'\n');
        assert_eq!(position("line"), lines.count() + 1);
    }
}

#[test]
fn a_clean_tree_prints_nothing() {
    let tree = tree(&[("config.yaml", "model: qwen3.7-plus\n")]);
    let output = run(tree.path(), &["check", "."]);
    assert_eq!(
        (stdout(&output), stderr(&output), output.status.code()),
        ("", "", Some(0))
    );
}

#[test]
fn the_date_decides_what_is_retired() {
    let tree = tree(&[("config.yaml", "model: qwen3-max\n")]);
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
        "model `qwen3-max` was due to retire on 2026-10-10, use `qwen3.7-max`"
    );
}

#[test]
fn the_region_decides_whose_life_cycle_counts() {
    // Deprecated in Singapore, active in Beijing.
    assert!(!is_found("model: qwen-max", &[]));
    assert!(!is_found("model: qwen-max", &["--region", "beijing"]));
    assert!(is_found("model: qwen-max", &["--region", "singapore"]));
    assert!(is_found("model: qwen-max", &["-r", "ap-southeast-1"]));
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
    // Models of other vendors: only if the file names Model Studio.
    assert!(!is_found("model: deepseek-r1", &[]));
    assert!(is_found("model: dashscope/deepseek-r1", &[]));
    assert!(is_found(
        "url: https://dashscope.aliyuncs.com\nmodel: deepseek-r1",
        &[]
    ));
    assert!(is_found("model: deepseek-r1", &["--region", "beijing"]));
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
fn the_default_of_a_variable_in_a_shell_is_a_model_id() {
    assert!(is_found("model: ${MODEL:-qwen3-max}", &[]));
    assert!(is_found("model: ${MODEL:-qwen-pluss}", &[]));
    assert!(!is_found("model: ${MODEL:-qwen-plus}", &[]));
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
        // A part of a pattern or of a name, and models that may come.
        "model: qwen-plus-*",
        "model=\"qwen-plus-\" + date",
        "model: wan2.6-r2v-flash",
        "dashscope\nmodel: glm-4.5v",
        // A model ID of another region or of an earlier table.
        "model: qwen-max-0125",
        "model: qwen-plus-us",
    ] {
        assert!(!is_found(line, &[]), "{line}");
    }
}

#[test]
fn a_fix_writes_the_replacement_and_nothing_else() {
    let text =
        "\u{feff}a: qwen3-max\r\nmodel: qwen-pluss\r\nb: \"qwen-max-latest, dashscope/qwen3-max\"";
    let tree = tree(&[("a.yaml", text), ("b.yaml", "model: qwen-plus\n")]);
    let output = run(
        tree.path(),
        &["check", ".", "--fix", "--as-of", "2026-09-01"],
    );
    let fixed = fs::read_to_string(tree.path().join("a.yaml")).unwrap();
    assert_eq!(fixed, text.replace("qwen3-max", "qwen3.7-max"));
    // The rest is reported: a typo, and a model without a replacement.
    assert_eq!(
        stderr(&output),
        "fixed 2 model IDs\n2 findings in 1 file, 2 files checked\n"
    );
    assert_eq!(output.status.code(), Some(1));

    let (findings, _) = check(&tree, &["--fix"]);
    assert_eq!(findings.len(), 2);
    assert_eq!(
        fs::read_to_string(tree.path().join("a.yaml")).unwrap(),
        fixed
    );
}

#[test]
fn a_file_is_fixed_once_by_any_path_to_it() {
    let tree = tree(&[("a/b.yaml", "model: qwen3-max\nmodel: qwen-pluss\n")]);
    let arguments = [
        "check",
        "a",
        "./a/../a",
        "a/b.yaml",
        "--as-of",
        "2026-09-01",
    ];
    let output = run(
        tree.path(),
        &[&arguments[..], &["--format", "github"]].concat(),
    );
    assert_eq!(stdout(&output).lines().count(), 2);
    let output = run(tree.path(), &[&arguments[..], &["--fix"]].concat());
    assert!(stderr(&output).starts_with("fixed 1 model ID\n1 finding in 1 file, "));
    assert_eq!(output.status.code(), Some(1));
    let fixed = fs::read_to_string(tree.path().join("a/b.yaml")).unwrap();
    assert_eq!(fixed, "model: qwen3.7-max\nmodel: qwen-pluss\n");
}

#[test]
fn a_file_that_cannot_be_fixed_stays_and_the_others_are_fixed() {
    let text = "model: qwen3-max\n";
    let tree = tree(&[("a.yaml", text), ("b.yaml", text), ("c.yaml", text)]);
    let read = |name| fs::read_to_string(tree.path().join(name)).unwrap();
    let protected = tree.path().join("b.yaml");
    let mut permissions = fs::metadata(&protected).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&protected, permissions.clone()).unwrap();
    let output = run(tree.path(), &["check", ".", "--fix"]);
    assert_eq!(output.status.code(), Some(2));
    let problems = "error: cannot fix b.yaml: the file is read-only\nfixed 2 model IDs\n";
    assert!(stderr(&output).starts_with(problems), "{}", stderr(&output));
    assert!(
        stdout(&output).starts_with("b.yaml:1:8: "),
        "{}",
        stdout(&output)
    );
    let fixed = "model: qwen3.7-max\n";
    assert_eq!(
        [read("a.yaml"), read("b.yaml"), read("c.yaml")],
        [fixed, text, fixed]
    );
}

#[test]
fn without_fix_no_file_changes() {
    let tree = tree(&[("a.yaml", "model: qwen3-max\n")]);
    check(&tree, &[]);
    assert_eq!(
        fs::read_to_string(tree.path().join("a.yaml")).unwrap(),
        "model: qwen3-max\n"
    );
}

#[test]
fn a_replacement_on_which_regions_differ_is_not_written() {
    let line = "model: qwen-vl-max-2024-08-09\n";
    let tree = tree(&[("a.yaml", line)]);
    let (findings, code) = check(&tree, &["--fix"]);
    assert_eq!(code, 1);
    assert!(
        findings[0].ends_with("use `qwen3-vl-plus-2025-12-19` or `qwen3.7-plus`"),
        "{findings:?}"
    );
    assert_eq!(
        fs::read_to_string(tree.path().join("a.yaml")).unwrap(),
        line
    );

    let (_, code) = check(&tree, &["--fix", "--region", "singapore"]);
    assert_eq!(code, 0);
    assert_eq!(
        fs::read_to_string(tree.path().join("a.yaml")).unwrap(),
        "model: qwen3-vl-plus-2025-12-19\n"
    );
}

#[test]
fn model_ids_and_kinds_can_be_allowed() {
    let tree = tree(&[(
        "a.yaml",
        "model: qwen3-max\nmodel: qwen-max-latest\nmodel: qwen-pluss\n",
    )]);
    let count = |arguments: &[&str]| check(&tree, arguments).0.len();
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&["--allow", "qwen3-max"]), 2);
    assert_eq!(count(&["--allow", "qwen3-max", "--allow", "misspelled"]), 1);
    assert_eq!(count(&["--allow", "retired"]), 2);
    assert_eq!(
        count(&[
            "--allow",
            "retiring",
            "--allow",
            "qwen-max-latest",
            "--allow",
            "qwen-pluss"
        ]),
        0
    );
}

#[test]
fn a_comment_allows_the_findings_of_its_line() {
    let tree = tree(&[(
        "a.py",
        "a = 'qwen3-max'  # model-studio-limits: allow\nb = 'qwen3-max'\n",
    )]);
    let (findings, _) = check(&tree, &[]);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with("a.py:2:6: "), "{findings:?}");
}

#[test]
fn the_nearest_configuration_file_counts_and_arguments_override_it() {
    let tree = tree(&[
        (
            "model-studio-limits.toml",
            "[check]\nallow = ['qwen3-max']\n",
        ),
        ("a/b/c.yaml", "model: qwen3-max\nmodel: qwen-max\n"),
        (
            "d/model-studio-limits.toml",
            "[check]\nregion = 'singapore'\nexclude = ['e/**']\n",
        ),
        ("d/c.yaml", "model: qwen3-max\nmodel: qwen-max\n"),
        ("d/e/c.yaml", "model: qwen3-max\n"),
        (
            "other.toml",
            "[check]\nallow = ['retiring']\nas-of = '2026-09-01'\n",
        ),
    ]);
    let count = |arguments: &[&str]| {
        let arguments = [&["check", "--format", "json"], arguments].concat();
        let output = run(tree.path(), &arguments);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["findings"].as_array().unwrap().len()
    };
    assert_eq!(count(&["a"]), 0);
    assert_eq!(count(&["a/b/c.yaml"]), 0);
    assert_eq!(count(&["d"]), 2);
    assert_eq!(count(&["d", "--region", "beijing"]), 1);
    assert_eq!(count(&["a", "d"]), 2);
    assert_eq!(count(&["d", "--config", "other.toml"]), 0);
}

#[test]
fn files_that_are_excluded_are_skipped_even_if_they_are_named() {
    let text = "model: qwen3-max\n";
    let tree = tree(&[
        (
            "model-studio-limits.toml",
            "[check]\nexclude = ['/ex/', '*.md']\n",
        ),
        ("ex/d/a.yaml", text),
        ("b.md", text),
        ("c/ex/a.yaml", text),
    ]);
    let count = |directory: &str, arguments: &[&str]| {
        let arguments = [&["check", "--format", "github"], arguments].concat();
        let output = run(&tree.path().join(directory), &arguments);
        stdout(&output).lines().count()
    };
    assert_eq!(count("", &["."]), 1);
    assert_eq!(count("", &["ex/d/a.yaml", "ex", "ex/d", "b.md"]), 0);
    assert_eq!(count("ex/d", &["."]), 0);
    assert_eq!(
        count("c", &["..", "--config", "../model-studio-limits.toml"]),
        1
    );
}

#[test]
fn an_invalid_configuration_is_an_error_that_says_where() {
    for (config, expected) in [
        (
            "[check]\nregion = 'mars'\n",
            "2 | region = 'mars'\n  |          ^^^^^^\nunknown region `mars`, expected `singapore`, `beijing`, ",
        ),
        (
            "[check]\nwithin = 'soon'\n",
            "^^^^^^\nexpected a number of days such as `90d`",
        ),
        (
            "[check]\nas-of = '2026-02-30'\n",
            "^^^^^^^^^^^^\nexpected a valid date",
        ),
        ("[check]\nallowed = []\n", "unknown field `allowed`"),
        (
            "[check]\nallow = ['depricated']\n",
            "unknown kind `depricated`, did you mean `deprecated`?",
        ),
        ("[check\n", "line 1"),
        ("[check]\nexclude = ['a{b']\n", "`exclude`: `a{b`"),
    ] {
        let tree = tree(&[("model-studio-limits.toml", config)]);
        let output = run(tree.path(), &["check", "."]);
        assert_eq!(output.status.code(), Some(2), "{config}");
        assert!(
            stderr(&output).contains("model-studio-limits.toml"),
            "{}",
            stderr(&output)
        );
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

#[test]
fn ignored_and_binary_files_are_skipped_and_hidden_ones_are_not() {
    let text = "model: qwen3-max\n";
    let tree = tree(&[
        (".gitignore", "ignored/\n*.log\n"),
        ("ignored/a.yaml", text),
        ("b.log", text),
        ("binary", "model: qwen3-max\0"),
        (".git/config", text),
        (".env", "MODEL=qwen3-max"),
        (".github/workflows/ci.yaml", text),
    ]);
    let (findings, _) = check(&tree, &[]);
    let files: Vec<&str> = findings
        .iter()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(files, [".env", ".github/workflows/ci.yaml"]);
    // A file that is named is checked.
    let output = run(tree.path(), &["check", "b.log"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_path_that_cannot_be_read_is_an_error_after_the_others_were_checked() {
    let tree = tree(&[("a.yaml", "model: qwen3-max\n")]);
    let output = run(tree.path(), &["check", "missing", "a.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stdout(&output).starts_with("a.yaml:1:8: "),
        "{}",
        stdout(&output)
    );
    let error = "error: cannot read missing: ";
    assert!(stderr(&output).starts_with(error), "{}", stderr(&output));
}

#[test]
fn a_file_that_is_named_twice_is_reported_once() {
    let tree = tree(&[("a.yaml", "model: qwen3-max\n")]);
    let output = run(tree.path(), &["check", "a.yaml", "a.yaml"]);
    assert_eq!(stdout(&output).matches("qwen3-max` ").count(), 1);
}

#[test]
fn a_very_long_line_is_checked_and_shown_in_part() {
    let padding = "x".repeat(10 << 20);
    let tree = tree(&[(
        "a.json",
        &format!("{{\"a\":\"{padding}\",\"model\":\"qwen3-max\",\"b\":\"{padding}\"}}"),
    )]);
    let output = run(tree.path(), &["check", "."]);
    let shown = stdout(&output);
    assert!(
        shown.contains(&format!("a.json:1:{}: ", padding.len() + 18)),
        "{shown}"
    );
    assert!(shown.len() < 1_000);
}

#[test]
fn many_findings_in_one_line_are_all_reported() {
    let count = 50_000;
    let text = "\"qwen3-max\",".repeat(count);
    let tree = tree(&[("a.json", &text)]);
    let output = run(tree.path(), &["check", ".", "--format", "github"]);
    let last = 1 + 12 * (count - 1) + 1;
    assert_eq!(stdout(&output).lines().count(), count);
    assert!(stdout(&output).contains(&format!(",line=1,col={last},")));
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

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_not_followed_and_loops_do_no_harm() {
        let tree = tree(&[("a/b.yaml", "model: qwen3-max\n")]);
        symlink("..", tree.path().join("a/loop")).unwrap();
        symlink("b.yaml", tree.path().join("a/link.yaml")).unwrap();
        symlink("missing", tree.path().join("a/broken")).unwrap();
        let (findings, code) = check(&tree, &[]);
        assert_eq!((findings.len(), code), (1, 1), "{findings:?}");
        // A link that is named is followed.
        let output = run(tree.path(), &["check", "a/link.yaml"]);
        assert_eq!(output.status.code(), Some(1));
    }

    #[test]
    fn file_names_need_not_be_utf_8() {
        let tree = tree(&[]);
        let name = OsStr::from_bytes(b"a\xff b.yaml");
        fs::write(tree.path().join(name), "model: qwen3-max\n").unwrap();
        let output = run(tree.path(), &["check", "."]);
        assert!(
            stdout(&output).contains(r"a\u{fffd} b.yaml:1:8: "),
            "{}",
            stdout(&output)
        );
        let output = run(tree.path(), &["check", ".", "--format", "sarif"]);
        assert!(
            stdout(&output).contains("\"uri\": \"a%FF%20b.yaml\""),
            "{}",
            stdout(&output)
        );
    }

    #[test]
    fn a_link_that_is_named_is_kept_and_its_file_keeps_its_permissions() {
        use std::os::unix::fs::PermissionsExt as _;

        let tree = tree(&[("a.sh", "MODEL=qwen3-max\n")]);
        let file = tree.path().join("a.sh");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o751)).unwrap();
        symlink("a.sh", tree.path().join("link")).unwrap();
        let output = run(tree.path(), &["check", "link", "--fix"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(tree.path().join("link").is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "MODEL=qwen3.7-max\n");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o751
        );
    }

    #[test]
    fn a_device_is_not_clean() {
        let tree = tree(&[]);
        let output = run(tree.path(), &["check", "/dev/null"]);
        let error = "error: cannot read /dev/null: it is not a file or a folder\n";
        assert_eq!((stderr(&output), output.status.code()), (error, Some(2)));
    }

    #[test]
    fn the_exit_code_reports_findings_even_if_nothing_reads_them() {
        use std::process::Stdio;

        let tree = tree(&[("a.json", &"'qwen3-max' ".repeat(10_000))]);
        let mut command = support::tool(tree.path(), &["check", "."]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_unreadable_file_is_an_error_after_the_others_were_checked() {
        let tree = tree(&[("a.yaml", "model: qwen3-max\n")]);
        // Reading the start of it fails for every user.
        let output = run(tree.path(), &["check", "/proc/self/mem", "a.yaml"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stdout(&output).contains("a.yaml:1:8: "));
        let error = "error: cannot read /proc/self/mem: ";
        assert!(stderr(&output).contains(error), "{}", stderr(&output));
    }
}
