//! Identifiers that every enum needs for itself.

use model_studio_limits_codegen::Generator;

use crate::scratch::ScratchDir;

/// The runtime's macro with the constants and methods of enums.
const IMPLEMENT: &str = include_str!("../../../src/impls/methods.rs");

#[test]
fn no_variant_has_the_name_of_a_public_item_of_the_enum() {
    let lines = IMPLEMENT.lines().map(str::trim_start);
    let items = lines.filter_map(|line| {
        let item = line.strip_prefix("pub ")?;
        let item = item.strip_prefix("const ").unwrap_or(item);
        let item = item.strip_prefix("fn ").unwrap_or(item);
        item.split(['(', ':']).next()
    });
    let items: Vec<&str> = items.collect();
    assert!(
        items.contains(&"ALL") && items.contains(&"limits"),
        "{items:?}"
    );
    let scratch = ScratchDir::new();
    for item in items {
        let model = format!("{{ name: a, variant: {item}, limits: none }}");
        let group = format!("{{ category: embedding, series: s, models: [{model}] }}");
        let table = scratch.write("limits.yaml", format!("groups: [{group}]"));
        let report = Generator::new(table).generate().unwrap_err().to_string();
        assert!(report.contains("is reserved"), "{item}: {report}");
    }
}
