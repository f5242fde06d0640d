//! Generated code, compiled with every warning an error, and asked for every name it was made of.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use model_studio_limits_codegen::Generator;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::arbitrary::{self, Row, Table};
use crate::support::Files;

/// A program with a catalogue in each of its modules.
struct Program {
    files: Files,
    modules: Vec<String>,
    main: String,
}

impl Program {
    fn new(test: &str) -> Self {
        Self {
            files: Files::new(test),
            modules: Vec::new(),
            main: String::new(),
        }
    }

    /// Adds a catalogue, unless it is refused.
    fn add(&mut self, table: &Table) {
        let module = format!("m{}", self.modules.len());
        let path = self.files.write("limits.yaml", table.yaml());
        let Ok(code) = self.files.run(&Generator::new(path).module(&module)) else {
            return;
        };
        self.files.write(&format!("{module}.rs"), code);
        _ = writeln!(self.main, "mod {module} {{\n    include!(\"{module}.rs\");");
        self.main
            .push_str("    pub(super) fn check() { crate::check!(&[");
        for row in &table.rows {
            _ = write!(self.main, "&{:?}, ", names_of(row));
        }
        self.main.push_str("]) }\n}\n");
        self.modules.push(module);
    }

    /// Compiles and runs it.
    fn run(&self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root.canonicalize().unwrap();
        let manifest = format!(
            "[package]\nname = \"program\"\nedition = \"2024\"\n\
             [[bin]]\nname = \"program\"\npath = \"main.rs\"\n\
             [dependencies.model-studio-limits]\npath = '{}'\ndefault-features = false\n\
             [workspace]\n",
            root.display()
        );
        let manifest = self.files.write("Cargo.toml", manifest);
        fs::copy(
            root.join("Cargo.lock"),
            manifest.with_file_name("Cargo.lock"),
        )
        .unwrap();
        let mut main = String::from(PROLOGUE);
        main.push_str(&self.main);
        let calls: String = self
            .modules
            .iter()
            .fold(String::new(), |mut calls, module| {
                _ = writeln!(calls, "    {module}::check();");
                calls
            });
        _ = write!(main, "fn main() {{\n{calls}}}\n");
        self.files.write("main.rs", main);
        let output = Command::new(env!("CARGO"))
            .args(["run", "--offline", "--quiet", "--manifest-path"])
            .arg(manifest)
            .env(
                "CARGO_TARGET_DIR",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("target"),
            )
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Every name and alias is found and gives its model, and no other name is.
const PROLOGUE: &str = r#"#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]
//! Catalogues.

macro_rules! check {
    ($names:expr) => {{
        let names: &[&[&str]] = $names;
        assert_eq!(Model::ALL.len(), names.len());
        for (model, names) in Model::ALL.iter().zip(names) {
            assert_eq!(model.name(), names[0]);
            assert_eq!(model.aliases(), &names[1..]);
            for name in *names {
                assert_eq!(Model::from_name(name), Some(*model));
                for other in [format!("{name}x"), format!("x{name}"), name.to_uppercase()] {
                    let known = names.contains(&other.as_str());
                    assert!(Model::from_name(&other).is_none_or(|found| found != *model || known));
                }
            }
        }
    }};
}
use check;

"#;

fn names_of(row: &Row) -> Vec<&str> {
    let aliases = row.aliases.iter().map(String::as_str);
    std::iter::once(row.name.as_str()).chain(aliases).collect()
}

#[test]
fn random_tables() {
    let mut runner = TestRunner::deterministic();
    let mut program = Program::new("random_tables");
    for _ in 0..200 {
        let table = arbitrary::table(1..5).new_tree(&mut runner).unwrap();
        program.add(&table.current());
    }
    assert!(program.modules.len() > 60, "{}", program.modules.len());
    program.run();
}

/// A table of one model, and one of several thousand, named as several providers name theirs.
#[test]
fn one_and_thousands() {
    let mut program = Program::new("one_and_thousands");
    let row = |name: &str, aliases: &[String]| Row {
        name: name.to_owned(),
        aliases: aliases.to_vec(),
        variant: None,
        deprecated: None,
        limits: [Some(60), Some(100_000), None, None],
    };
    let table = |rows| Table {
        series: "All".to_owned(),
        rows,
    };
    program.add(&table(vec![row("one", &[])]));

    // By identifier, so that no two clash.
    let mut rows = BTreeMap::new();
    let mut add = |name: String, aliases: &[String]| {
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        rows.entry(letters).or_insert_with(|| row(&name, aliases));
    };
    for (family, sizes) in [
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
    ] {
        for size in sizes {
            for kind in [
                "",
                "-Instruct",
                "-chat",
                "-base",
                "-it",
                "-vision",
                "-code",
                "-math",
            ] {
                for suffix in [
                    "",
                    ":free",
                    ":batch",
                    "-fp8",
                    "-awq",
                    "-gguf_Q4_K_M",
                    "@latest",
                    "-1m",
                ] {
                    add(format!("{family}-{size}{kind}{suffix}"), &[]);
                }
            }
        }
    }
    for family in [
        "gpt-4o",
        "gpt-4.1-mini",
        "claude-3-5-sonnet",
        "claude-opus-4",
        "gemini-2.5-flash",
        "qwen-vl-max",
    ] {
        for month in 1..=12 {
            for day in 1..=28 {
                let alias = format!("{family}@{month:02}{day:02}");
                add(format!("{family}-2025-{month:02}-{day:02}"), &[alias]);
            }
        }
    }
    for tuned in 0..1_000 {
        add(
            format!("ft:gpt-4o-mini-2024-07-18:acme:{:x}:{tuned}", tuned * 7_919),
            &[],
        );
    }
    assert!(rows.len() > 4_000, "{}", rows.len());
    program.add(&table(rows.into_values().collect()));
    assert_eq!(program.modules.len(), 2, "both are accepted");
    program.run();
}
