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

    /// Adds a table, unless it is invalid.
    fn add(&mut self, table: &Table) {
        let module = format!("m{}", self.modules.len());
        let path = self.scratch.write("limits.yaml", table.yaml());
        let generator = Generator::new(path).module(&module);
        let Ok(code) = self.scratch.generate(&generator) else {
            return;
        };
        self.scratch.write(&format!("{module}.rs"), code);
        let rows = table.rows.iter();
        let names: Vec<String> = rows.map(|row| format!("&{:?}", names_of(row))).collect();
        let names = names.join(", ");
        _ = writeln!(
            self.main,
            "mod {module} {{
    include!(\"{module}.rs\");
    pub(super) fn check() {{ crate::check!(&[{names}]); }}
}}"
        );
        self.modules.push(module);
    }

    /// Compiles and runs the program.
    fn run(mut self) {
        self.main.push_str("fn main() {\n");
        for module in &self.modules {
            _ = writeln!(self.main, "    {module}::check();");
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

fn names_of(row: &Row) -> Vec<&String> {
    [&row.name].into_iter().chain(&row.aliases).collect()
}

/// Checks that each name is found and belongs to its model, and that similar names do not.
const PROLOGUE: &str = r#"//! Generated enums.
#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]

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
use check;

"#;

#[test]
fn code_of_random_tables_compiles() {
    let mut runner = TestRunner::deterministic();
    let mut program = Program::new();
    for _ in 0..200 {
        let table = arbitrary::table(1..5).new_tree(&mut runner).unwrap();
        program.add(&table.current());
    }
    // Some tables are invalid.
    assert!(program.modules.len() > 60, "{}", program.modules.len());
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
        program.add(&Table {
            series: "All".to_owned(),
            rows,
        });
    }
    assert_eq!(program.modules, ["m0", "m1"]);
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
