//! Measures what a macro call adds to `cargo check`.
//!
//! Each macro has two packages with the same number of statements: `calls` with calls of the macro,
//! and `plain` with a path to a constant of the same type. The difference is the cost of the calls.

use crate::measure::measure;
use crate::names::{Rows, names, yaml};
use crate::scratch::Workspace;

/// Statements in a package.
const CALLS: u16 = 2_000;

/// Models in the package with its own table.
const OWN_MODELS: usize = 1_000;

/// A macro to measure.
struct Case {
    name: &'static str,
    /// Lines of `Cargo.toml`, or `None` for a package with its own table.
    dependencies: Option<&'static str>,
    /// Items that the statements need, including the constant `PLAIN`.
    head: &'static str,
    call: fn(usize) -> String,
}

const CASES: [Case; 5] = [
    Case {
        name: "model",
        dependencies: Some("model-studio-limits = { path = 'REPOSITORY' }"),
        head: "use model_studio_limits::{Model, model}; const PLAIN: Model = Model::QwenPlus;",
        call: |_| "model!(\"qwen-plus\")".to_owned(),
    },
    Case {
        name: "beijing_model",
        dependencies: Some("model-studio-limits = { path = 'REPOSITORY', features = ['beijing'] }"),
        head: "use model_studio_limits::beijing::{Model, model};
               const PLAIN: Model = Model::Qwen3_7Max;",
        call: |_| "model!(\"qwen3.7-max\")".to_owned(),
    },
    Case {
        name: "my_model",
        dependencies: None,
        head: "model_studio_limits::include_models!(\"models.rs\");
               const PLAIN: MyModel = MyModel::ALL[0];",
        call: |_| format!("my_model!({:?})", names(1)[0]),
    },
    Case {
        name: "date",
        dependencies: Some("time = { version = '=0.3.55', features = ['macros'] }"),
        head: "const PLAIN: time::Date = time::Date::MIN;",
        call: |at| format!("time::macros::date!(2024-01-{:02})", 1 + at % 31),
    },
    Case {
        name: "uuid",
        dependencies: Some("uuid = '=1.29.3'"),
        head: "const PLAIN: uuid::Uuid = uuid::Uuid::nil();",
        call: |at| format!("uuid::uuid!(\"67e55044-10b1-426f-9247-bb680e5f{at:04x}\")"),
    },
];

pub(crate) fn run(quick: bool) {
    let workspace = Workspace::new("macro_call");
    for case in &CASES {
        add(&workspace, case, "calls", case.call);
        add(&workspace, case, "plain", |_| "PLAIN".to_owned());
    }
    let measure = |incremental| {
        measure(quick, &CASES, |case| {
            let [calls, plain] = ["calls", "plain"].map(|kind| {
                let package = format!("{}_{kind}", case.name);
                workspace.check(&package, "src/main.rs", incremental)
            });
            (calls - plain) * 1e6 / f64::from(CALLS)
        })
    };
    let (full, incremental) = (measure(false), measure(true));
    println!("| macro | not incremental, µs | incremental, µs |");
    println!("| ----- | ------------------: | --------------: |");
    for (at, case) in CASES.iter().enumerate() {
        println!("| `{}!` | {} | {} |", case.name, full[at], incremental[at]);
    }
}

fn add(workspace: &Workspace, case: &Case, kind: &str, statement: impl Fn(usize) -> String) {
    let statements: Vec<String> = (0..CALLS.into()).map(statement).collect();
    // Functions of ordinary length, because a very long one takes longer to check.
    let functions = statements.chunks(20).enumerate();
    let functions: Vec<String> = functions
        .map(|(at, statements)| format!("fn f{at}() {{ _ = {}; }}\n", statements.join(";\n_ = ")))
        .collect();
    let (head, functions) = (case.head, functions.concat());
    let source = format!("#![allow(unused)]\n{head}\n{functions}fn main() {{}}\n");
    let package = format!("{}_{kind}", case.name);
    if let Some(dependencies) = case.dependencies {
        workspace.add(&package, dependencies, "src/main.rs", &source);
    } else {
        let table = yaml(&names(OWN_MODELS), Rows::FewLimits);
        workspace.add_with_table(&package, &table, "src/main.rs", &source);
    }
}
