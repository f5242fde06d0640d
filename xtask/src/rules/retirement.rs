//! Applies the provider's retirement notices.

use std::collections::HashMap;

use crate::deviations::Deviations;
use crate::read::notices::Notice;
use crate::sources::PAGE_DATE;
use crate::table::{RegionTable, Retirement};

/// Returns one notice for each name and site. If there are several, uses the one with the latest
/// date, because the provider postponed some retirements.
pub(super) fn latest<'a>(notices: Vec<Notice<'a>>, deviations: &mut Deviations) -> Vec<Notice<'a>> {
    let mut latest: Vec<Notice<'a>> = Vec::new();
    let mut indices = HashMap::new();
    for notice in notices {
        let index = indices.entry((notice.site, notice.name.text));
        let index = *index.or_insert(latest.len());
        let Some(other) = latest.get_mut(index) else {
            latest.push(notice);
            continue;
        };
        let (line, date) = (other.name.line, other.date.max(notice.date));
        let message = format!("has another notice on line {line}; the one of {date} is used");
        deviations.add(&notice.name, message);
        if notice.date > other.date {
            *other = notice;
        }
    }
    latest
}

/// Returns the tables with the models that will be retired, and the names that have been retired.
pub(super) fn retire<'a>(
    mut tables: Vec<RegionTable<'a>>,
    notices: &[Notice<'a>],
    deviations: &mut Deviations,
) -> Vec<RegionTable<'a>> {
    let listed = ListedNames::new(&tables);
    for table in &mut tables {
        let site = table.deployment.site();
        let models = models_by_name(table);
        for notice in notices.iter().filter(|notice| notice.site == site) {
            apply(notice, table, &models, &listed);
        }
    }
    report_unused(notices, &listed, deviations);
    tables
}

/// The models of a table by name and alias.
type Models<'a> = HashMap<&'a str, &'a str>;

fn models_by_name<'a>(table: &RegionTable<'a>) -> Models<'a> {
    let listings = table.rows.iter().map(|row| &row.listing);
    let names = listings.flat_map(|listing| {
        let model = listing.name.text;
        listing.names().map(move |name| (name, model))
    });
    names.collect()
}

/// Deprecates the model of a notice, or adds its names to those that have been retired.
fn apply<'a>(
    notice: &Notice<'a>,
    table: &mut RegionTable<'a>,
    models: &Models<'a>,
    listed: &ListedNames<'a>,
) {
    let name = notice.name.text;
    let mut rows = table.rows.iter_mut();
    if let Some(row) = rows.find(|row| row.listing.names().any(|of| of == name)) {
        // A notice that uses the model's name takes precedence over one that uses an alias.
        if row.deprecation.is_none() || row.listing.name.text == name {
            row.deprecation = Some(deprecation(notice, models));
        }
    } else if is_past(notice) && listed.at_site(notice.site, name).is_empty() {
        let is_retired = |name: &&str| !listed.in_region(table.deployment.region, name);
        let names = notice.names().filter(is_retired);
        let retired = names.map(|name| (name, retirement(notice, models)));
        table.retired.extend(retired);
    }
}

/// Returns the retirement of a model that is still on the page.
fn deprecation<'a>(notice: &Notice<'a>, models: &Models<'_>) -> Retirement<'a> {
    let mut retirement = retirement(notice, models);
    if is_past(notice) {
        let date = notice.date;
        let listed = format!("announced for {date}, still listed on {PAGE_DATE}");
        let notes = std::iter::once(listed).chain(retirement.note);
        retirement.note = Some(notes.collect::<Vec<_>>().join("; "));
    }
    retirement
}

/// Returns the retirement with the replacement if the provider names one model that is in the table,
/// and otherwise with the provider's words as a note.
fn retirement<'a>(notice: &Notice<'a>, models: &Models<'_>) -> Retirement<'a> {
    let words = notice.replacement;
    let is_none = words.is_empty() || words == "none" || words.starts_with("none (");
    let model = models.get(words);
    let is_other = model.is_some_and(|model| *model != notice.name.text);
    Retirement {
        date: notice.date,
        replacement: is_other.then_some(words),
        source: notice.source.clone(),
        note: (model.is_none() && !is_none).then(|| format!("replaced by {words}")),
    }
}

/// Returns `true` if the retirement date is not after the date of the page.
fn is_past(notice: &Notice<'_>) -> bool {
    notice.date <= PAGE_DATE
}

/// The names and aliases on the page, by region.
struct ListedNames<'a>(HashMap<(&'a str, &'a str), ListedName<'a>>);

#[derive(Clone, Copy)]
struct ListedName<'a> {
    site: &'static str,
    /// The title of the region.
    title: &'static str,
    model: &'a str,
}

impl<'a> ListedNames<'a> {
    fn new(tables: &[RegionTable<'a>]) -> Self {
        let mut listed = HashMap::new();
        for table in tables {
            let deployment = table.deployment;
            let names = models_by_name(table).into_iter().map(|(name, model)| {
                let listed = ListedName {
                    site: deployment.site(),
                    title: deployment.title,
                    model,
                };
                ((deployment.region, name), listed)
            });
            listed.extend(names);
        }
        Self(listed)
    }

    fn in_region(&self, region: &str, name: &str) -> bool {
        self.0.contains_key(&(region, name))
    }

    /// Returns where a site lists a name, sorted by the title of the region.
    fn at_site(&self, site: &str, name: &str) -> Vec<ListedName<'a>> {
        let listed = self.0.iter().filter(|((_, other), _)| *other == name);
        let listed = listed.map(|(_, listed)| *listed);
        let mut listed: Vec<_> = listed.filter(|listed| listed.site == site).collect();
        listed.sort_by_key(|listed| listed.title);
        listed
    }
}

/// Reports the notices that apply to no table, or not to every table of their site.
fn report_unused(notices: &[Notice<'_>], listed: &ListedNames<'_>, deviations: &mut Deviations) {
    for notice in notices {
        let Notice { site, date, .. } = *notice;
        let name = notice.name.text;
        let listed_at = listed.at_site(site, name);
        let message = if let Some(alias) = listed_at.iter().find(|listed| listed.model != name) {
            let model = alias.model;
            let is_of_model = |of: &Notice<'_>| of.site == site && of.name.text == model;
            if notices.iter().any(is_of_model) {
                continue;
            }
            format!("taken as a notice for `{model}`, which has this alias")
        } else if is_past(notice) && !listed_at.is_empty() {
            let titles: Vec<_> = listed_at.iter().map(|listed| listed.title).collect();
            let titles = titles.join(", ");
            format!(
                "announced for {date}, but still listed in {titles}: deprecated there, retired nowhere"
            )
        } else if !is_past(notice) && listed_at.is_empty() {
            format!("announced for {date}, but on no {site} page: left out")
        } else {
            continue;
        };
        deviations.add(&notice.name, message);
    }
}
