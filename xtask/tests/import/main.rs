//! What the provider's pages become.

mod cards;
mod changes;
mod damage;
mod mistakes;
mod quotas;
mod reading;
mod retirement;
mod retirement_mistakes;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use xtask::{DataFiles, ProviderPages};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the data files of 2026-10-09, also when newer ones are committed.
fn committed() -> DataFiles {
    let files = DataFiles::load(&package().join("data")).expect("the data files");
    DataFiles {
        page_date: "2026-10-09".to_owned(),
        page_file: "models-2026-10-09.tsv".to_owned(),
        page: page("models-2026-10-09.tsv"),
        notice_file: "lifecycle-2026-08.tsv".to_owned(),
        notices: page("lifecycle-2026-08.tsv"),
        quota_file: "windows-2026-08.tsv".to_owned(),
        quotas: page("windows-2026-08.tsv"),
        ..files
    }
}

fn page(file: &str) -> String {
    let path = package().join("tests/pages").join(file);
    fs::read_to_string(path).expect("the page")
}

fn pages(date: &str) -> ProviderPages {
    ProviderPages {
        date: date.to_owned(),
        rate_limits: page(&format!("rate-limit-{date}.md")),
        quotas: None,
        cards: Vec::new(),
        retirements: None,
        quota_answers: Vec::new(),
    }
}

fn with_quotas(date: &str) -> ProviderPages {
    let quotas = Some(page("quota-management.md"));
    ProviderPages {
        quotas,
        ..pages(date)
    }
}

fn accept(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Replaces a text that must be there once.
fn edit(page: &mut String, from: &str, to: &str) {
    assert_eq!(page.matches(from).count(), 1, "{from}");
    *page = page.replace(from, to);
}

/// Returns the data files without rows of the page and without notices.
fn no_data() -> DataFiles {
    let mut files = committed();
    for text in [&mut files.page, &mut files.notices] {
        text.truncate(text.find('\n').expect("a header") + 1);
    }
    files
}

/// Returns the cells of the rows, and their columns.
fn rows(files: &DataFiles) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = files.page.lines().map(|line| line.split('\t'));
    let header: Vec<_> = lines.next().expect("a header").collect();
    lines
        .map(|cells| header.iter().copied().zip(cells).collect())
        .collect()
}

/// Compares a text with a file. With `UPDATE=1`, writes the file.
fn compare(file: &str, text: &str) {
    let path: PathBuf = package().join("tests/import/expected").join(file);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    for (line, expected) in text.lines().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert!(text == expected, "{file} has another number of lines");
}
