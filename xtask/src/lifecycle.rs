//! The provider's retirement notices: `lifecycle-2026-08.tsv`.

use std::collections::HashMap;

use crate::page;
use crate::report::Report;
use crate::table::Table;
use crate::tsv::{self, Cell, Cells};

pub(crate) const FILE: &str = "lifecycle-2026-08.tsv";

/// A notice that a model will be, or was, retired.
pub(crate) struct Notice<'a> {
    name: Cell<'a>,
    aliases: Vec<&'a str>,
    site: &'a str,
    date: &'a str,
    replacement: &'a str,
    source: String,
}

/// When and why a name is, or will be, no longer served.
pub(crate) struct Retirement<'a> {
    pub(crate) date: &'a str,
    /// A name or alias of the same table.
    pub(crate) replacement: Option<&'a str>,
    pub(crate) source: String,
    pub(crate) note: Option<String>,
}

/// Reads the notices. If there are several for one name at one site, uses the one with the latest
/// date, because the provider postponed some retirements.
pub(crate) fn read<'a>(text: &'a str, report: &mut Report) -> Result<Vec<Notice<'a>>, String> {
    let mut notices: Vec<Notice<'a>> = Vec::new();
    let mut positions = HashMap::new();
    for row in tsv::rows(FILE, text)? {
        let notice = read_row(&row)?;
        let position = positions.entry((notice.site, notice.name.text));
        let position = *position.or_insert(notices.len());
        let Some(other) = notices.get_mut(position) else {
            notices.push(notice);
            continue;
        };
        let (line, date) = (other.name.line, other.date.max(notice.date));
        let message = format!("has another notice on line {line}; the one of {date} is used");
        report.note(&notice.name, message);
        if notice.date > other.date {
            *other = notice;
        }
    }
    Ok(notices)
}

fn read_row<'a>(row: &Cells<'a>) -> Result<Notice<'a>, String> {
    let (site, status) = (row.get("site")?, row.get("status")?);
    if !["mainland", "international"].contains(&site.text) {
        return Err(site.error("expected `mainland` or `international`"));
    }
    if !["announced", "retired"].contains(&status.text) {
        return Err(status.error("expected `announced` or `retired`"));
    }
    Ok(Notice {
        name: row.required("name")?,
        aliases: row.get("aliases")?.items(),
        site: site.text,
        date: row.get("date")?.date()?,
        replacement: row.get("replacement")?.text,
        source: match row.get("notice")?.text {
            "" => row.required("source")?.text.to_owned(),
            number => format!("notice {number}"),
        },
    })
}

/// The models on the page, by region and by name or alias.
pub(crate) struct Listed<'a>(HashMap<(&'a str, &'a str), Position<'a>>);

#[derive(Clone, Copy)]
struct Position<'a> {
    site: &'static str,
    title: &'static str,
    name: &'a str,
}

impl<'a> Listed<'a> {
    pub(crate) fn new(tables: &[Table<'a>]) -> Self {
        let mut listed = HashMap::new();
        for table in tables {
            for row in table.models.iter().map(|model| &model.row) {
                let position = Position {
                    site: table.deployment.site(),
                    title: table.deployment.title,
                    name: row.name.text,
                };
                let names = row.names();
                listed.extend(names.map(|name| ((table.deployment.region, name), position)));
            }
        }
        Self(listed)
    }

    fn in_region(&self, region: &str, name: &str) -> bool {
        self.0.contains_key(&(region, name))
    }

    /// Returns the positions at which a site lists a name, sorted by the title of the region.
    fn at_site(&self, site: &str, name: &str) -> Vec<Position<'a>> {
        let positions = self.0.iter().filter(|((_, of), _)| *of == name);
        let positions = positions.map(|(_, position)| *position);
        let mut positions: Vec<_> = positions.filter(|found| found.site == site).collect();
        positions.sort_by_key(|position| position.title);
        positions
    }
}

/// Marks the models of a table that will be retired, and adds the names that have been retired.
pub(crate) fn apply<'a>(table: &mut Table<'a>, notices: &[Notice<'a>], listed: &Listed<'a>) {
    let names: HashMap<_, _> = table.names().collect();
    let site = table.deployment.site();
    for notice in notices.iter().filter(|notice| notice.site == site) {
        if let Some(model) = table.model_mut(notice.name.text) {
            // A notice that uses the model's name takes precedence over one that uses an alias.
            if model.deprecation.is_none() || model.row.name.text == notice.name.text {
                model.deprecation = Some(notice.deprecation(&names));
            }
        } else if notice.is_past() && listed.at_site(site, notice.name.text).is_empty() {
            let is_listed = |name: &&str| listed.in_region(table.deployment.region, name);
            let retired = notice.names().filter(|name| !is_listed(name));
            let retired = retired.map(|name| (name, notice.retirement(&names)));
            table.retired.extend(retired);
        }
    }
}

impl<'a> Notice<'a> {
    /// Returns `true` if the retirement date is not after the date of the page.
    fn is_past(&self) -> bool {
        self.date <= page::DATE
    }

    /// Returns the name and the aliases.
    fn names(&self) -> impl Iterator<Item = &'a str> {
        std::iter::once(self.name.text).chain(self.aliases.iter().copied())
    }

    /// Returns the retirement of a model that is still on the page.
    fn deprecation(&self, names: &HashMap<&'a str, &'a str>) -> Retirement<'a> {
        let mut retirement = self.retirement(names);
        if self.is_past() {
            let served = format!(
                "announced for {}, still listed on {}",
                self.date,
                page::DATE
            );
            let notes = std::iter::once(served).chain(retirement.note);
            retirement.note = Some(notes.collect::<Vec<_>>().join("; "));
        }
        retirement
    }

    /// Returns the retirement with the replacement if the provider names one model that is in the
    /// table, and otherwise with the provider's words as a note.
    fn retirement(&self, names: &HashMap<&'a str, &'a str>) -> Retirement<'a> {
        let words = self.replacement;
        let is_none = words.is_empty() || words == "none" || words.starts_with("none (");
        let model = names.get(words);
        Retirement {
            date: self.date,
            replacement: model
                .filter(|model| **model != self.name.text)
                .map(|_| words),
            source: self.source.clone(),
            note: (model.is_none() && !is_none).then(|| format!("replaced by {words}")),
        }
    }
}

/// Reports the notices that are not applied to any table, or not to every table of their site.
pub(crate) fn report_unplaced(notices: &[Notice<'_>], listed: &Listed<'_>, report: &mut Report) {
    for notice in notices {
        let name = notice.name.text;
        let listed_at = listed.at_site(notice.site, name);
        let titles: Vec<_> = listed_at.iter().map(|position| position.title).collect();
        let titles = titles.join(", ");
        let date = notice.date;
        if let Some(alias) = listed_at.iter().find(|position| position.name != name) {
            let model = alias.name;
            if !notices
                .iter()
                .any(|of| of.site == notice.site && of.name.text == model)
            {
                let message = format!("taken as a notice for `{model}`, which has this alias");
                report.note(&notice.name, message);
            }
        } else if notice.is_past() && !listed_at.is_empty() {
            let message = format!(
                "announced for {date}, but still listed in {titles}: deprecated there, retired nowhere"
            );
            report.note(&notice.name, message);
        } else if !notice.is_past() && listed_at.is_empty() {
            let site = notice.site;
            let message = format!("announced for {date}, but on no {site} page: left out");
            report.note(&notice.name, message);
        }
    }
}
