//! `list` and `show` with the properties of models, and with a table of one's own.

#[path = "../support/mod.rs"]
mod support;
mod unusual;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::{repository, run, stderr, stdout};
use tempfile::TempDir;

const TABLE: &str = "\
source: { title: A provider, date: 2026-10-09 }
properties:
  context_window: { type: integer, unit: tokens }
  input: { type: choices, values: [text, image, audio], enum: Modality }
  output: { type: choices, values: [text, image, audio], enum: Modality }
  thinking: { type: choice, values: [none, always, switchable] }
  price: { type: number, unit: USD }
  released: { type: date }
  open_weights: { type: boolean, default: false }
  family: { type: text }
groups:
  - category: text-generation
    series: Chat
    models:
      - name: large
        aliases: [big]
        limits: { qpm: 600, tpm: 1000000 }
        properties:
          context_window: 1000000
          input: [text, image]
          output: [text]
          thinking: switchable
          price: 0.5
          released: 2026-05-01
          open_weights: true
          family: Large ones
      - name: medium
        deprecated: { retires: 2026-12-31, replacement: large }
        limits: { qpm: 600 }
        properties: { context_window: 200000, input: [text], output: [text], thinking: none, price: 2000 }
      - name: painter
        limits: none
        properties: { context_window: 131072, input: [text, image], output: [image], released: 2025-01-31 }
      - name: unknown
        limits: { rps: 2 }
retired:
  - { name: small, on: 2025-01-01, replacement: large }
";

/// Writes the table to a file of a new folder.
fn folder() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("limits.yaml"), TABLE).unwrap();
    directory
}

/// Runs a command with the table.
fn with_table(command: &str, arguments: &[&str]) -> std::process::Output {
    let all = [&[command, "--table", "limits.yaml"], arguments].concat();
    run(folder().path(), &all)
}

fn output(command: &str, arguments: &[&str]) -> String {
    let output = with_table(command, arguments);
    let code = output.status.code();
    assert_eq!((stderr(&output), code), ("", Some(0)), "{arguments:?}");
    stdout(&output).to_owned()
}

#[track_caller]
fn assert_error(command: &str, arguments: &[&str], expected: &str) {
    let output = with_table(command, arguments);
    let error = stderr(&output);
    assert!(error.starts_with(expected), "{arguments:?}: {error}");
    assert_eq!((stdout(&output), output.status.code()), ("", Some(2)));
}

/// Returns the names of the models that are listed.
fn names(arguments: &[&str]) -> Vec<String> {
    let output = with_table("list", &[arguments, &["--format", "json"]].concat());
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        stderr(&output)
    );
    let rows: Vec<Value> = serde_json::from_str(stdout(&output)).unwrap();
    let names = rows.iter().map(|row| row["name"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn conditions_compare_values_of_every_type() {
    for (condition, expected) in [
        ("context_window=131072", &["painter"][..]),
        ("context_window>=200000", &["large", "medium"]),
        ("context_window>200000", &["large"]),
        ("context_window<=200000", &["medium", "painter"]),
        ("context_window<200000", &["painter"]),
        ("context_window!=200000", &["large", "painter"]),
        ("input=image", &["large", "painter"]),
        ("input!=image", &["medium"]),
        ("thinking=none", &["medium"]),
        ("thinking!=none", &["large"]),
        ("price<1", &["large"]),
        ("price=0.5", &["large"]),
        ("price>=2k", &["medium"]),
        ("released>=2026-05-01", &["large"]),
        ("released<2026-05-01", &["painter"]),
        ("open_weights=true", &["large"]),
        ("open_weights=false", &["medium", "painter", "unknown"]),
        ("family=Large ones", &["large"]),
        (" family = Large ones ", &["large"]),
        ("family!=a=b", &["large"]),
        ("family=large", &[]),
    ] {
        assert_eq!(names(&["--where", condition]), expected, "{condition}");
    }
}

#[test]
fn sizes_can_end_in_k_or_m() {
    for (size, expected) in [
        ("131072", &["large", "medium", "painter"][..]),
        ("131k", &["large", "medium", "painter"]),
        ("132k", &["large", "medium"]),
        ("200K", &["large", "medium"]),
        ("1M", &["large"]),
        ("1m", &["large"]),
        ("1000001", &[]),
        ("18446744073709551615", &[]),
    ] {
        assert_eq!(names(&["--min-context", size]), expected, "{size}");
        let condition = format!("context_window>={size}");
        assert_eq!(names(&["--where", &condition]), expected, "{size}");
    }
    for size in [
        "k",
        "-1",
        "+1",
        "1.5M",
        "1kk",
        "1 k",
        "200_000",
        "18446744073709551616",
        "18446744073709551615k",
    ] {
        let expected = format!(
            "error: invalid value '{size}' for '--min-context <SIZE>': expected an integer such as \
             `200000`, `200k` or `1M`\n"
        );
        assert_error("list", &[&format!("--min-context={size}")], &expected);
    }
}

#[test]
fn a_model_must_meet_all_conditions() {
    assert_eq!(names(&["--input", "image"]), ["large", "painter"]);
    assert_eq!(
        names(&["--input", "image", "--input", "text"]),
        ["large", "painter"]
    );
    assert_eq!(names(&["--input", "image", "--input", "audio"]), [""; 0]);
    assert_eq!(names(&["--output", "image"]), ["painter"]);
    assert_eq!(
        names(&["--input", "image", "--min-context", "200k"]),
        ["large"]
    );
    assert_eq!(
        names(&["--input", "image", "--where", "released<2026-01-01"]),
        ["painter"]
    );
    assert_eq!(names(&["--input", "text", "--deprecated"]), ["medium"]);
    assert_eq!(names(&["pa", "--input", "text"]), ["painter"]);
}

#[test]
fn unknown_names_and_values_are_errors() {
    let all = "`context_window`, `input`, `output`, `thinking`, `price`, `released`, `open_weights` or \
               `family`";
    for (option, value, expected) in [
        ("--where", "contxt_window>=1", "unknown property `contxt_window`, did you mean `context_window`?\n".to_owned()),
        ("--where", "modality=text", format!("unknown property `modality`, expected {all}\n")),
        ("--properties", "inputs", "unknown property `inputs`, did you mean `input`?\n".to_owned()),
        ("--properties", "input,\u{1b}[31m", format!("unknown property `\\u{{1b}}[31m`, expected {all}\n")),
        ("--input", "imgae", "unknown value `imgae` of `input`, did you mean `image`?\n".to_owned()),
        ("--output", "video", "unknown value `video` of `output`, expected `text`, `image` or `audio`\n".to_owned()),
        ("--where", "thinking=yes", "unknown value `yes` of `thinking`, expected `none`, `always` or `switchable`\n".to_owned()),
        ("--where", "thinking>none", "the values of `thinking` have no order: compare them with `=` or `!=`\n".to_owned()),
        ("--where", "family<a", "the values of `family` have no order: compare them with `=` or `!=`\n".to_owned()),
        ("--where", "context_window>=0.5", "invalid value `0.5` of `context_window`, expected an integer such as `200000`, `200k` or `1M`\n".to_owned()),
        ("--where", "price>=nan", "invalid value `nan` of `price`, expected a number such as `0.5` or `200k`\n".to_owned()),
        ("--where", "released>=2026-02-30", "invalid value `2026-02-30` of `released`, expected a date such as `2026-10-09`\n".to_owned()),
        ("--where", "open_weights=yes", "invalid value `yes` of `open_weights`, expected `true` or `false`\n".to_owned()),
    ] {
        // Also if no model would be listed.
        for filter in ["", "no-such-model"] {
            assert_error("list", &[filter, option, value], &format!("error: {expected}"));
        }
    }
    for condition in ["thinking", "=x", "thinking=", "thinking!x", "a.b"] {
        let expected = format!(
            "error: invalid value '{condition}' for '--where <CONDITION>': expected a condition such \
             as `thinking=switchable` or `context_window>=200k`, in quotes if it contains `<`, `>` or `!`\n"
        );
        assert_error("list", &["--where", condition], &expected);
    }
}

#[test]
fn conditions_are_checked_even_if_an_earlier_one_leaves_no_model() {
    let error = "error: invalid value `x` of `price`, expected a number such as `0.5` or `200k`\n";
    let arguments = ["--where", "context_window>1M", "--where", "price=x"];
    assert_error("list", &arguments, error);
}

#[test]
fn retired_models_have_no_properties() {
    assert_eq!(names(&["--retired"]), ["small"]);
    for filter in [
        &["--input", "text"][..],
        &["--output", "text"],
        &["--min-context", "1"],
        &["--where", "thinking=none"],
    ] {
        let arguments = [&["--retired"], filter].concat();
        assert_error(
            "list",
            &arguments,
            "error: the argument '--retired' cannot be used with",
        );
    }
    let list = output("list", &["--retired", "--properties", "input"]);
    assert!(
        list.contains("  small         retired 2025-01-01, use large"),
        "{list}"
    );
}

#[test]
fn a_table_declares_no_properties_that_it_does_not_have() {
    let output = run(
        &repository(),
        &["list", "-r", "built-in", "--input", "image"],
    );
    let error = "error: unknown property `input`: the table declares none\n";
    assert_eq!((stderr(&output), output.status.code()), (error, Some(2)));
}

#[test]
fn json_and_yaml_contain_typed_properties() {
    let expected = json!({
        "name": "large",
        "aliases": ["big"],
        "status": "active",
        "category": "text-generation",
        "series": "Chat",
        "limits": { "qpm": 600, "tpm": 1_000_000 },
        "dynamic": false,
        "properties": {
            "context_window": 1_000_000,
            "input": ["text", "image"],
            "output": ["text"],
            "thinking": "switchable",
            "price": 0.5,
            "released": "2026-05-01",
            "open_weights": true,
            "family": "Large ones",
        },
        "table_date": "2026-10-09",
    });
    let json = output("list", &["--format", "json"]);
    let json: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0], expected);
    // Without a value, there is no key.
    assert_eq!(json[3]["properties"], json!({ "open_weights": false }));
    let yaml = output("list", &["--format", "yaml"]);
    let yaml: Vec<Value> = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!(yaml, json);
    let retired = output("list", &["--format", "json", "--retired"]);
    assert!(!retired.contains("properties"), "{retired}");
}

#[test]
fn csv_has_a_column_for_each_property() {
    let csv = output("list", &["--format", "csv"]);
    assert_eq!(
        csv,
        "\
region,name,aliases,category,series,limits,dynamic,pool,status,date,replacement,note,source,table_date,properties.context_window,properties.input,properties.output,properties.thinking,properties.price,properties.released,properties.open_weights,properties.family
,large,big,text-generation,Chat,\"600 QPM, 1,000,000 TPM\",false,,active,,,,,2026-10-09,1000000,\"[\"\"text\"\",\"\"image\"\"]\",\"[\"\"text\"\"]\",switchable,0.5,2026-05-01,true,Large ones
,medium,,text-generation,Chat,600 QPM,false,,deprecated,2026-12-31,large,,,2026-10-09,200000,\"[\"\"text\"\"]\",\"[\"\"text\"\"]\",none,2000.0,,false,
,painter,,text-generation,Chat,no limit,false,,active,,,,,2026-10-09,131072,\"[\"\"text\"\",\"\"image\"\"]\",\"[\"\"image\"\"]\",,,2025-01-31,false,
,unknown,,text-generation,Chat,2 RPS,false,,active,,,,,2026-10-09,,,,,,,false,
"
    );
}

#[test]
fn every_format_selects_the_properties_that_are_named() {
    let arguments = |format| ["-p", "price,context_window", "--format", format];
    let json = output("list", &arguments("json"));
    let rows: Vec<Value> = serde_json::from_str(&json).unwrap();
    let expected = json!({ "context_window": 1_000_000, "price": 0.5 });
    assert_eq!(rows[0]["properties"], expected);
    assert_eq!(rows[0]["limits"]["qpm"], 600);
    assert_eq!(rows[3].get("properties"), None);
    let (price, context_window) = (json.find("price"), json.find("context_window"));
    assert!(price < context_window, "{json}");
    let yaml: Vec<Value> = serde_yaml::from_str(&output("list", &arguments("yaml"))).unwrap();
    assert_eq!(yaml, rows);
    let csv = output("list", &arguments("csv"));
    let header = csv.lines().next().unwrap();
    assert!(
        header.ends_with(",table_date,properties.price,properties.context_window"),
        "{header}"
    );
    assert!(csv.contains("active,,,,,2026-10-09,0.5,1000000\n"), "{csv}");
    // A condition can be on another property.
    let filter = ["--where", "thinking=none", "-p", "price", "-f", "json"];
    assert!(output("list", &filter).contains("2000"));
}

#[test]
fn a_property_that_is_named_twice_is_an_error() {
    for arguments in [&["-p", "input,input"][..], &["-p", "input", "-p", "input"]] {
        let error = "error: duplicate property `input` in `--properties`\n";
        assert_error("list", arguments, error);
    }
}

#[test]
fn a_list_shows_the_properties_that_are_named() {
    let list = output("list", &["-p", "context_window,input", "-p", "price"]);
    let expected = "\
limits.yaml
  MODEL    CONTEXT WINDOW  INPUT        PRICE  STATUS
  large    1,000,000       text, image  0.5
  medium   200,000         text         2000   retires 2026-12-31, use large
  painter  131,072         text, image
  unknown
";
    let trimmed: Vec<&str> = list.lines().map(str::trim_end).collect();
    assert_eq!(trimmed.join("\n") + "\n", expected);
}

#[test]
fn show_has_a_line_for_each_property() {
    let shown = output("show", &["big"]);
    assert_eq!(
        shown,
        "\
large

limits.yaml
  status       active
  limits       600 queries and 1,000,000 tokens per minute
  aliases      big
  category     text-generation
  series       Chat
  table date   2026-10-09
  properties
    context_window 1,000,000 tokens
    input          text, image
    output         text
    thinking       switchable
    price          0.5 USD
    released       2026-05-01
    open_weights   true
    family         Large ones
"
    );
    let shown = output("show", &["small"]);
    assert!(
        shown.contains("  status       retired on 2025-01-01\n"),
        "{shown}"
    );
    let error = "error: unknown model `larg` in limits.yaml, did you mean `large`?\n";
    assert_error("show", &["larg"], error);
}

#[test]
fn an_overlay_changes_limits_and_properties() {
    let directory = folder();
    let overlay = "limits: { medium: { qpm: 5 } }\nproperties: { medium: { context_window: 7 } }\n";
    fs::write(directory.path().join("account.yaml"), overlay).unwrap();
    let arguments = [
        "show",
        "medium",
        "-t",
        "limits.yaml",
        "--overlay",
        "account.yaml",
    ];
    let output = run(directory.path(), &arguments);
    let shown = stdout(&output);
    assert!(
        shown.contains("  limits       5 queries per minute\n"),
        "{shown}"
    );
    assert!(shown.contains("    context_window 7 tokens\n"), "{shown}");
}

#[test]
fn a_table_that_cannot_be_read_is_an_error() {
    let directory = folder();
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    write("wrong.yaml", &TABLE.replace("{ rps: 2 }", "{ rsp: 2 }"));
    write("account.yaml", "limits: { larg: { qpm: 5 } }\n");
    let error = |arguments: &[&str]| {
        let output = run(directory.path(), arguments);
        assert_eq!((stdout(&output), output.status.code()), ("", Some(2)));
        stderr(&output).to_owned()
    };
    let report = "\
error: wrong.yaml:35:19: unknown key `rsp`
   |
35 |         limits: { rsp: 2 }
   |                   ^
   help: did you mean `rps`?
";
    assert_eq!(error(&["list", "--table", "wrong.yaml"]), report);
    assert_eq!(error(&["show", "large", "--table", "wrong.yaml"]), report);
    let report = error(&["list", "-t", "limits.yaml", "--overlay", "account.yaml"]);
    assert!(
        report.starts_with("error: account.yaml:1:11: unknown model `larg`\n"),
        "{report}"
    );
    let report = error(&["list", "--table", "missing.yaml"]);
    assert!(
        report.starts_with("error: missing.yaml: cannot read the file: "),
        "{report}"
    );
}

#[test]
fn tables_and_regions_exclude_each_other() {
    for command in [&["list"][..], &["show", "large"]] {
        for (arguments, expected) in [
            (
                &["--table", "limits.yaml", "--region", "singapore"][..],
                "the argument '--table <FILE>' cannot be used with '--region <REGION>'",
            ),
            (&["--overlay", "account.yaml"], "--table <FILE>"),
            (
                &["--overlay", "account.yaml", "--region", "singapore"],
                "the argument '--overlay <FILE>' cannot be used with '--region <REGION>'",
            ),
        ] {
            let output = run(Path::new("."), &[command, arguments].concat());
            assert!(stderr(&output).contains(expected), "{}", stderr(&output));
            assert_eq!(output.status.code(), Some(2));
        }
    }
}
