//! How `list` and `show` write properties.

use serde_json::{Value, json};

use crate::table::{assert_error, output};

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
