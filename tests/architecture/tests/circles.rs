//! No file uses itself through others.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use architecture::{circles, uses};

#[test]
fn no_package_has_a_circle_of_files() {
    let mut report = String::new();
    for root in roots() {
        let uses = uses(&root);
        for circle in circles(&uses) {
            writeln!(report, "a circle of {} files:", circle.len()).unwrap();
            for from in &circle {
                for (to, path) in uses.get(*from).into_iter().flatten() {
                    if circle.contains(to.as_path()) {
                        let (from, to) = (from.display(), to.display());
                        writeln!(report, "  {from} -> {to} ({path})").unwrap();
                    }
                }
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// Returns the root files of all crates outside of tests.
fn roots() -> Vec<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap();
    let mut roots = Vec::new();
    let mut directories = vec![repository.clone()];
    for parent in ["", "examples", "tests"] {
        let entries = fs::read_dir(repository.join(parent)).unwrap();
        directories.extend(entries.map(|entry| entry.unwrap().path()));
    }
    for directory in directories {
        for root in ["src/lib.rs", "src/main.rs"] {
            let root = directory.join(root);
            if root.exists() {
                roots.push(root);
            }
        }
    }
    assert!(roots.len() > 3, "{roots:?}");
    roots
}

#[test]
fn a_circle_through_a_re_export_a_glob_import_and_a_macro_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/circle/lib.rs");
    let uses = uses(&root);
    let [circle] = &circles(&uses)[..] else {
        panic!("{uses:?}");
    };
    let names: Vec<_> = circle
        .iter()
        .map(|file| file.strip_prefix(root.parent().unwrap()).unwrap())
        .collect();
    assert_eq!(names, ["a.rs", "b/mod.rs", "c.rs"].map(Path::new));
}
