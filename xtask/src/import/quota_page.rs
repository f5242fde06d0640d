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
        } else if let Some(table) = &mut table {
            if let Err(error) = table.add(&line) {
                errors.push(error);
            }
        }
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
    /// The number of header cells with a tier.
    tiers: usize,
    rows: Vec<(Line, Vec<u64>)>,
}

impl Table {
    fn new(region: &'static str) -> Self {
        Self {
            region,
            tiers: 0,
            rows: Vec::new(),
        }
    }

    fn add(&mut self, line: &Line) -> Result<(), PageError> {
        let text = line.text.as_str();
        if let Some(number) = template::number("{n}万", text) {
            let Some((_, numbers)) = self.rows.last_mut() else {
                return Err(PageError::found(line, "expected a model ID"));
            };
            let tokens = number.checked_mul(10_000).filter(|tokens| *tokens > 0);
            let message = "expected a positive number of tokens";
            numbers.push(tokens.ok_or_else(|| PageError::found(line, message))?);
        } else if is_model_id(text) {
            self.rows.push((line.clone(), Vec::new()));
        } else if self.rows.is_empty() && text.starts_with("等级") {
            self.tiers += 1;
        } else if !(is_header(text) || text.ends_with('。')) {
            return Err(PageError::found(line, "expected a limit such as `500万`"));
        }
        Ok(())
    }
}

/// Returns `true` for a header cell that is not a tier.
fn is_header(text: &str) -> bool {
    ["百炼平台月消费：", "支持的模型", "TPM 限流档位"].contains(&text)
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
