//! The notes of `#[deprecated]` attributes.

use model_studio_limits_codegen::Generator;
use syn::{Attribute, Item, LitStr};

use crate::oracle::module_items;
use crate::scratch::ScratchDir;

/// Returns the note of a model that is deprecated with these fields.
fn generated_note(fields: &str) -> String {
    let table = format!(
        "groups: [{{ category: embedding, series: S, models: [
           {{ name: a, limits: {{ qpm: 1 }}, deprecated: {{ {fields} }} }}
         ] }}]"
    );
    let scratch = ScratchDir::new();
    let generator = Generator::new(scratch.write("limits.yaml", table));
    let code = scratch.generate(&generator).unwrap();
    let file = syn::parse_file(&code).unwrap();
    let variant = module_items(&file).iter().find_map(|item| match item {
        Item::Enum(item) => item.variants.first(),
        _ => None,
    });
    let mut attributes = variant.expect("a variant").attrs.iter();
    let attribute = attributes.find(|attribute| attribute.path().is_ident("deprecated"));
    note_of(attribute.expect("a `#[deprecated]` attribute"))
}

fn note_of(attribute: &Attribute) -> String {
    let mut note = String::new();
    let parsed = attribute.parse_nested_meta(|meta| {
        note = meta.value()?.parse::<LitStr>()?.value();
        Ok(())
    });
    parsed.unwrap();
    note
}

/// Compilers show notes as they are, so escapes would be visible.
#[test]
fn notes_are_not_escaped() {
    for note in ["gone in spring", r"see a_b, *c*, [d] and \e"] {
        assert_eq!(generated_note(&format!("note: '{note}'")), note);
    }
}

/// rustdoc shows notes as Markdown, so HTML would take effect.
#[test]
fn notes_with_html_are_code_spans() {
    assert_eq!(generated_note("note: use <b>_b_</b>"), "`use <b>_b_</b>`");
    assert_eq!(generated_note("note: use `<b>`"), "`` use `<b>` ``");
}

#[test]
fn notes_name_the_date_and_the_source() {
    for (fields, note) in [
        ("retires: 2026-10-10", "retires on 2026-10-10"),
        (
            "retires: 2026-10-10, source: notice 7, note: n",
            "retires on 2026-10-10 (notice 7); n",
        ),
        ("source: notice 7, note: n", "source: notice 7; n"),
    ] {
        assert_eq!(generated_note(fields), note);
    }
}

/// A retired model has no variant.
#[test]
fn names_of_retired_models_do_not_become_identifiers() {
    let table = "\
groups: [{ category: embedding, series: S, models: [{ name: a, limits: { qpm: 1 } }] }]
retired: [{ name: 模型, on: 2026-05-13 }, { name: A, on: 2026-05-13 }]
";
    let scratch = ScratchDir::new();
    let generator = Generator::new(scratch.write("limits.yaml", table));
    let code = scratch.generate(&generator).unwrap();
    assert!(code.contains("Retired::new(\"模型\", "), "{code}");
}
