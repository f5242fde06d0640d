//! What holds for every table: the generator explains what is wrong with it or emits code that is
//! right, and never panics.

use std::collections::HashSet;

use crate::arbitrary::{Row, Table, name, table};
use crate::body;
use crate::support::Files;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// The variants and the constants of the enum, by their identifiers, in order.
fn identifiers(code: &str) -> (Vec<String>, Vec<String>) {
    let mut variants = Vec::new();
    let mut constants = Vec::new();
    let file = syn::parse_file(code).expect("the code parses");
    let module = file.items.into_iter().find_map(|item| match item {
        syn::Item::Mod(module) => module.content,
        _ => None,
    });
    for item in module.expect("the code has a module").1 {
        match item {
            syn::Item::Enum(item) => {
                variants.extend(item.variants.iter().map(|v| v.ident.to_string()));
            }
            syn::Item::Impl(item) => {
                constants.extend(item.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Const(constant) => Some(constant.ident.to_string()),
                    _ => None,
                }));
            }
            _ => {}
        }
    }
    (variants, constants)
}

/// The letters and digits of a text, which no naming rule may lose or reorder.
fn letters(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn check_code(code: &str, table: &Table) {
    let (variants, constants) = identifiers(code);
    assert_eq!(variants.len(), table.rows.len());
    for (variant, row) in variants.iter().zip(&table.rows) {
        match &row.variant {
            Some(given) => assert_eq!(variant, given),
            None => assert_eq!(letters(variant), letters(&row.name)),
        }
    }
    let all: HashSet<_> = variants.iter().chain(&constants).collect();
    assert_eq!(all.len(), variants.len() + constants.len());
}

/// A report has a place for every problem, in the order of the lines.
fn check_report(report: &str) {
    let mut places = Vec::new();
    for line in report.lines() {
        if let Some(place) = line.strip_prefix("limits.yaml:") {
            let mut numbers = place.splitn(3, ':');
            let mut number = || numbers.next().unwrap().parse::<usize>().unwrap();
            places.push((number(), number()));
        }
    }
    assert!(!places.is_empty(), "{report}");
    assert!(places.is_sorted(), "{report}");
    assert!(places.iter().all(|(line, column)| *line > 0 && *column > 0));
}

/// The same cases at every run; other ones with another seed.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 500,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn names_become_identifiers(names in prop::collection::hash_set(name(), 1)) {
        let files = Files::new("names_become_identifiers");
        let name = names.into_iter().next().unwrap();
        let row = Row {
            name: name.clone(),
            aliases: Vec::new(),
            variant: None,
            deprecated: None,
            limits: [Some(1), None, None, None],
        };
        let table = Table { series: "S".to_owned(), rows: vec![row] };
        match files.generate(table.yaml()) {
            Ok(code) => check_code(&code, &table),
            Err(report) => {
                let reasons = ["to make an identifier of", "used by the enum itself", " holds ", "is empty"];
                prop_assert!(reasons.iter().any(|reason| report.contains(reason)), "{name:?}: {report}");
                check_report(&report);
            }
        }
    }

    #[test]
    fn tables_are_accepted_or_explained(table in table(1..6)) {
        let files = Files::new("tables_are_accepted_or_explained");
        let yaml = table.yaml();
        let result = files.generate(&yaml);
        prop_assert_eq!(&result, &files.generate(&yaml), "the same input, the same bytes");
        match result {
            Ok(code) => check_code(&code, &table),
            Err(report) => check_report(&report),
        }
    }

    #[test]
    fn damaged_tables_are_explained(table in table(1..4), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let files = Files::new("damaged_tables_are_explained");
        let mut yaml = table.yaml().into_bytes();
        for (at, byte) in damage {
            let at = at.index(yaml.len());
            match byte {
                0..=63 => yaml[at] = byte + 64,
                64..=127 => _ = yaml.remove(at),
                128..=191 => yaml.insert(at, b" :-#'\"&*!|>%@`{}[],?\n\t~"[usize::from(byte) % 23]),
                _ => yaml[at] = byte,
            }
            if yaml.is_empty() {
                yaml.push(byte);
            }
        }
        if let Err(report) = files.generate(&yaml) {
            check_report(&report);
        }
    }

    #[test]
    fn bytes_as_the_fuzzer_gives_them(data in prop::collection::vec(any::<u8>(), 0..200)) {
        body::bytes(&data);
    }

    #[test]
    fn structures_as_the_fuzzer_gives_them(data in prop::collection::vec(any::<u8>(), 0..200)) {
        body::structure(&data);
    }
}
