//! Finds which source files of a package use items of which others.
//!
//! A file uses another if one of its paths names an item that the other defines. A path through a
//! re-export leads to the file that defines the item, so `lib.rs` may both declare a module and
//! re-export its items. Method calls have no path and are not seen. Code under `#[cfg(test)]` is
//! skipped, and so are modules with `#[path]`, which are files of other packages.

mod module;
mod references;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use module::Crate;

/// For each file of a crate, the files that it uses, each with one of the paths.
pub type Uses = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

/// Returns the uses between the files of the crate with this root file.
///
/// # Panics
///
/// Panics if a file cannot be read or parsed.
#[must_use]
pub fn uses(root: &Path) -> Uses {
    let modules = Crate::read(root);
    let mut uses = Uses::new();
    for (module, path) in references::all(&modules) {
        let from = modules.file(&module);
        let Some(to) = modules.resolve(&module, &path) else {
            continue;
        };
        if from != to {
            let to = to.to_owned();
            let text = path.join("::");
            uses.entry(from.to_owned())
                .or_default()
                .entry(to)
                .or_insert(text);
        }
    }
    uses
}

/// Returns the circles: groups of files, each of which uses all others of its group, directly or
/// through others.
#[must_use]
pub fn circles(uses: &Uses) -> Vec<BTreeSet<&Path>> {
    let mut circles: Vec<BTreeSet<&Path>> = Vec::new();
    for file in uses.keys() {
        if circles.iter().any(|circle| circle.contains(file.as_path())) {
            continue;
        }
        let reached = reachable(uses, file);
        let circle: BTreeSet<&Path> = reached
            .into_iter()
            .filter(|other| reachable(uses, other).contains(file.as_path()))
            .collect();
        if circle.len() > 1 {
            circles.push(circle);
        }
    }
    circles
}

/// Returns the files that a file uses, directly or through others.
fn reachable<'a>(uses: &'a Uses, from: &Path) -> BTreeSet<&'a Path> {
    let mut found = BTreeSet::new();
    let mut next = vec![from];
    while let Some(file) = next.pop() {
        for used in uses.get(file).into_iter().flat_map(BTreeMap::keys) {
            if found.insert(used.as_path()) {
                next.push(used);
            }
        }
    }
    found
}
