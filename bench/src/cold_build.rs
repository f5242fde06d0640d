//! Measures `cargo build` of an empty program with one dependency and an empty target folder.

use std::cell::RefCell;
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
    for dependency in DEPENDENCIES {
        let main = "fn main() {}\n";
        workspace.add(&package(dependency), dependency, "src/main.rs", main);
    }
    let packages = RefCell::new(HashMap::new());
    let seconds = measure(quick, &DEPENDENCIES, |dependency| {
        let (seconds, count) = workspace.cold_build(&package(dependency));
        packages.borrow_mut().insert(*dependency, count);
        seconds
    });
    println!("| dependency | `cargo build`, s | packages |");
    println!("| ---------- | ---------------: | -------: |");
    for (dependency, seconds) in DEPENDENCIES.iter().zip(seconds) {
        let packages = packages.borrow()[dependency];
        println!("| `{dependency}` | {seconds} | {packages} |");
    }
}

fn package(dependency: &str) -> String {
    let position = DEPENDENCIES.iter().position(|other| *other == dependency);
    format!("dependency_{}", position.unwrap_or_default())
}
