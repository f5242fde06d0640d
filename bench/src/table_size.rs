//! Measures `cargo check` of a crate that contains only a table, by the number and content of its rows.

use crate::measure::measure;
use crate::names::{Rows, names, yaml};
use crate::scratch::Workspace;

const TABLES: [(&str, usize, Rows); 5] = [
    ("1 model", 1, Rows::FewLimits),
    ("1,000 models, ten pairs of limits", 1_000, Rows::FewLimits),
    (
        "1,000 models, each with its own limits",
        1_000,
        Rows::DistinctLimits,
    ),
    ("1 model, nine properties", 1, Rows::Properties),
    (
        "1,000 models, each with its own limits and nine properties",
        1_000,
        Rows::Properties,
    ),
];

pub(crate) fn run(quick: bool) {
    let workspace = Workspace::new("table_size");
    let source = "#![doc = \"\"]\nmodel_studio_limits::include_models!(\"models.rs\");\n";
    for (index, (_, models, rows)) in TABLES.iter().enumerate() {
        let table = yaml(&names(*models), *rows);
        workspace.add_with_table(&package(index), &table, "src/lib.rs", source);
    }
    let indexes: Vec<usize> = (0..TABLES.len()).collect();
    let measure = |file, incremental| {
        measure(quick, &indexes, |index| {
            workspace.check(&package(*index), file, incremental) * 1e3
        })
    };
    let incremental = measure("src/lib.rs", true);
    // After a change of the table, the build script runs the generator again.
    let table = measure("limits.yaml", true);
    let full = measure("src/lib.rs", false);
    println!("| table | `lib.rs` changed, ms | `limits.yaml` changed, ms | not incremental, ms |");
    println!("| --- | ---: | ---: | ---: |");
    for (index, (name, ..)) in TABLES.iter().enumerate() {
        let (incremental, table, full) = (&incremental[index], &table[index], &full[index]);
        println!("| {name} | {incremental} | {table} | {full} |");
    }
}

fn package(index: usize) -> String {
    format!("table_{index}")
}
