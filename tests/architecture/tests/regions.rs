//! Each region is in every file that lists the regions.

use std::fs;
use std::path::Path;

/// The files that CONTRIBUTING.md names under "Add a region".
const FILES: [&str; 9] = [
    "README.md",
    "codegen/src/generator.rs",
    "Cargo.toml",
    "build.rs",
    "src/lib.rs",
    "tables/lib.rs",
    "xtask/src/deployment.rs",
    "cli/src/tables.rs",
    "tests/features/tests/regions.rs",
];

#[test]
fn each_region_is_in_every_file_that_lists_the_regions() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let contributing = fs::read_to_string(repository.join("CONTRIBUTING.md")).unwrap();
    let (_, recipe) = contributing.split_once("## Add a region").unwrap();
    let (recipe, _) = recipe.split_once("\n## ").unwrap();
    let tables = fs::read_dir(repository.join("tables")).unwrap();
    let tables = tables.map(|entry| entry.unwrap().path());
    let regions: Vec<String> = tables
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert!(regions.len() > 5, "{regions:?}");
    for file in FILES {
        assert!(
            recipe.contains(&format!("`{file}`")),
            "the recipe does not name {file}"
        );
        let text = fs::read_to_string(repository.join(file)).unwrap();
        let words: Vec<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .collect();
        for region in &regions {
            assert!(
                words.contains(&region.as_str()),
                "{file} does not list `{region}`"
            );
        }
    }
}
