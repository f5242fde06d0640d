//! What holds for every table: the generator returns code that fits the table or a report, and never
//! panics.

use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use syn::{ImplItem, Item};

use crate::arbitrary::{Row, Table, name, table, values};
use crate::{choices, oracle};

/// Checks that the enum has a variant for each row, and that no two items have the same identifier.
fn check_code(code: &str, table: &Table) {
    let (variants, constants) = identifiers(code);
    let names = table.rows.iter();
    let names = names.map(|row| row.variant.as_ref().unwrap_or(&row.name));
    let expected: Vec<String> = names.map(|name| letters(name)).collect();
    let actual: Vec<String> = variants.iter().map(|name| letters(name)).collect();
    assert_eq!(actual, expected);
    for (variant, row) in variants.iter().zip(&table.rows) {
        if let Some(given) = &row.variant {
            assert_eq!(variant, given);
        }
    }
    let mut unique = HashSet::new();
    for identifier in variants.iter().chain(&constants) {
        assert!(unique.insert(identifier), "duplicate `{identifier}`");
    }
}

/// Returns the variants and the constants of the enum.
fn identifiers(code: &str) -> (Vec<String>, Vec<String>) {
    let mut variants = Vec::new();
    let mut constants = Vec::new();
    let file = syn::parse_file(code).unwrap();
    for item in oracle::module_items(&file) {
        match item {
            Item::Enum(item) => {
                let names = item.variants.iter();
                variants.extend(names.map(|variant| variant.ident.to_string()));
            }
            Item::Impl(item) => {
                constants.extend(item.items.iter().filter_map(|item| match item {
                    ImplItem::Const(constant) => Some(constant.ident.to_string()),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    (variants, constants)
}

/// Returns the ASCII letters and digits of a name, which its identifier has in the same order.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// Changes, removes, inserts or replaces a byte.
fn damage(yaml: &mut Vec<u8>, at: Index, byte: u8) {
    const SPECIAL: &[u8] = b" :-#'\"&*!|>%@`{}[],?\n\t~";
    let at = at.index(yaml.len());
    match byte {
        0..64 => yaml[at] = byte + 64,
        64..128 if yaml.len() > 1 => _ = yaml.remove(at),
        128..192 => yaml.insert(at, SPECIAL[usize::from(byte) % SPECIAL.len()]),
        _ => yaml[at] = byte,
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 500,
        failure_persistence: None,
        // Failures are reproducible.
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn names_become_identifiers(name in name()) {
        let row = Row { name, limits: vec![("qpm", 1)], ..Row::default() };
        let table = Table { series: "S".to_owned(), rows: vec![row], ..Table::default() };
        match oracle::check(table.yaml().as_bytes(), None) {
            Ok(code) => check_code(&code, &table),
            Err(report) => {
                let reasons = ["cannot derive an identifier", "is reserved", "contains", "is empty"];
                let is_expected = reasons.iter().any(|reason| report.contains(reason));
                prop_assert!(is_expected, "{}", report);
            }
        }
    }

    #[test]
    fn tables_are_generated_or_reported(table in table(1..6)) {
        if let Ok(code) = oracle::check(table.yaml().as_bytes(), None) {
            check_code(&code, &table);
        }
    }

    #[test]
    fn overlays_set_properties(
        table in table(1..4),
        changes in prop::collection::vec(values(), 1..4),
    ) {
        let overlay = table.overlay(&changes);
        _ = oracle::check(table.yaml().as_bytes(), Some(overlay.as_bytes()));
    }

    #[test]
    fn damaged_tables_are_generated_or_reported(
        table in table(1..4),
        changes in prop::collection::vec(any::<(Index, u8)>(), 1..4),
    ) {
        let mut yaml = table.yaml().into_bytes();
        for (at, byte) in changes {
            damage(&mut yaml, at, byte);
        }
        _ = oracle::check(&yaml, None);
    }

    #[test]
    fn fuzz_bytes(table: Vec<u8>, overlay: Option<Vec<u8>>) {
        _ = oracle::check(&table, overlay.as_deref());
    }

    #[test]
    fn fuzz_structure(data in prop::collection::vec(any::<u8>(), 0..200)) {
        let (table, overlay) = choices::table_and_overlay(&data);
        _ = oracle::check(table.as_bytes(), overlay.as_deref().map(str::as_bytes));
    }
}
