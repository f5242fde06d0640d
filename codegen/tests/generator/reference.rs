//! The documentation page that lists all models.

use model_studio_limits_codegen::Generator;

use crate::scratch::ScratchDir;

/// A row with another number of cells than its heading is not shown as part of the table.
#[test]
fn all_rows_of_a_table_have_the_same_number_of_cells() {
    let group = |series: &str, limits: [&str; 2]| {
        let [a, b] = limits.map(|limits| format!("limits: {limits} }}"));
        format!(
            "  - category: embedding\n    series: {series}\n    models:\n      \
             - {{ name: {series}-a, {a}\n      - {{ name: {series}-b, aliases: [{series}-c], {b}\n"
        )
    };
    let groups = [
        group("none", ["none", "none"]),
        group("some", ["none", "{ qpm: 1, tpm: 2 }"]),
        group("window", ["none", "{ requests: 5 per 7s }"]),
        group("one", ["{ qpm: 1 }", "{ qpm: 2 }"]),
    ];
    let retired = "retired: [{ name: old, on: 2026-05-13, replacement: one-a }]\n";
    let scratch = ScratchDir::new();
    let path = scratch.write(
        "limits.yaml",
        format!("groups:\n{}{retired}", groups.concat()),
    );
    let code = scratch.generate(&Generator::new(path).built_in()).unwrap();
    let (_, page) = code.split_once("# Embedding").expect("the page");
    let tables = page.split("\n\n").filter(|block| block.starts_with('|'));
    let cells = tables.map(|table| {
        let rows = table.lines().take_while(|line| line.starts_with('|'));
        rows.map(|row| row.matches('|').count()).collect()
    });
    let cells: Vec<Vec<usize>> = cells.collect();
    let rows_of = |columns: usize| vec![columns + 1; 4];
    // The last table, of the retired models, has one row less.
    let expected = [rows_of(2), rows_of(4), rows_of(3), rows_of(3), vec![4; 3]];
    assert_eq!(cells, expected);
}
