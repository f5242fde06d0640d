//! Reads the provider's page with the tiers of dynamic token limits.

use std::collections::HashMap;

use crate::import::error::{self, PageError};
use crate::import::markdown::{self, Line};
use crate::import::tables::is_model_id;
use crate::import::{deployments, template};

/// The name of the file, for errors.
pub(super) const FILE: &str = "quota-management.md";

/// The tokens per minute of each tier, by region and name.
pub(super) type Tiers = HashMap<(&'static str, String), Vec<u64>>;

/// Reads the page.
pub(super) fn read(page: &str) -> Result<Tiers, String> {
    let mut errors = Vec::new();
    let mut tiers = Tiers::new();
    let mut table = None;
    for line in markdown::lines(page) {
        if line.is_heading() {
            finish(table.take(), &mut tiers, &mut errors);
            table = deployments::region(&line.text).map(Table::new);
            continue;
        }
        let result = match &mut table {
            Some(table) => table.add(&line),
            None if limit(&line.text).is_some() => {
                let message = "expected a heading with a region above";
                Err(PageError::found(&line, message))
            }
            None => Ok(()),
        };
        // What follows would be read as a part of another table.
        result.map_err(|error| error::message(FILE, vec![error]))?;
    }
    finish(table, &mut tiers, &mut errors);
    if !errors.is_empty() {
        return Err(error::message(FILE, errors));
    }
    Ok(tiers)
}

/// The table of a region.
struct Table {
    region: &'static str,
    part: Part,
    /// The number of header cells with a tier.
    tiers: usize,
    rows: Vec<(Line, Vec<u64>)>,
}

/// The part of a table that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    TextAbove,
    /// The header cells with what an account spends, one for each tier.
    Tiers,
    Rows,
}

impl Table {
    fn new(region: &'static str) -> Self {
        Self {
            region,
            part: Part::TextAbove,
            tiers: 0,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, line: &Line) -> Result<(), PageError> {
        let text = line.text.as_str();
        match (text, self.part) {
            ("百炼平台月消费：", Part::TextAbove) => self.part = Part::Tiers,
            ("支持的模型", Part::Tiers) => self.part = Part::Rows,
            (_, Part::TextAbove) if limit(text).is_some() => {
                let message = "expected the header cell `百炼平台月消费：` above";
                return Err(PageError::found(line, message));
            }
            (_, Part::TextAbove) => {}
            (_, Part::Tiers) => self.tiers += 1,
            (_, Part::Rows) => self.add_to_rows(line)?,
        }
        Ok(())
    }

    fn add_to_rows(&mut self, line: &Line) -> Result<(), PageError> {
        let text = line.text.as_str();
        if let Some(number) = limit(text) {
            let Some((_, numbers)) = self.rows.last_mut() else {
                return Err(PageError::found(line, "expected a model ID"));
            };
            let tokens = number.checked_mul(10_000).filter(|tokens| *tokens > 0);
            let message = "expected a positive number of tokens";
            numbers.push(tokens.ok_or_else(|| PageError::found(line, message))?);
        } else if is_model_id(text) {
            self.rows.push((line.clone(), Vec::new()));
        } else if text != "TPM 限流档位" && !text.ends_with('。') {
            // Sentences below the table are not read.
            return Err(PageError::found(line, "expected a limit such as `500万`"));
        }
        Ok(())
    }
}

/// Returns the number in a cell with a limit, in tens of thousands. Older editions write `w` for `万`.
fn limit(text: &str) -> Option<u64> {
    let units = ["{n}万", "{n}w", "{n}W"];
    units.iter().find_map(|unit| template::number(unit, text))
}

fn finish(table: Option<Table>, tiers: &mut Tiers, errors: &mut Vec<PageError>) {
    let Some(table) = table else {
        return;
    };
    for (name, numbers) in table.rows {
        let (expected, found) = (table.tiers, numbers.len());
        if found != expected {
            let message = format!("expected {expected} tiers, found {found}");
            errors.push(PageError::new(name.number, message));
        } else if !numbers.is_sorted() {
            let message = "expected the tiers in ascending order";
            errors.push(PageError::new(name.number, message));
        } else {
            let key = (table.region, name.text);
            let other = tiers.insert(key, numbers.clone());
            if other.is_some_and(|other| other != numbers) {
                let message = "the model has other tiers above";
                errors.push(PageError::new(name.number, message));
            }
        }
    }
}
