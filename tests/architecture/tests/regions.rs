//! Each region is in the files that list the regions by hand.
//!
//! Every other list is generated from `xtask/src/deployment.rs`, or derived from a generated one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use model_studio_limits_tables::TABLES;

#[test]
fn each_region_has_a_feature() {
    let manifest = read("Cargo.toml");
    let features = section(&manifest, "\n[features]\n", "\n[");
    for region in regions() {
        let feature = format!("\n{region} = ");
        assert!(
            features.contains(&feature),
            "Cargo.toml does not have the feature `{region}`"
        );
    }
    let all = section(features, "\nall-regions = [", "]");
    let all: Vec<&str> = all.split(", ").map(|name| name.trim_matches('"')).collect();
    assert_eq!(all, regions(), "`all-regions` in Cargo.toml");
}

#[test]
fn the_readme_lists_each_region() {
    let readme = read("README.md");
    let table = section(&readme, "\n## Regions\n", "\n## ");
    for region in regions() {
        assert!(
            table.contains(&format!("`{region}`")),
            "README.md does not list `{region}`"
        );
    }
}

#[test]
fn the_recipe_names_each_of_these_files() {
    let contributing = read("CONTRIBUTING.md");
    let recipe = section(&contributing, "\n## Add a region\n", "\n## ");
    for file in ["xtask/src/deployment.rs", "Cargo.toml", "README.md"] {
        assert!(
            recipe.contains(&format!("`{file}`")),
            "the recipe does not name {file}"
        );
    }
}

#[test]
fn each_table_is_in_the_list() {
    let files = fs::read_dir(repository().join("tables")).unwrap();
    let files = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = files.filter_map(|file| Some(file.strip_suffix(".yaml")?.to_owned()));
    let names: BTreeSet<String> = names.collect();
    let listed: BTreeSet<String> = regions().into_iter().map(str::to_owned).collect();
    assert_eq!(names, listed, "the files in tables/, and the list");
}

fn regions() -> Vec<&'static str> {
    TABLES.iter().map(|(region, _)| *region).collect()
}

/// Returns the text between a heading and the next `end`.
fn section<'a>(text: &'a str, heading: &str, end: &str) -> &'a str {
    let (_, section) = text.split_once(heading).expect(heading);
    section.split(end).next().unwrap_or(section)
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    fs::read_to_string(repository().join(file)).expect(file)
}
