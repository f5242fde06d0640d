//! The section with the rate limits of a region.

use crate::import::cards::statements::Findings;
use crate::import::cards::table;
use crate::import::cells::{self, Value};
use crate::import::error::PageError;
use crate::import::markdown::Line;

const HEADER: [&str; 2] = ["参数", "值"];

/// A sentence with this word is in place of a table if the limits are dynamic.
const DYNAMIC: &str = "动态限流";

/// The limits that a card states, for a comparison with those of the rate limit page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CardLimits {
    /// Requests per minute.
    pub(crate) rpm: Option<CardLimit>,
    /// Tokens per minute.
    pub(crate) tpm: Option<CardLimit>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CardLimit {
    Number(u64),
    Dynamic,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Rpm,
    Tpm,
}

const LABELS: [(&str, Label); 4] = [
    ("RPM（每分钟请求数）", Label::Rpm),
    ("TPM（每分钟tokens）", Label::Tpm),
    ("每分钟调用次数（RPM）", Label::Rpm),
    ("每分钟消耗Token数（TPM）", Label::Tpm),
];

/// Reads the section of a region.
pub(super) fn read(lines: &[Line], findings: &mut Findings) -> Result<CardLimits, PageError> {
    let table = table::read(lines, HEADER, label)?;
    findings.add_remarks(&table.remarks);
    if table.rows.is_empty() {
        let mut remarks = table.remarks.iter();
        let is_dynamic = remarks.any(|line| line.text.contains(DYNAMIC));
        let limit = is_dynamic.then_some(CardLimit::Dynamic);
        return Ok(CardLimits {
            rpm: limit,
            tpm: limit,
        });
    }
    let mut limits = CardLimits::default();
    for (label, cell) in table.rows {
        let limit = match cells::value(&cell.text) {
            Some(Value::Number(0)) => {
                findings.add(cell, "expected a positive limit");
                continue;
            }
            Some(Value::Number(number)) => CardLimit::Number(number),
            Some(Value::Dynamic) => CardLimit::Dynamic,
            Some(Value::NotStated) => continue,
            _ => return Err(PageError::found(cell, "expected a limit such as `1,200`")),
        };
        match label {
            Label::Rpm => limits.rpm = Some(limit),
            Label::Tpm => limits.tpm = Some(limit),
        }
    }
    Ok(limits)
}

fn label(text: &str) -> Option<Label> {
    let mut labels = LABELS.iter();
    let label = labels.find(|(label, _)| *label == text);
    label.map(|(_, label)| *label)
}
