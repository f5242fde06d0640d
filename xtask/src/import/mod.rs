//! Imports the provider's pages: turns them into the data that the tables are generated from.
//!
//! `rate_limit_page` divides the page into sections, tables and rows, and reads the cells of each row.
//! `quota_page` reads the tiers of dynamic limits. Nothing is guessed: what is not known is an error.
//! `cards` reads the model cards, `property_changes` takes over their properties, and `card_limits` compares
//! their limits with those of the page.
//! `changes` compares the result with the committed data and holds back what is implausible, and `report`
//! describes the changes.

mod card_limits;
mod cards;
mod cells;
mod changes;
mod columns;
mod deployments;
mod error;
mod headings;
mod held_back;
mod markdown;
mod measures;
mod property_changes;
mod property_rows;
mod quota_page;
mod rate_limit_page;
mod release;
mod remarks;
mod report;
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

use changes::Committed;
use headings::Headings;
use held_back::Decisions;
use model_studio_limits_core::Date;
use report::Report;

use crate::deployment::DEPLOYMENTS;
use crate::read::DataFiles;
use crate::read::notices::{self, Notice};
use crate::sources::{PAGE_FILE, PROPERTY_FILE};

/// The root of the documentation, in the provider's repository.
const DOCUMENTATION: &str = "skills/bailian-docs-llm-wiki";

/// The directory of the pages about limits, in the documentation.
const PAGES: &str = "raw/model-user-guide/get-started-with-models";

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
}

impl ProviderPages {
    /// Reads the pages in a checkout of the provider's repository.
    ///
    /// # Errors
    ///
    /// Returns an error if `rate-limit.md` is missing, or if a page cannot be read.
    pub fn load(checkout: &Path, date: String) -> Result<Self, String> {
        let documentation = checkout.join(DOCUMENTATION);
        let path = documentation.join(PAGES).join(rate_limit_page::FILE);
        let rate_limits = fs::read_to_string(&path);
        let rate_limits = rate_limits.map_err(|error| format!("{}: {error}", path.display()))?;
        let path = documentation.join(PAGES).join(quota_page::FILE);
        let quotas = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        Ok(Self {
            date,
            rate_limits,
            quotas,
            cards: CardPage::load(&documentation)?,
        })
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

    let notices = notices::read(&committed.notice_file, &committed.notices)?;
    let mut decisions = Decisions::new(accepted);
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
    let mut files = committed.clone();
    let text = property_rows::write(&property_rows);
    if text != committed.properties {
        files.properties = text;
        files.property_file = PROPERTY_FILE.name(date);
    }
    let text = row::write(&rows);
    if text != committed.page {
        files.page = text;
        files.page_file = PAGE_FILE.name(&pages.date);
        files.page_date.clone_from(&pages.date);
    }
    let report = report::write(&Report {
        dates: [&committed.page_date, date],
        tables: &changes,
        properties: &properties,
        conflicts: &conflicts,
        held_back: &held_back,
        remarks: &page.remarks,
    });
    Ok(Import { files, report })
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
