//! Imports the provider's pages: turns them into the data that the tables are generated from.
//!
//! `rate_limit_page` divides the page into sections, tables and rows, and reads the cells of each row.
//! `quota_page` reads the tiers of dynamic limits. Nothing is guessed: what is not known is an error.
//! `cards` reads the model cards, `property_changes` takes over their properties, and `card_limits` compares
//! their limits with those of the page. `retirement` adds the page about retirement to the notices, and
//! `quotas` the answers of the quota endpoint to the windows.
//! `changes` compares the result with the committed data and holds back what is implausible. `life_cycle`
//! compares the tables, and `report` describes the changes.

mod card_limits;
mod cards;
mod cells;
mod changes;
mod columns;
mod deployments;
mod error;
mod headings;
mod held_back;
mod life_cycle;
mod markdown;
mod measures;
mod property_changes;
mod property_rows;
mod quota_page;
mod quotas;
mod rate_limit_page;
mod release;
mod remarks;
mod report;
mod retirement;
mod row;
mod rows;
mod sections;
mod shared;
mod tables;
mod template;
mod tiers;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

pub use cards::CardPage;
pub use quotas::QuotaAnswer;

use changes::Committed;
use headings::Headings;
use held_back::Decisions;
use model_studio_limits_core::Date;
use report::Report;
use retirement::Merged;
use row::{Field, Row};

use crate::deployment::{DEPLOYMENTS, site};
use crate::read::DataFiles;
use crate::read::notices::{self, Notice};
use crate::sources::{NOTICE_FILE, PAGE_FILE, PROPERTY_FILE, QUOTA_FILE};

/// The root of the documentation, in the provider's repository.
const DOCUMENTATION: &str = "skills/bailian-docs-llm-wiki";

/// The directory of the pages about limits, in the documentation.
const LIMITS: &str = "raw/model-user-guide/get-started-with-models";

/// The directory of the page about retirement, in the documentation.
const RELEASES: &str = "raw/model-user-guide/release-notes";

/// The provider's pages.
#[derive(Clone, Debug)]
pub struct ProviderPages {
    /// The date of the pages.
    pub date: String,
    /// `rate-limit.md`.
    pub rate_limits: String,
    /// `quota-management.md`, which has the tiers of dynamic limits.
    pub quotas: Option<String>,
    /// The model cards, which have the properties of models. Without any, those of the data are kept.
    pub cards: Vec<CardPage>,
    /// `model-depreciation.md`, which has the models that are retired.
    pub retirements: Option<String>,
    /// The answers of the quota endpoint, which has the exact windows of limits.
    pub quota_answers: Vec<QuotaAnswer>,
}

impl ProviderPages {
    /// Reads the pages in a checkout of the provider's repository.
    ///
    /// # Errors
    ///
    /// Returns an error if `rate-limit.md` is missing, or if a page cannot be read.
    pub fn load(checkout: &Path, date: String) -> Result<Self, String> {
        let documentation = checkout.join(DOCUMENTATION);
        let path = |directory, file| documentation.join(directory).join(file);
        let page = path(LIMITS, rate_limit_page::FILE);
        let rate_limits = fs::read_to_string(&page);
        Ok(Self {
            date,
            rate_limits: rate_limits.map_err(|error| format!("{}: {error}", page.display()))?,
            quotas: read_if_present(&path(LIMITS, quota_page::FILE))?,
            retirements: read_if_present(&path(RELEASES, retirement::FILE))?,
            quota_answers: Vec::new(),
            cards: CardPage::load(&documentation)?,
        })
    }
}

fn read_if_present(path: &Path) -> Result<Option<String>, String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// Data from the provider's pages, and what people must know about it.
#[derive(Clone, Debug)]
pub struct Import {
    /// The data files with the new rate limit page. If the pages have no news, these are the committed
    /// files.
    pub files: DataFiles,
    /// The report.
    pub report: String,
    /// The entry for `CHANGELOG.md`, if the data changes.
    pub changelog_entry: Option<String>,
}

/// Imports the provider's pages. Implausible changes are held back unless their names are in `accepted`.
///
/// # Errors
///
/// Returns the errors in the pages. Each has a line and what was expected there. An invalid date is also
/// an error.
pub fn import(
    pages: &ProviderPages,
    committed: &DataFiles,
    accepted: &[String],
) -> Result<Import, String> {
    let date = &pages.date;
    if date.parse::<Date>().is_err() {
        return Err(format!(
            "expected a date such as 2026-10-09, found `{date}`"
        ));
    }
    let old = row::read(&committed.page_file, &committed.page)?;
    let old_by_key: HashMap<_, _> = old.iter().map(|row| (row.key(), row)).collect();

    let headings = Headings::read(&committed.headings)?;
    let mut page = rate_limit_page::read(&pages.rate_limits, &headings)?;
    let quotas = pages.quotas.as_deref().map(quota_page::read).transpose()?;
    let remarks = tiers::set_tiers(&mut page.rows, quotas.as_ref(), &old_by_key);
    page.remarks.extend(remarks);
    remarks::keep(&mut page.rows, &old_by_key);

    let cards = cards::read(&pages.cards)?;
    let (conflicts, remarks) = card_limits::compare(&cards, &page.rows);
    page.remarks.extend(remarks);
    page.remarks.extend(cards.remarks.iter().cloned());

    let mut decisions = Decisions::new(accepted);
    let mut files = committed.clone();
    let merged = merge_notices(pages, committed, &page.rows, &mut decisions)?;
    page.remarks.extend(merged.remarks);
    if merged.text != committed.notices {
        files.notices = merged.text;
        files.notice_file = NOTICE_FILE.name(date);
    }
    let notices = notices::read(&files.notice_file, &files.notices)?;
    let merged = quotas::merge(&pages.quota_answers, &files.quota_file, &files.quotas)?;
    page.remarks.extend(merged.remarks);
    if merged.text != committed.quotas {
        files.quotas = merged.text;
        files.quota_file = QUOTA_FILE.name(date);
    }
    let (rows, changes) = changes::apply(
        &Committed {
            rows: &old,
            date: &committed.page_date,
            next_date: date,
            retired: &retired(&notices, date),
        },
        page.rows,
        &mut decisions,
    );
    let property_rows = property_rows::read(&committed.property_file, &committed.properties)?;
    let source = property_changes::Source {
        cards: &cards,
        listed: &rows,
        date,
        is_older: PROPERTY_FILE
            .date(&committed.property_file)
            .is_some_and(|newest| **date < *newest),
    };
    let (property_rows, properties) =
        property_changes::apply(property_rows, &source, &mut decisions);
    let held_back = decisions.finish()?;
    let text = property_rows::write(&property_rows);
    if text != committed.properties {
        files.properties = text;
        files.property_file = PROPERTY_FILE.name(date);
    }
    let text = row::write(&rows);
    // A date that has passed changes the tables, too.
    let since = committed.page_date.as_str();
    let has_passed = |notice: &Notice<'_>| since < notice.date && notice.date <= date.as_str();
    if text != committed.page || notices.iter().any(has_passed) {
        files.page = text;
        files.page_file = PAGE_FILE.name(date);
        files.page_date.clone_from(date);
    }
    let compared = life_cycle::compare(changes, committed, &files)?;
    let report = report::write(&Report {
        dates: [&committed.page_date, date],
        tables: &compared.changes,
        properties: &properties,
        conflicts: &compared.conflicts,
        card_conflicts: &conflicts,
        held_back: &held_back,
        remarks: &page.remarks,
    });
    let has_changes = !compared.changes.is_empty() || properties.has_any();
    let entry = || release::entry(date, &compared.changes, &properties);
    Ok(Import {
        files,
        report,
        changelog_entry: has_changes.then(entry),
    })
}

/// Returns the committed notices with those of the page about retirement.
fn merge_notices(
    pages: &ProviderPages,
    committed: &DataFiles,
    rows: &[Row],
    decisions: &mut Decisions<'_>,
) -> Result<Merged, String> {
    let Some(page) = &pages.retirements else {
        let file = retirement::FILE;
        let remark = format!("there is no {file}, so the notices of the data are kept");
        return Ok(Merged {
            text: committed.notices.clone(),
            remarks: vec![remark],
        });
    };
    let listed = rows.iter().flat_map(|row| {
        let aliases = row.get(Field::Aliases).split(',');
        let names = aliases.chain([row.get(Field::Name)]);
        names.map(|name| (site(row.get(Field::Region)), name.to_owned()))
    });
    let committed = retirement::Committed {
        file: &committed.notice_file,
        text: &committed.notices,
        date: &committed.page_date,
        next_date: &pages.date,
        listed: &listed.collect(),
    };
    retirement::merge(&retirement::read(page)?, &committed, decisions)
}

/// Returns the regions and names of models that have been retired at a date.
fn retired<'a>(notices: &'a [Notice<'a>], date: &str) -> HashSet<(&'a str, &'a str)> {
    let past = notices.iter().filter(|notice| notice.date <= date);
    let retired = past.flat_map(|notice| {
        let of_site = DEPLOYMENTS.iter().filter(|it| it.site() == notice.site);
        of_site.flat_map(|it| notice.names().map(|name| (it.region, name)))
    });
    retired.collect()
}
