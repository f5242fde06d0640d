//! What the model cards become.

mod changes;
mod mistakes;
mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use xtask::{CardPage, DataFiles, Import, ProviderPages};

use crate::{committed, no_data, package, page, with_quotas};

const DIRECTORY: &str = "raw/model-user-guide/support/model-studio-model-list";

/// Returns the cards in the directory with the pages, at the paths that the provider has them.
fn cards() -> Vec<CardPage> {
    let root = package().join("tests/pages/cards-2026-08-20");
    let entries = |directory: &Path| {
        let entries = fs::read_dir(directory).expect("the cards");
        let entries: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
        entries
    };
    let files = entries(&root).into_iter().flat_map(|it| entries(&it));
    let cards = files.map(|path| {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap();
        CardPage {
            file: format!("{DIRECTORY}/{file}"),
            text: fs::read_to_string(&path).unwrap(),
        }
    });
    cards.collect()
}

fn with_cards(date: &str) -> ProviderPages {
    ProviderPages {
        date: date.to_owned(),
        cards: cards(),
        ..with_quotas("2026-10-09")
    }
}

/// Returns the data with the properties of the models that have a card in `cards`, and without notices,
/// because the dates of some have passed on the days of these tests.
fn data() -> DataFiles {
    DataFiles {
        notices: no_data().notices,
        property_file: "properties-2026-10-09.tsv".to_owned(),
        properties: page("properties-of-cards.tsv"),
        ..committed()
    }
}

/// Returns the card whose file has a name, to change it.
fn card<'a>(pages: &'a mut ProviderPages, file: &str) -> &'a mut String {
    let mut cards = pages.cards.iter_mut();
    let card = cards.find(|card| card.file.ends_with(&format!("/{file}.md")));
    &mut card.expect("the card").text
}

/// Replaces the first place in a card that has a text.
fn edit(pages: &mut ProviderPages, file: &str, from: &str, to: &str) {
    let text = card(pages, file);
    assert!(text.contains(from), "{file}: {from}");
    *text = text.replacen(from, to, 1);
}

/// Returns the rows of a file with properties, by region, scope and name.
fn rows(text: &str) -> BTreeMap<[&str; 3], BTreeMap<&str, &str>> {
    let mut lines = text.lines().map(|line| line.split('\t'));
    let header: Vec<_> = lines.next().unwrap().collect();
    let rows = lines.map(|cells| {
        let row: BTreeMap<_, _> = header.iter().copied().zip(cells).collect();
        (["region", "scope", "name"].map(|column| row[column]), row)
    });
    rows.collect()
}

fn section<'a>(import: &'a Import, title: &str) -> &'a str {
    let (_, section) = import.report.split_once(title).unwrap_or_default();
    section.split("\n## ").next().unwrap_or_default()
}
