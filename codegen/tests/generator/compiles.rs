//! Compiles and runs generated code, with all warnings as errors.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use model_studio_limits_codegen::Generator;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::arbitrary::{self, Row, Table};
use crate::expected::{self, Property, Value};
use crate::scratch::ScratchDir;

/// A program with a module for each table.
struct Program {
    scratch: ScratchDir,
    modules: Vec<String>,
    main: String,
}

impl Program {
    fn new() -> Self {
        Self {
            scratch: ScratchDir::new(),
            modules: Vec::new(),
            main: String::from(PROLOGUE),
        }
    }

    /// Adds a table, and returns its properties. Returns a report if the table or the overlay is invalid.
    fn add(&mut self, table: &str, overlay: Option<&str>) -> Result<Vec<Property>, String> {
        let module = format!("m{}", self.modules.len());
        let path = self.scratch.write("limits.yaml", table);
        let mut generator = Generator::new(path).module(&module);
        if let Some(overlay) = overlay {
            generator = generator.overlay(self.scratch.write("account.yaml", overlay));
        }
        let code = self.scratch.generate(&generator)?;
        self.scratch.write(&format!("{module}.rs"), code);
        let properties = expected::properties(table.as_bytes(), overlay.map(str::as_bytes));
        let properties = properties.unwrap();
        let names = expected::names(table);
        let names: Vec<String> = names.iter().map(|names| format!("&{names:?}")).collect();
        let names = names.join(", ");
        // The checks are outside of the module, where an enum can have a name such as `Option`.
        _ = writeln!(
            self.main,
            "#[rustfmt::skip]
mod {module} {{ include!(\"{module}.rs\"); }}
fn check_{module}() {{
    use {module}::Model;
    check!(&[{names}]);"
        );
        for property in &properties {
            self.main.push_str(&assertions(property));
        }
        self.main.push_str("}\n");
        self.modules.push(module);
        Ok(properties)
    }

    /// Compiles and runs the program.
    fn run(mut self) {
        self.main.push_str("fn main() {\n");
        for module in &self.modules {
            _ = writeln!(self.main, "    check_{module}();");
        }
        self.main.push_str("}\n");
        self.scratch.write("main.rs", &self.main);

        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let manifest = format!(
            "[package]
name = \"program\"
edition = \"2024\"
[[bin]]
name = \"program\"
path = \"main.rs\"
[dependencies.model-studio-limits]
path = '{}'
default-features = false
[workspace]
",
            root.display()
        );
        let manifest = self.scratch.write("Cargo.toml", manifest);
        let lock = fs::read(root.join("Cargo.lock")).unwrap();
        self.scratch.write("Cargo.lock", lock);
        let output = Command::new(env!("CARGO"))
            .args(["run", "--offline", "--quiet", "--manifest-path"])
            .arg(&manifest)
            .env("CARGO_TARGET_DIR", manifest.with_file_name("target"))
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
    }
}

/// Returns assertions about the values that the accessor and `Catalogue::property` return.
fn assertions(property: &Property) -> String {
    let Property { name, .. } = property;
    let accessor = if property.is_optional {
        format!("model.{name}()")
    } else {
        format!("Some(model.{name}())")
    };
    let convert = match property.kind.as_str() {
        "number" => ".map(f64::to_bits)",
        "date" => ".map(|date| date.to_string())",
        "choice" => ".map(|choice| choice.as_str())",
        "choices" => ".map(|choices| choices.iter().map(|it| it.as_str()).collect::<Vec<_>>())",
        _ => "",
    };
    let values = property.values.iter();
    let (typed, by_name): (Vec<String>, Vec<String>) =
        values.map(|value| literals(value.as_ref())).unzip();
    format!(
        "    let typed = Model::ALL.iter().map(|model| {accessor}{convert}).collect::<Vec<_>>();
    assert_eq!(typed, [{}]);
    let by_name = Model::ALL.iter().map(|model| model_studio_limits::Catalogue::property(*model, {name:?}));
    assert!(by_name.map(|value| format!(\"{{value:?}}\")).eq([{}]));
",
        typed.join(", "),
        by_name.join(", ")
    )
}

/// Returns expressions for the converted result of an accessor, and for the text of a `PropertyValue`.
fn literals(value: Option<&Value>) -> (String, String) {
    let Some(value) = value else {
        return ("None".to_owned(), "\"None\"".to_owned());
    };
    let (typed, by_name) = match value {
        Value::Integer(value) => (format!("{value}u64"), format!("Integer({value})")),
        Value::Number(bits) => {
            let value = f64::from_bits(*bits);
            (format!("{bits}u64"), format!("Number({value:?})"))
        }
        Value::Boolean(value) => (value.to_string(), format!("Boolean({value})")),
        Value::Text(text) => (format!("{text:?}"), format!("Text({text:?})")),
        Value::Date(date) => (format!("{date:?}.to_owned()"), format!("Date({date})")),
        Value::Choice(name) => (format!("{name:?}"), format!("Choice({name:?})")),
        Value::Choices(names) => (
            format!("host::vec!{names:?}"),
            format!("Choices({names:?})"),
        ),
    };
    (
        format!("Some({typed})"),
        format!("{:?}", format!("Some({by_name})")),
    )
}

/// Checks that each name is found and belongs to its model, and that similar names do not.
const PROLOGUE: &str = r#"//! Generated enums.
#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]
#![no_std]

// Under another name, so that generated code cannot use it.
extern crate std as host;

use host::format;
use host::prelude::rust_2024::*;

macro_rules! check {
    ($names:expr) => {{
        let expected: &[&[&str]] = $names;
        assert_eq!(Model::ALL.len(), expected.len());
        for (model, names) in Model::ALL.iter().zip(expected) {
            assert_eq!(model.name(), names[0]);
            assert_eq!(model.aliases(), &names[1..]);
            for name in *names {
                assert_eq!(Model::from_name(name), Some(*model));
                for other in [format!("{name}x"), format!("x{name}"), name.to_uppercase()] {
                    let is_name = names.contains(&other.as_str());
                    assert_eq!(Model::from_name(&other) == Some(*model), is_name);
                }
            }
        }
    }};
}

"#;

#[test]
fn code_of_random_tables_compiles() {
    let mut runner = TestRunner::deterministic();
    let mut program = Program::new();
    let mut properties = Vec::new();
    for _ in 0..200 {
        let table = arbitrary::table(1..5).new_tree(&mut runner).unwrap();
        properties.extend(program.add(&table.current().yaml(), None));
    }
    // Some tables are invalid.
    assert!(program.modules.len() > 60, "{}", program.modules.len());
    assert!(properties.iter().flatten().count() > 60);
    program.run();
}

#[test]
fn code_of_tables_with_one_and_with_thousands_of_models_compiles() {
    let mut program = Program::new();
    let one = Row {
        name: "one".to_owned(),
        limits: vec![("qpm", 60)],
        ..Row::default()
    };
    for rows in [vec![one], thousands_of_rows()] {
        let table = Table {
            series: "All".to_owned(),
            rows,
            ..Table::default()
        };
        program.add(&table.yaml(), None).unwrap();
    }
    assert_eq!(program.modules, ["m0", "m1"]);
    program.run();
}

#[test]
fn code_of_unusual_properties_compiles() {
    let mut program = Program::new();
    let table = include_str!("../unusual_properties/limits.yaml");
    let overlay = include_str!("../unusual_properties/overlay.yaml");
    for overlay in [None, Some(overlay)] {
        let properties = program.add(table, overlay).unwrap();
        assert!(
            properties
                .iter()
                .any(|property| property.values.iter().all(Option::is_none))
        );
    }
    program.run();
}

/// Returns rows with names like those of several providers.
fn thousands_of_rows() -> Vec<Row> {
    // By identifier, since some names have the same.
    let mut rows = BTreeMap::new();
    let mut add = |name: String, aliases: Vec<String>| {
        let identifier: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        rows.entry(identifier).or_insert(Row {
            name,
            aliases,
            limits: vec![("qpm", 60), ("tpm", 100_000)],
            ..Row::default()
        });
    };
    for (family, sizes) in FAMILIES {
        for size in sizes {
            for kind in KINDS {
                for suffix in SUFFIXES {
                    add(format!("{family}-{size}{kind}{suffix}"), Vec::new());
                }
            }
        }
    }
    for family in DATED_FAMILIES {
        for month in 1..=12 {
            for day in 1..=28 {
                let alias = format!("{family}@{month:02}{day:02}");
                add(format!("{family}-2025-{month:02}-{day:02}"), vec![alias]);
            }
        }
    }
    for tuned in 0..1_000 {
        let name = format!("ft:gpt-4o-mini-2024-07-18:acme:{:x}:{tuned}", tuned * 7_919);
        add(name, Vec::new());
    }
    assert!(rows.len() > 4_000, "{}", rows.len());
    rows.into_values().collect()
}

const FAMILIES: [(&str, [&str; 3]); 7] = [
    ("meta-llama/Llama-3.1", ["8B", "70B", "405B"]),
    ("Qwen/Qwen2.5", ["0.5B", "32B", "72B"]),
    ("mistralai/Mixtral", ["8x7B", "8x22B", "24B"]),
    ("google/gemma-3", ["1b", "12b", "27b"]),
    (
        "deepseek-ai/DeepSeek-R1-Distill",
        ["Qwen-7B", "Qwen-14B", "Llama-70B"],
    ),
    ("@cf/tiiuae/falcon", ["7b", "40b", "180b"]),
    (
        "accounts/fireworks/models/phi-3",
        ["mini", "small", "medium"],
    ),
];

const KINDS: [&str; 8] = [
    "",
    "-Instruct",
    "-chat",
    "-base",
    "-it",
    "-vision",
    "-code",
    "-math",
];

const SUFFIXES: [&str; 8] = [
    "",
    ":free",
    ":batch",
    "-fp8",
    "-awq",
    "-gguf_Q4_K_M",
    "@latest",
    "-1m",
];

const DATED_FAMILIES: [&str; 6] = [
    "gpt-4o",
    "gpt-4.1-mini",
    "claude-3-5-sonnet",
    "claude-opus-4",
    "gemini-2.5-flash",
    "qwen-vl-max",
];
