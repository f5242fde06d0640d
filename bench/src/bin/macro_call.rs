//! Microseconds that a call of a macro adds to `cargo check`, beside macros of other crates that
//! check a literal.
//!
//! For each macro, two packages with as many statements: calls of the macro, and paths to a
//! constant of the same type. Their difference is what the macro costs. `--quick` is a short run.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

use model_studio_limits::Model;
use model_studio_limits_bench::machine;
use model_studio_limits_bench::names::{names, yaml};
use model_studio_limits_bench::scratch::{Workspace, ours, seconds, touch};
use model_studio_limits_bench::table::{self, Figures};

/// Statements in a package.
const CALLS: u16 = 2_000;

/// Statements in a function.
const IN_FUNCTION: usize = 20;

/// Models in the table of one's own.
const OWN: usize = 1_000;

/// The macro that the others are compared with: that of a crate which is thought of as quick.
const REFERENCE: &str = "date";

/// A kind of statement, and what its cost is subtracted from.
struct Case {
    package: &'static str,
    title: String,
    dependencies: String,
    head: &'static str,
    call: Box<dyn Fn(usize) -> String>,
    /// The statement that costs what is not the macro's.
    plain: &'static str,
}

fn main() {
    let rounds = if machine::is_quick() { 2 } else { 11 };
    machine::print();
    let workspace = Workspace::new("macro_call");
    let mut cases = cases();
    for case in &cases {
        add(&workspace, case, "calls", &case.call);
        add(&workspace, case, "plain", &|_| case.plain.to_owned());
    }
    workspace.fetch();
    for case in &mut cases {
        if let Some(foreign) = ["time", "uuid", "hex-literal"]
            .into_iter()
            .find(|foreign| case.dependencies.starts_with(foreign))
        {
            _ = write!(case.title, ", {foreign} {}", workspace.version(foreign));
        }
    }
    println!(
        "{CALLS} calls in functions of {IN_FUNCTION}, `cargo check`, dev profile, main.rs touched:\n"
    );
    let full = measure(&workspace, &cases, rounds, false);
    let incremental = measure(&workspace, &cases, rounds, true);
    let at = cases.iter().position(|case| case.package == REFERENCE);
    let at = at.expect("the reference is a case");
    let rows = cases.iter().zip(full.iter().zip(&incremental));
    let rows = rows.map(|(case, (first, again))| {
        let (to_first, to_again) = (first.ratio(&full[at]), again.ratio(&incremental[at]));
        vec![
            case.title.clone(),
            first.words(1),
            to_first,
            again.words(1),
            to_again,
        ]
    });
    let headings = [
        "statement",
        "not incremental, µs a call, median (min–max)",
        "to `date!`",
        "incremental, nothing changed, µs a call",
        "to `date!`",
    ];
    table::print(&headings, &rows.collect::<Vec<_>>());
}

fn cases() -> Vec<Case> {
    let built_in = ours("model-studio-limits", "", "");
    let own = format!(
        "{}\n[build-dependencies]\n{}",
        ours(
            "model-studio-limits",
            "",
            ", default-features = false, features = [\"std\"]"
        ),
        ours("model-studio-limits-codegen", "codegen", "")
    );
    let active: Vec<&str> = Model::ALL
        .iter()
        .filter(|model| !model.is_deprecated())
        .map(|model| model.name())
        .collect();
    let own_names = names(OWN);
    let case = |package, title: &str, dependencies: &str, head, call, plain| Case {
        package,
        title: title.to_owned(),
        dependencies: dependencies.to_owned(),
        head,
        call,
        plain,
    };
    vec![
        case(
            "path",
            "`Model::QwenPlus`, no macro",
            &built_in,
            "use model_studio_limits::Model;",
            Box::new(|_| "_ = Model::QwenPlus;".to_owned()),
            "",
        ),
        case(
            "model",
            &format!("`model!`, built-in table of {}", Model::ALL.len()),
            &built_in,
            "use model_studio_limits::{Model, model};",
            Box::new(move |at| format!("_ = model!({:?});", active[at % active.len()])),
            "_ = Model::QwenPlus;",
        ),
        case(
            "own",
            &format!("`my_model!`, own table of {OWN}"),
            &own,
            "model_studio_limits::include_models!(\"models.rs\");
             const PLAIN: MyModel = MyModel::ALL[0];",
            Box::new(move |at| format!("_ = my_model!({:?});", own_names[at % OWN])),
            "_ = PLAIN;",
        ),
        case(
            REFERENCE,
            "`time::macros::date!`",
            "time = { version = \"0.3\", features = [\"macros\"] }",
            "const PLAIN: time::Date = time::Date::MIN;",
            Box::new(|at| {
                let (month, day) = (1 + at % 12, 1 + at % 28);
                format!("_ = time::macros::date!(2024-{month:02}-{day:02});")
            }),
            "_ = PLAIN;",
        ),
        case(
            "hex",
            "`hex_literal::hex!`, 16 bytes",
            "hex-literal = \"1\"",
            "const PLAIN: [u8; 16] = [0; 16];",
            Box::new(|at| {
                format!("_ = hex_literal::hex!(\"67e5504410b1426f9247bb680e5f{at:04x}\");")
            }),
            "_ = PLAIN;",
        ),
        case(
            "uuid",
            "`uuid::uuid!`",
            "uuid = \"1\"",
            "const PLAIN: uuid::Uuid = uuid::Uuid::nil();",
            Box::new(|at| {
                format!("_ = uuid::uuid!(\"67e55044-10b1-426f-9247-bb680e5f{at:04x}\");")
            }),
            "_ = PLAIN;",
        ),
    ]
}

fn add(workspace: &Workspace, case: &Case, kind: &str, statement: &dyn Fn(usize) -> String) {
    let mut main = format!("#![allow(unused)]\n{}\n", case.head);
    let statements: Vec<String> = (0..usize::from(CALLS)).map(statement).collect();
    for (at, statements) in statements.chunks(IN_FUNCTION).enumerate() {
        _ = writeln!(main, "fn f{at}() {{\n{}\n}}", statements.join("\n"));
    }
    main += "fn main() {}\n";
    let package = format!("{}_{kind}", case.package);
    let table = yaml(&names(OWN));
    let mut files = vec![("src/main.rs", main.as_str())];
    if case.dependencies.contains("[build-dependencies]") {
        let build = "fn main() {
            model_studio_limits_codegen::Generator::new(\"limits.yaml\")
                .enum_name(\"MyModel\")
                .emit(\"models.rs\");
        }";
        files.extend([("build.rs", build), ("limits.yaml", table.as_str())]);
    }
    workspace.package(&package, &case.dependencies, &files);
}

/// Microseconds a call of each case. The cases take turns, and so do a case's two packages.
fn measure(
    workspace: &Workspace,
    cases: &[Case],
    rounds: usize,
    incremental: bool,
) -> Vec<Figures> {
    let check = |case: &Case, kind: &str| {
        let package = format!("{}_{kind}", case.package);
        touch(&workspace.path(&package, "src/main.rs"));
        let mut command = workspace.cargo(&["check", "-p", &package]);
        command.env("CARGO_INCREMENTAL", u8::from(incremental).to_string());
        seconds(&mut command, &package)
    };
    let mut figures = vec![Figures::default(); cases.len()];
    for round in 0..=rounds {
        for (case, figures) in cases.iter().zip(&mut figures) {
            let more = check(case, "calls") - check(case, "plain");
            // The first round compiles the dependencies.
            if round > 0 {
                figures.push(more * 1e6 / f64::from(CALLS));
            }
        }
    }
    figures
}
