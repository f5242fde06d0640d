//! Adds what the page says to the committed notices. Rows that are not on the page are kept.

use std::collections::HashSet;

use crate::import::error::{self, PageError};
use crate::import::held_back::Decisions;
use crate::import::retirement::page::{Batch, FILE, RetirementPage};
use crate::import::retirement::row::{self, NoticeRow};
use crate::import::retirement::table::{self, Cell, Known, TableRow};

/// The file with the notices, for people.
const DATA: &str = "xtask/data/lifecycle-*.tsv";

/// The committed notices, and what is known about their models.
pub(crate) struct Committed<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    /// The date of the committed rate limit page.
    pub(crate) date: &'a str,
    /// The date of the pages that are imported.
    pub(crate) next_date: &'a str,
    /// The sites and names on the rate limit page that is imported.
    pub(crate) listed: &'a HashSet<(&'static str, String)>,
}

/// The notices, and what the report must mention.
pub(crate) struct Merged {
    pub(crate) text: String,
    pub(crate) remarks: Vec<String>,
}

/// Returns the notices with what the page says.
pub(crate) fn merge(
    page: &RetirementPage,
    committed: &Committed<'_>,
    decisions: &mut Decisions<'_>,
) -> Result<Merged, String> {
    let old = row::read(committed.file, committed.text)?;
    let mut merger = Merger {
        site: page.site,
        committed,
        rows: old.clone(),
        position: 0,
        old: &old,
        decisions,
        remarks: Vec::new(),
    };
    for batch in &page.batches {
        let result = if batch.cells.is_empty() {
            merger.add_notices(batch);
            Ok(())
        } else {
            merger.add_table(batch)
        };
        result.map_err(|error| error::message(FILE, vec![error]))?;
    }
    merger.report_missing(page);
    merger.report_changes();
    Ok(Merged {
        text: row::write(&merger.rows),
        remarks: merger.remarks,
    })
}

struct Merger<'a, 'b> {
    site: &'static str,
    committed: &'a Committed<'a>,
    old: &'a [NoticeRow],
    rows: Vec<NoticeRow>,
    /// The index at which a new row is inserted, below the one that the page has above it.
    position: usize,
    decisions: &'a mut Decisions<'b>,
    remarks: Vec<String>,
}

impl Merger<'_, '_> {
    /// Adds a batch of which the page has only the notices. Their models are those in the data.
    fn add_notices(&mut self, batch: &Batch) {
        let notices: Vec<_> = match &batch.notices[..] {
            [] => vec![None],
            notices => notices.iter().map(|notice| Some(notice.as_str())).collect(),
        };
        for notice in notices {
            let is_of_notice = |row: &NoticeRow| is_of(row, self.site, notice, &batch.date);
            let rows = (0..).zip(&self.rows).filter(|(_, row)| is_of_notice(row));
            let indices: Vec<usize> = rows.map(|(index, _)| index).collect();
            let of_notice = indices.iter().map(|index| self.rows[*index].date.as_str());
            let dates: HashSet<&str> = of_notice.collect();
            let what = describe(notice, &batch.date);
            if indices.is_empty() {
                let name = notice.unwrap_or(&batch.date);
                let reason = format!(
                    "{FILE}:{}: the page does not list the models of {what}, and the data has none: add \
                     them to {DATA} by hand",
                    batch.line
                );
                self.decisions.hold(name, self.site, reason);
            } else if dates.len() > 1 {
                let message = format!("the data has several dates for {what}: kept");
                self.remark(batch.line, &message);
            } else {
                for index in indices {
                    let new = NoticeRow {
                        date: batch.date.clone(),
                        status: batch.status.to_owned(),
                        ..self.rows[index].clone()
                    };
                    self.replace(index, new);
                }
            }
        }
    }

    fn add_table(&mut self, batch: &Batch) -> Result<(), PageError> {
        let notice = batch.notices.first().map(String::as_str);
        let site = self.site;
        let is_of_batch = |row: &&NoticeRow| is_of(row, site, notice, &batch.date);
        let old = self.old.iter().filter(is_of_batch);
        let known = Known {
            names: old.clone().flat_map(NoticeRow::names).collect(),
            replacements: old.clone().map(|row| row.replacement.as_str()).collect(),
        };
        let mut read = table::rows(&batch.cells, &known, false)?;
        let mut is_held = !read.undecided.is_empty();
        if is_held && !self.hold_undecided(batch, notice, &read.undecided) {
            is_held = false;
            read = table::rows(&batch.cells, &known, true)?;
        }
        let mut rows = read.rows;
        let unsure = rows.iter_mut().filter(|row| {
            let mut old = old.clone().filter(|old| old.name == row.name);
            row.is_replaced_above
                && !old.any(|old| Some(&old.replacement) == row.replacement.as_ref())
        });
        let mut unsure: Vec<_> = unsure.collect();
        if !unsure.is_empty() && self.hold_merged(batch, notice, &unsure) {
            is_held = true;
            for row in &mut unsure {
                row.replacement = None;
            }
        }
        let names: HashSet<_> = rows.iter().map(|row| row.name.as_str()).collect();
        let missing = old.filter(|row| !names.contains(row.name.as_str()));
        let missing: Vec<_> = missing.map(|row| format!("`{}`", row.name)).collect();
        if !missing.is_empty() {
            let what = describe(notice, &batch.date);
            let missing = missing.join(", ");
            self.remark(
                batch.line,
                &format!("{what} no longer lists {missing}: kept"),
            );
        }
        let mut read: Vec<&TableRow> = Vec::new();
        for row in &rows {
            match read.iter().find(|other| other.name == row.name) {
                Some(other) if other.replacement != row.replacement => {
                    let (name, line) = (&row.name, other.line);
                    let message = format!("{name} has another replacement on line {line}");
                    return Err(PageError::new(row.line, message));
                }
                Some(other) => {
                    let message = format!("{}: repeats line {}", row.name, other.line);
                    self.remark(row.line, &message);
                }
                None => {
                    read.push(row);
                    if !is_held || known.names.contains(row.name.as_str()) {
                        self.add_row(batch, notice, row);
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns `true` if the cells that can be names or replacements are held back.
    fn hold_undecided(&mut self, batch: &Batch, notice: Option<&str>, cells: &[&Cell]) -> bool {
        let line = cells.first().map_or(batch.line, |cell| cell.line);
        let texts: Vec<_> = cells
            .iter()
            .map(|cell| format!("`{}`", cell.text))
            .collect();
        let texts = texts.join(", ");
        let reason = format!(
            "{FILE}:{line}: the new models are left out, because each of these cells can be a model that is \
             retired, or the replacement of the one above: {texts}; add a row with each replacement to \
             {DATA}, then accept the others as models"
        );
        let name = notice.unwrap_or(&batch.date);
        self.decisions.hold(name, self.site, reason)
    }

    /// Returns `true` if the models whose replacement is in a category above are held back.
    fn hold_merged(&mut self, batch: &Batch, notice: Option<&str>, rows: &[&mut TableRow]) -> bool {
        let line = rows.first().map_or(batch.line, |row| row.line);
        let names: Vec<_> = rows.iter().map(|row| format!("`{}`", row.name)).collect();
        let reason = format!(
            "{FILE}:{line}: the category has no replacement of {}, so the cell of the category above is \
             merged with it, or one is missing",
            names.join(", ")
        );
        let name = notice.unwrap_or(&batch.date);
        self.decisions.hold(name, self.site, reason)
    }

    fn add_row(&mut self, batch: &Batch, notice: Option<&str>, row: &TableRow) {
        let is_same = |other: &NoticeRow| {
            is_of(other, self.site, notice, &batch.date) && other.name == row.name
        };
        let index = self.rows.iter().position(is_same);
        let mut new = index.map_or_else(NoticeRow::default, |index| self.rows[index].clone());
        for alias in &row.aliases {
            if !new.names().any(|name| name == alias) {
                let separator = if new.aliases.is_empty() { "" } else { "," };
                new.aliases = format!("{}{separator}{alias}", new.aliases);
            }
        }
        new.date.clone_from(&batch.date);
        batch.status.clone_into(&mut new.status);
        if let Some(replacement) = &row.replacement {
            new.replacement.clone_from(replacement);
        }
        if let Some(index) = index {
            self.replace(index, new);
            self.position = index + 1;
            return;
        }
        new.name.clone_from(&row.name);
        self.site.clone_into(&mut new.site);
        notice.unwrap_or_default().clone_into(&mut new.notice);
        new.source = self.source();
        if !self.is_held(&new) {
            self.rows.insert(self.position, new);
            self.position += 1;
        }
    }

    /// Replaces a row if the page says something else.
    fn replace(&mut self, index: usize, mut new: NoticeRow) {
        if self.rows[index] != new && !self.is_held(&new) {
            new.source = self.source();
            self.rows[index] = new;
        }
    }

    /// Returns `true` if a notice is held back, because its model has been retired.
    fn is_held(&mut self, new: &NoticeRow) -> bool {
        let has_name =
            |row: &&NoticeRow| row.site == self.site && row.names().any(|name| name == new.name);
        let dates = self
            .old
            .iter()
            .filter(has_name)
            .map(|row| row.date.as_str());
        let Some(date) = dates.max() else {
            return false;
        };
        let was_retired = date <= self.committed.date;
        let is_listed = self
            .committed
            .listed
            .contains(&(self.site, new.name.clone()));
        if !was_retired || is_listed || new.date.as_str() <= self.committed.next_date {
            return false;
        }
        let reason = format!(
            "it was retired on {date}, and is now announced for {}",
            new.date
        );
        self.decisions.hold(&new.name, self.site, reason)
    }

    /// Reports the notices that the page had when they were imported, and has no longer.
    fn report_missing(&mut self, page: &RetirementPage) {
        let is_on_page = |row: &NoticeRow| {
            page.batches.iter().any(|batch| match &batch.notices[..] {
                [] => is_of(row, self.site, None, &batch.date),
                notices => notices.contains(&row.notice),
            })
        };
        let url = url(self.site);
        let missing = self
            .old
            .iter()
            .filter(|row| row.site == self.site && row.source.starts_with(url) && !is_on_page(row));
        let mut counts: Vec<(String, usize)> = Vec::new();
        for row in missing {
            let notice = Some(row.notice.as_str()).filter(|notice| !notice.is_empty());
            let what = describe(notice, &row.date);
            match counts.iter_mut().find(|(other, _)| *other == what) {
                Some((_, count)) => *count += 1,
                None => counts.push((what, 1)),
            }
        }
        for (what, count) in counts {
            let remark = format!("{FILE}: {what} is no longer on the page: {count} rows are kept");
            self.remarks.push(remark);
        }
    }

    /// Reports the numbers of rows, because not all of them change a table.
    fn report_changes(&mut self) {
        let new = self.rows.len() - self.old.len();
        let is_kept = |row: &&NoticeRow| self.old.contains(row);
        let changed = self.rows.len() - new - self.rows.iter().filter(is_kept).count();
        if (new, changed) != (0, 0) {
            let remark = format!("{FILE}: {new} new and {changed} changed rows in {DATA}");
            self.remarks.push(remark);
        }
    }

    fn remark(&mut self, line: usize, message: &str) {
        self.remarks.push(format!("{FILE}:{line}: {message}"));
    }

    fn source(&self) -> String {
        let (url, date) = (url(self.site), self.committed.next_date);
        format!("{url}, modelstudioai/skills {date}")
    }
}

/// Returns `true` if a row is of a notice. Without a notice, the date identifies the batch.
fn is_of(row: &NoticeRow, site: &str, notice: Option<&str>, date: &str) -> bool {
    let is_same = match notice {
        Some(notice) => row.notice == notice,
        None => row.notice.is_empty() && row.date == date,
    };
    row.site == site && is_same
}

fn describe(notice: Option<&str>, date: &str) -> String {
    match notice {
        Some(notice) => format!("notice {notice}"),
        None => format!("the batch of {date} without a notice"),
    }
}

/// Returns the address of the page of a site.
fn url(site: &str) -> &'static str {
    match site {
        "mainland" => "https://help.aliyun.com/zh/model-studio/model-depreciation",
        _ => "https://www.alibabacloud.com/help/en/model-studio/model-depreciation",
    }
}
