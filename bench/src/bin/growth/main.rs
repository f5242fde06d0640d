//! Seconds that a table of one's own costs its crate, by the number of models: each time something
//! in the crate is changed, and each time the table is.
//!
//! Prints a table and writes the chart `growth.svg`. `--quick` is a short run with fewer models,
//! whose chart stays in `target`.

#![forbid(unsafe_code)]

mod chart;

use std::fs;
use std::path::Path;
use std::process::Command;

use model_studio_limits_bench::machine;
use model_studio_limits_bench::names::{names, yaml};
use model_studio_limits_bench::scratch::{Workspace, ours, run, seconds, touch};
use model_studio_limits_bench::table::{self, Figures};

use chart::Line;

const MODELS: [usize; 6] = [1, 100, 300, 1_000, 3_000, 10_000];

/// The program that generates, without optimisation as build scripts are.
const GENERATE: &str = "generate";

/// Prints the seconds that generating takes, for each table of its arguments.
const GENERATE_MAIN: &str = r#"
use model_studio_limits_codegen::Generator;

fn main() {
    for table in std::env::args().skip(1) {
        let generator = Generator::new(table);
        let start = std::time::Instant::now();
        let code = generator.generate();
        let seconds = start.elapsed().as_secs_f64();
        code.expect("the table has no mistake");
        println!("{seconds}");
    }
}
"#;

const BUILD: &str = r#"fn main() {
    model_studio_limits_codegen::Generator::new("limits.yaml").emit("models.rs");
}
"#;

const LIB: &str = "#![doc = \"\"]\nmodel_studio_limits::include_models!(\"models.rs\");\n";

fn main() {
    let quick = machine::is_quick();
    let (models, rounds) = if quick {
        (&MODELS[..4], 2)
    } else {
        (&MODELS[..], 11)
    };
    machine::print();
    let workspace = Workspace::new("growth");
    let codegen = ours("model-studio-limits-codegen", "codegen", "");
    let dependencies = format!(
        "{}\n[build-dependencies]\n{codegen}",
        ours(
            "model-studio-limits",
            "",
            ", default-features = false, features = [\"std\"]"
        )
    );
    for count in models {
        let table = yaml(&names(*count));
        let files = [
            ("src/lib.rs", LIB),
            ("build.rs", BUILD),
            ("limits.yaml", &table),
        ];
        workspace.package(&package(*count), &dependencies, &files);
    }
    workspace.package(GENERATE, &codegen, &[("src/main.rs", GENERATE_MAIN)]);
    workspace.fetch();

    let [check, release, generate] = measure(&workspace, models, rounds);
    let rows = models.iter().enumerate().map(|(at, count)| {
        let more =
            |figures: &[Figures]| format!("{:+.3}", figures[at].median() - figures[0].median());
        let cells =
            [&check, &release, &generate].map(|figures| [figures[at].words(3), more(figures)]);
        [vec![count.to_string()], cells.concat()].concat()
    });
    let headings = [
        "models",
        "`cargo check`, s",
        "over one model",
        "`cargo build --release`, s",
        "over one model",
        "generator, s",
        "over one model",
    ];
    table::print(&headings, &rows.collect::<Vec<_>>());

    let line = |label, figures: &[Figures]| Line {
        label,
        points: figures
            .iter()
            .map(|of_size| of_size.median() - figures[0].median())
            .collect(),
    };
    let lines = [
        line("cargo check", &check),
        line("cargo build --release", &release),
        line("generator, when the table changes", &generate),
    ];
    let file = if quick {
        "target/growth.svg"
    } else {
        "growth.svg"
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    fs::write(path, chart::svg(models, &lines)).expect("the chart can be written");
    println!("The chart is in {file}.");
}

fn package(count: usize) -> String {
    format!("models_{count}")
}

/// Seconds of `cargo check`, of `cargo build --release` and of the generator, by size. All take
/// turns, so that a slow moment of the machine is everyone's.
fn measure(workspace: &Workspace, models: &[usize], rounds: usize) -> [Vec<Figures>; 3] {
    run(&mut workspace.cargo(&["build", "-p", GENERATE]));
    let program = format!("debug/{GENERATE}{}", std::env::consts::EXE_SUFFIX);
    let program = workspace.target().join(program);
    let mut figures = [(); 3].map(|()| vec![Figures::default(); models.len()]);
    for round in 0..=rounds {
        for (at, count) in models.iter().enumerate() {
            let package = package(*count);
            let timed = |arguments: &[&str]| {
                touch(&workspace.path(&package, "src/lib.rs"));
                let mut command = workspace.cargo(arguments);
                seconds(command.args(["-p", &package]), &package)
            };
            let check = timed(&["check"]);
            let release = timed(&["build", "--release"]);
            let table = workspace.path(&package, "limits.yaml");
            let (generate, _) = run(Command::new(&program).arg(table));
            let generate = generate
                .trim()
                .parse()
                .expect("the program prints a number");
            // The first round compiles the dependencies.
            if round > 0 {
                for (figures, seconds) in figures.iter_mut().zip([check, release, generate]) {
                    figures[at].push(seconds);
                }
            }
        }
    }
    figures
}
