//! What Cargo builds again when a table changes.

use crate::package::{Package, succeeds};

#[test]
fn only_a_change_of_the_table_builds_the_catalogue_again() {
    let table = |qpm| {
        let row = format!("{{ name: mine, limits: {{ qpm: {qpm} }} }}");
        format!("groups: [{{ category: embedding, series: S, models: [{row}] }}]")
    };
    let package = Package::with_own_catalogue(
        "changed-table",
        &table(1),
        "model_studio_limits::include_models!(\"models.rs\");

         fn main() {
             print!(\"{}\", model!(\"mine\").limits().queries_per_minute().unwrap());
         }",
    );
    assert_eq!(package.run(), "1");
    assert!(is_fresh(&package));
    package.write("limits.yaml", &table(2));
    assert!(!is_fresh(&package));
    assert_eq!(package.run(), "2");
    assert!(is_fresh(&package));
}

/// Builds the package. Returns whether everything was built already.
fn is_fresh(package: &Package) -> bool {
    let output = package.cargo(&["build", "--verbose"]).output().unwrap();
    let log = String::from_utf8(output.stderr.clone()).unwrap();
    succeeds(output);
    assert!(log.contains("Fresh"), "{log}");
    !log.contains("Running") && !log.contains("Dirty")
}
