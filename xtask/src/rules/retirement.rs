//! Applies the provider's retirement notices.

use crate::deployment::Deployment;
use crate::deviations::Deviations;
use crate::read::notices::Notice;
use crate::read::page::Listing;
use crate::table::{Deprecation, RegionTable, Retirement};

/// Returns one notice for each name and site. If there are several, uses the one with the latest
/// date, because the provider postponed some retirements.
pub(super) fn latest<'a>(
    notices: &'a [Notice<'a>],
    deviations: &mut Deviations,
) -> Vec<&'a Notice<'a>> {
    let mut latest: Vec<&Notice<'_>> = Vec::new();
    for notice in notices {
        let (name, site) = (notice.name, notice.site);
        let mut others = latest.iter_mut();
        let other = others.find(|other| other.site == site && other.name.text == name.text);
        let Some(other) = other else {
            latest.push(notice);
            continue;
        };
        let (line, date) = (other.name.line, other.date.max(notice.date));
        let message = format!("has another notice on line {line}; the one of {date} is used");
        deviations.add(&name, message);
        if notice.date > other.date {
            *other = notice;
        }
    }
    latest
}

/// A row of the page, and the deployment whose table has it.
type Placed<'a> = (&'static Deployment, &'a Listing<'a>);

/// Returns the tables with the models that will be retired, and the names that have been retired.
pub(super) fn retire<'a>(
    mut tables: Vec<RegionTable<'a>>,
    notices: &[&Notice<'a>],
    page_date: &str,
    deviations: &mut Deviations,
) -> Vec<RegionTable<'a>> {
    let placed = tables.iter().flat_map(|table| {
        let listings = table.rows.iter().map(|row| row.listing);
        listings.map(|listing| (table.deployment, listing))
    });
    let mut placed: Vec<Placed<'a>> = placed.collect();
    placed.sort_by_key(|(deployment, _)| deployment.title);
    for table in &mut tables {
        let site = table.deployment.site();
        for notice in notices.iter().filter(|notice| notice.site == site) {
            apply(notice, table, &placed, page_date);
        }
    }
    for row in tables.iter_mut().flat_map(|table| &mut table.rows) {
        let gone = row.listing.gone_since.map(Deprecation::Gone);
        row.deprecation = row.deprecation.take().or(gone);
    }
    report_unused(notices, &placed, page_date, deviations);
    tables
}

/// Deprecates the model of a notice, or adds its names to those that have been retired.
fn apply<'a>(
    notice: &Notice<'a>,
    table: &mut RegionTable<'a>,
    placed: &[Placed<'_>],
    page_date: &str,
) {
    let name = notice.name.text;
    let retirement = retirement(notice, table);
    if let Some(index) = table.index(name) {
        let row = &mut table.rows[index];
        // A notice that uses the model's name takes precedence over one that uses an alias.
        if row.deprecation.is_none() || row.listing.name.text == name {
            let retirement = still_listed(retirement, notice, page_date);
            row.deprecation = Some(Deprecation::Announced(retirement));
        }
    } else if is_past(notice, page_date) && listed_at_site(notice, placed).is_empty() {
        let region = table.deployment.region;
        let in_region = placed.iter().filter(|(other, _)| other.region == region);
        let is_retired =
            |name: &&str| !in_region.clone().any(|(_, listing)| listing.has_name(name));
        let names = notice.names().filter(is_retired);
        table
            .retired
            .extend(names.map(|name| (name, retirement.clone())));
    }
}

/// Returns where the site of a notice lists its name.
fn listed_at_site<'a>(notice: &Notice<'_>, placed: &[Placed<'a>]) -> Vec<Placed<'a>> {
    let is_listed = |(deployment, listing): &&Placed<'_>| {
        deployment.site() == notice.site && listing.has_name(notice.name.text)
    };
    placed.iter().filter(is_listed).copied().collect()
}

/// Returns `true` if the retirement date is not after the date of the page.
fn is_past(notice: &Notice<'_>, page_date: &str) -> bool {
    notice.date <= page_date
}

/// Returns the retirement of a model that is still on the page.
fn still_listed<'a>(
    retirement: Retirement<'a>,
    notice: &Notice<'a>,
    page_date: &str,
) -> Retirement<'a> {
    if !is_past(notice, page_date) {
        return retirement;
    }
    let listed = format!("announced for {}, still listed on {page_date}", notice.date);
    let notes = std::iter::once(listed).chain(retirement.note);
    let note = Some(notes.collect::<Vec<_>>().join("; "));
    Retirement { note, ..retirement }
}

/// Returns the retirement with the replacement if the provider names one model that is in the table,
/// and otherwise with the provider's words as a note.
fn retirement<'a>(notice: &Notice<'a>, table: &RegionTable<'_>) -> Retirement<'a> {
    let words = notice.replacement;
    let is_none = words.is_empty() || words == "none" || words.starts_with("none (");
    let model = table.index(words).map(|index| table.rows[index].listing);
    let is_other = model.is_some_and(|model| model.name.text != notice.name.text);
    Retirement {
        date: notice.date,
        replacement: is_other.then_some(words),
        source: notice.source.clone(),
        note: (model.is_none() && !is_none).then(|| format!("replaced by {words}")),
    }
}

/// Reports the notices that apply to no table, or not to every table of their site.
fn report_unused(
    notices: &[&Notice<'_>],
    placed: &[Placed<'_>],
    page_date: &str,
    deviations: &mut Deviations,
) {
    for notice in notices {
        let (name, site, date) = (notice.name, notice.site, notice.date);
        let listed = listed_at_site(notice, placed);
        let models = listed.iter().map(|(_, listing)| listing.name.text);
        let message = if let Some(model) = models.clone().find(|model| *model != name.text) {
            let mut notices = notices.iter().filter(|other| other.site == site);
            if notices.any(|other| other.name.text == model) {
                continue;
            }
            format!("taken as a notice for `{model}`, which has this alias")
        } else if is_past(notice, page_date) && !listed.is_empty() {
            let titles = listed.iter().map(|(deployment, _)| deployment.title);
            let mut titles: Vec<_> = titles.collect();
            titles.dedup();
            let titles = titles.join(", ");
            format!(
                "announced for {date}, but still listed in {titles}: deprecated there, retired nowhere"
            )
        } else if !is_past(notice, page_date) && listed.is_empty() {
            format!("announced for {date}, but on no {site} page: left out")
        } else {
            continue;
        };
        deviations.add(&name, message);
    }
}
