//! Measures `cargo build` of an empty program with one dependency and an empty target folder.

use std::collections::HashMap;

use crate::measure::measure;
use crate::scratch::Workspace;

pub(crate) fn run(quick: bool) {
    let workspace = Workspace::new("cold_build");
    let cases = (0..).zip(dependencies()).map(|(at, dependency)| {
        let package = format!("dependency_{at}");
        workspace.add(&package, &dependency, "src/main.rs", "fn main() {}\n");
        (package, dependency)
    });
    let cases: Vec<_> = cases.collect();
    let mut packages = HashMap::new();
    let seconds = measure(quick, &cases, |(package, dependency)| {
        let (seconds, count) = workspace.cold_build(package);
        packages.insert(dependency.clone(), count);
        seconds
    });
    println!("| dependency | `cargo build`, s | packages |");
    println!("| ---------- | ---------------: | -------: |");
    for ((_, dependency), seconds) in cases.iter().zip(seconds) {
        let packages = packages[dependency];
        println!("| `{dependency}` | {seconds} | {packages} |");
    }
}

/// Returns lines of `Cargo.toml`.
fn dependencies() -> Vec<String> {
    let with_features = |features: &str| {
        format!("model-studio-limits = {{ path = 'REPOSITORY', features = [{features}] }}")
    };
    let others = [
        "chrono-tz = { version = '=0.10.4', features = ['filter-by-regex'] }",
        "phf = { version = '=0.14.0', features = ['macros'] }",
        "serde = { version = '=1.0.229', features = ['derive'] }",
        "strum = { version = '=0.28.0', features = ['derive'] }",
    ];
    let ours = ["", "'singapore'", "'all-regions'"].map(with_features);
    ours.into_iter().chain(others.map(str::to_owned)).collect()
}
