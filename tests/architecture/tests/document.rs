//! ARCHITECTURE.md describes the repository as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn each_path_in_the_documents_exists() {
    let repository = repository();
    let mut checked = 0;
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"] {
        let text = read(&repository.join(document));
        for path in code_spans(&text).filter(|span| is_path(span)) {
            let exists = repository.join(path).exists();
            assert!(exists, "{document} names `{path}`, which does not exist");
            checked += 1;
        }
    }
    assert!(checked > 50, "only {checked} paths were found");
}

#[test]
fn packages_use_only_the_packages_that_the_map_allows() {
    let repository = repository();
    let map = allowed();
    for (directory, allowed) in &map {
        let manifest = read(&repository.join(directory).join("Cargo.toml"));
        let mut used = used_packages(&manifest);
        used.sort_unstable();
        assert_eq!(
            used, *allowed,
            "`{directory}` in the map of ARCHITECTURE.md"
        );
    }
    let published = fs::read_dir(&repository).unwrap().filter(|entry| {
        let manifest = entry.as_ref().unwrap().path().join("Cargo.toml");
        manifest.exists() && !read(&manifest).contains("publish = false")
    });
    // The root package is in the map too.
    assert_eq!(map.len(), published.count() + 1, "{map:?}");
}

/// Returns the map of ARCHITECTURE.md: the directory of each published package, and the packages
/// of this repository that it may use, in alphabetical order.
fn allowed() -> BTreeMap<String, Vec<String>> {
    let text = read(&repository().join("ARCHITECTURE.md"));
    let (_, map) = text
        .split_once("| Package | Directory | May use |")
        .unwrap();
    let rows = map.lines().skip(2).take_while(|line| line.starts_with('|'));
    let rows = rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let directory = code_spans(cells[1]).next().unwrap();
        let mut uses: Vec<String> = code_spans(cells[2]).map(str::to_owned).collect();
        uses.sort_unstable();
        (directory.to_owned(), uses)
    });
    rows.collect()
}

/// Returns the packages of this repository among the dependencies of a manifest.
/// Dependencies of tests do not count.
fn used_packages(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut used = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        } else if section == "[dependencies]" || section == "[build-dependencies]" {
            let name = line.split(['.', ' ']).next().unwrap();
            if name.starts_with("model-studio-") {
                used.push(name.to_owned());
            }
        }
    }
    used
}

/// Returns the code spans of a Markdown text, outside of code blocks.
fn code_spans(text: &str) -> impl Iterator<Item = &str> {
    let outside = text.split("```").step_by(2);
    outside.flat_map(|text| text.split('`').skip(1).step_by(2))
}

/// Returns `true` for a code span that is a path from the root of the repository.
fn is_path(span: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let has_ending = [".rs", ".md", ".yaml", ".toml", ".lua", ".yml", ".txt", "/"];
    let has_ending = has_ending.iter().any(|ending| span.ends_with(ending));
    span.contains('/') && has_ending && span.chars().all(is_plain)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
