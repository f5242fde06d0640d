//! Seconds to build a program from nothing that depends on this crate, beside others that generate
//! code when they are compiled.
//!
//! `--quick` is a short run.

#![forbid(unsafe_code)]

use std::fs;

use model_studio_limits_bench::machine;
use model_studio_limits_bench::scratch::{Workspace, ours, run, seconds};
use model_studio_limits_bench::table::{self, Figures};

/// What the program is called.
const PACKAGE: &str = "cold";

/// A crate, and a program that uses it.
struct Case {
    name: &'static str,
    what: &'static str,
    dependency: String,
    main: &'static str,
}

fn main() {
    let rounds = if machine::is_quick() { 1 } else { 5 };
    machine::print();
    let cases = cases();
    let workspaces: Vec<Workspace> = cases
        .iter()
        .map(|case| {
            let workspace = Workspace::new(&format!("cold_build/{}", case.name));
            workspace.package(PACKAGE, &case.dependency, &[("src/main.rs", case.main)]);
            workspace.fetch();
            workspace
        })
        .collect();
    let mut figures = vec![Figures::default(); cases.len()];
    for _ in 0..rounds {
        // In turn, so that a slow moment of the machine is everyone's.
        for (workspace, figures) in workspaces.iter().zip(&mut figures) {
            _ = fs::remove_dir_all(workspace.target());
            let mut build = workspace.cargo(&["build", "-j2"]);
            build.env(
                "CHRONO_TZ_TIMEZONE_FILTER",
                "Europe/(London|Zurich)|Asia/Singapore",
            );
            figures.push(seconds(&mut build, PACKAGE));
        }
    }
    println!("`cargo build`, dev profile, two jobs, nothing compiled before:\n");
    let rows = cases.iter().zip(&workspaces).zip(&figures);
    let rows = rows.map(|((case, workspace), of_case)| {
        let version = workspace.version(case.name);
        let title = format!("{} {version}, {}", case.name, case.what);
        let crates = crates(workspace).to_string();
        vec![title, of_case.words(2), crates, of_case.ratio(&figures[0])]
    });
    let headings = ["depends on", "s, median (min–max)", "packages", "to ours"];
    table::print(&headings, &rows.collect::<Vec<_>>());
}

fn cases() -> [Case; 5] {
    [
        Case {
            name: "model-studio-limits",
            what: "default features",
            dependency: ours("model-studio-limits", "", ""),
            main: "fn main() { _ = model_studio_limits::model!(\"qwen-plus\"); }",
        },
        Case {
            name: "chrono-tz",
            what: "`filter-by-regex`, three zones",
            dependency: "chrono-tz = { version = \"0.10\", features = [\"filter-by-regex\"] }"
                .to_owned(),
            main: "fn main() { _ = chrono_tz::Europe::London; }",
        },
        Case {
            name: "phf",
            what: "`macros`",
            dependency: "phf = { version = \"0.14\", features = [\"macros\"] }".to_owned(),
            main: "static MAP: phf::Map<&str, u16> = phf::phf_map! { \"qwen-plus\" => 1 };
                   fn main() { _ = MAP.get(\"qwen-plus\"); }",
        },
        Case {
            name: "strum",
            what: "`derive`",
            dependency: "strum = { version = \"0.28\", features = [\"derive\"] }".to_owned(),
            main: "#[derive(strum::EnumString)] enum Model { QwenPlus }
                   fn main() { _ = \"QwenPlus\".parse::<Model>(); }",
        },
        Case {
            name: "serde",
            what: "`derive`",
            dependency: "serde = { version = \"1\", features = [\"derive\"] }".to_owned(),
            main: "#[derive(serde::Deserialize)] enum Model { QwenPlus }
                   fn main() { _ = Model::QwenPlus; }",
        },
    ]
}

/// How many packages are built besides the program.
fn crates(workspace: &Workspace) -> usize {
    // A package that is needed twice, by a build script too or by two others, is counted once.
    let mut tree = workspace.cargo(&["tree", "-e", "normal,build", "--prefix", "none"]);
    let (tree, _) = run(&mut tree);
    let mut packages: Vec<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages.len() - 1
}
