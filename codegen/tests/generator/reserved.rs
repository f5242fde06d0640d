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

/// The runtime's macros with the implementations of traits, and the trait `Catalogue`.
const TRAITS: [&str; 7] = [
    include_str!("../../../src/catalogue.rs"),
    include_str!("../../../src/impls/clap.rs"),
    include_str!("../../../src/impls/schemars.rs"),
    include_str!("../../../src/impls/serde.rs"),
    include_str!("../../../src/impls/strum.rs"),
    include_str!("../../../src/impls/text.rs"),
    include_str!("../../../src/impls/traits.rs"),
];

#[test]
fn no_property_has_the_name_of_a_method_of_the_enum() {
    let lines = TRAITS.iter().flat_map(|text| text.lines());
    let methods = lines.filter_map(|line| {
        let method = line.trim_start().strip_prefix("fn ")?;
        method.split(['(', '<']).next()
    });
    let mut methods: Vec<&str> = methods.collect();
    assert!(
        methods.contains(&"is_dynamic") && methods.contains(&"partial_cmp"),
        "{methods:?}"
    );
    // Methods that the traits of the standard library provide, or that every type has.
    methods.extend([
        "to_string",
        "max",
        "ne",
        "lt",
        "into",
        "to_owned",
        "borrow",
        "type_id",
    ]);
    let scratch = ScratchDir::new();
    for method in methods {
        let group = "{ category: embedding, series: s, models: [{ name: a, limits: none }] }";
        let text = format!("properties: {{ {method}: {{ type: text }} }}\ngroups: [{group}]");
        let table = scratch.write("limits.yaml", text);
        let report = Generator::new(table).generate().unwrap_err().to_string();
        assert!(
            report.contains("the name of a method"),
            "{method}: {report}"
        );
    }
}
