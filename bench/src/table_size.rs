//! Measures `cargo check` of a crate that contains only a table, by the number of models.

use crate::measure::measure;
use crate::scratch::Workspace;

const MODELS: [usize; 4] = [1, 100, 300, 1_000];

pub(crate) fn run(quick: bool) {
    let workspace = Workspace::new("table_size");
    let source = "#![doc = \"\"]\nmodel_studio_limits::include_models!(\"models.rs\");\n";
    for models in MODELS {
        workspace.add_with_table(&package(models), models, "src/lib.rs", source);
    }
    let measure = |file| {
        measure(quick, &MODELS, |models| {
            workspace.check(&package(*models), file, true) * 1e3
        })
    };
    // After a change of the table, the build script runs the generator again.
    let (code, table) = (measure("src/lib.rs"), measure("limits.yaml"));
    println!("| models | `lib.rs` changed, ms | table changed, ms |");
    println!("| -----: | -------------------: | ----------------: |");
    for (at, models) in MODELS.iter().enumerate() {
        println!("| {models} | {} | {} |", code[at], table[at]);
    }
}

fn package(models: usize) -> String {
    format!("models_{models}")
}
