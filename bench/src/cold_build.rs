//! Measures `cargo build` of an empty program with one dependency and an empty target folder.

use std::collections::HashMap;

use crate::report::measure;
use crate::scratch::Workspace;

/// Lines of `Cargo.toml`.
const DEPENDENCIES: [&str; 7] = [
    "model-studio-limits = { path = 'REPOSITORY' }",
    "model-studio-limits = { path = 'REPOSITORY', features = ['singapore'] }",
    concat!(
        "model-studio-limits = { path = 'REPOSITORY', features = ['beijing', 'frankfurt', ",
        "'frankfurt_eu', 'hong_kong', 'hong_kong_global', 'singapore', 'tokyo', ",
        "'tokyo_japan', 'virginia', 'virginia_us'] }"
    ),
    "chrono-tz = { version = '=0.10.4', features = ['filter-by-regex'] }",
    "phf = { version = '=0.14.0', features = ['macros'] }",
    "serde = { version = '=1.0.229', features = ['derive'] }",
    "strum = { version = '=0.28.0', features = ['derive'] }",
];

pub(crate) fn run(quick: bool) {
    let workspace = Workspace::new("cold_build");
    let cases = (0..).zip(DEPENDENCIES).map(|(at, dependency)| {
        let package = format!("dependency_{at}");
        workspace.add(&package, dependency, "src/main.rs", "fn main() {}\n");
        (package, dependency)
    });
    let cases: Vec<_> = cases.collect();
    let mut packages = HashMap::new();
    let seconds = measure(quick, &cases, |(package, dependency)| {
        let (seconds, count) = workspace.cold_build(package);
        packages.insert(*dependency, count);
        seconds
    });
    println!("| dependency | `cargo build`, s | packages |");
    println!("| ---------- | ---------------: | -------: |");
    for (dependency, seconds) in DEPENDENCIES.iter().zip(seconds) {
        let packages = packages[dependency];
        println!("| `{dependency}` | {seconds} | {packages} |");
    }
}
