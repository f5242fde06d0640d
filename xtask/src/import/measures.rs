//! Compares the limits of two rows.

use std::fmt;

use crate::import::row::{Field, Row};

/// What a limit counts. Limits of calls have different columns, but can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Calls,
    Tokens,
    Characters,
    Tasks,
}

/// A limit that changed.
#[derive(Debug)]
pub(super) struct LimitChange {
    /// The old and the new limit, and their ratio.
    pub(super) text: String,
    /// The limit is at least ten times as high or as low as before.
    pub(super) is_implausible: bool,
}

/// The unit of a limit that the provider adjusts.
const DYNAMIC: &str = "dynamic";

/// The factor from which a change is implausible.
pub(super) const IMPLAUSIBLE: u64 = 10;

/// Returns the limits that changed.
pub(super) fn changes(old: &Row, new: &Row) -> Vec<LimitChange> {
    let changes = Measure::ALL.into_iter().filter_map(|measure| {
        let [old, new] = [old, new].map(|row| Reading::new(measure, row));
        let text = match (old.rate, new.rate) {
            _ if old.limits == new.limits => return None,
            (Some(one), Some(other)) if one == other && old.numbers() == new.numbers() => {
                let [old, new] = [&old, &new].map(Reading::units);
                format!("{old} -> {new}, with the same numbers")
            }
            (Some(one), Some(other)) => format!("{old} -> {new} ({})", ratio(one, other)),
            _ => format!("{old} -> {new}"),
        };
        let is_implausible = match (old.rate, new.rate) {
            (Some(old), Some(new)) => old.max(new) / old.min(new).max(1) >= IMPLAUSIBLE,
            _ => false,
        };
        Some(LimitChange {
            text,
            is_implausible,
        })
    });
    changes.collect()
}

/// Returns the limits of calls and of tokens.
pub(super) fn calls_and_tokens(row: &Row) -> [Reading; 2] {
    [Measure::Calls, Measure::Tokens].map(|measure| Reading::new(measure, row))
}

/// The limits of a row for a measure.
pub(super) struct Reading {
    /// The numbers and their units. A dynamic limit without a number has none.
    limits: Vec<(Option<u64>, String)>,
    /// The lowest, per minute. Concurrent tasks have no window.
    pub(super) rate: Option<u64>,
}

impl Reading {
    fn new(measure: Measure, row: &Row) -> Self {
        let mut limits = Vec::new();
        let mut rates = Vec::new();
        for (field, per_minute) in measure.fields() {
            let Some(number) = number(row, *field) else {
                continue;
            };
            let unit = match field {
                Field::Tiers => "tpm or more".to_owned(),
                Field::Note => "characters per minute".to_owned(),
                field => field.name().replace('_', " "),
            };
            limits.push((Some(number), unit));
            rates.push(number.saturating_mul(*per_minute));
        }
        let mut dynamic = row.get(Field::Dynamic).split(',');
        if dynamic.any(|kind| Some(kind) == measure.dynamic()) {
            limits.push((None, DYNAMIC.to_owned()));
        }
        if limits.is_empty() {
            limits.push((None, format!("no limit of {}", measure.noun())));
        }
        let rate = rates.into_iter().min();
        Self { limits, rate }
    }

    pub(super) fn is_dynamic(&self) -> bool {
        self.limits.iter().any(|(_, unit)| unit == DYNAMIC)
    }

    fn numbers(&self) -> Vec<Option<u64>> {
        self.limits.iter().map(|(number, _)| *number).collect()
    }

    fn units(&self) -> String {
        let units = self.limits.iter().map(|(_, unit)| unit.as_str());
        units.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.limits.iter().map(|(number, unit)| match number {
            Some(number) => format!("{} {unit}", with_separators(*number)),
            None => unit.clone(),
        });
        f.write_str(&limits.collect::<Vec<_>>().join(", "))
    }
}

impl Measure {
    const ALL: [Self; 4] = [Self::Calls, Self::Tokens, Self::Characters, Self::Tasks];

    /// Returns the columns, and how often the window of each is in a minute.
    fn fields(self) -> &'static [(Field, u64)] {
        match self {
            Self::Calls => &[
                (Field::Rpm, 1),
                (Field::Rps, 60),
                (Field::SubmissionsPerSecond, 60),
                (Field::SubmissionsPerMinute, 1),
            ],
            Self::Tokens => &[(Field::Tpm, 1), (Field::Tiers, 1)],
            Self::Characters => &[(Field::Note, 1)],
            Self::Tasks => &[(Field::ConcurrentTasks, 1)],
        }
    }

    /// Returns the name in the column `dynamic`.
    fn dynamic(self) -> Option<&'static str> {
        match self {
            Self::Calls => Some("requests"),
            Self::Tokens => Some("tokens"),
            Self::Characters | Self::Tasks => None,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::Characters => "characters",
            Self::Tasks => "tasks",
        }
    }
}

/// Returns the number in a cell. Of several tiers, the first is the lowest.
fn number(row: &Row, field: Field) -> Option<u64> {
    let text = row.get(field);
    let text = match field {
        Field::Tiers => text.split('/').next()?,
        Field::Note => text.strip_prefix("chars_per_minute=")?.split(' ').next()?,
        _ => text,
    };
    text.parse().ok()
}

/// Returns the ratio of two numbers in words: `x2`, `/2` or `same rate`.
pub(super) fn ratio(old: u64, new: u64) -> String {
    let (sign, higher, lower) = match new.cmp(&old) {
        std::cmp::Ordering::Equal => return "same rate".to_owned(),
        std::cmp::Ordering::Greater => ('x', new, old),
        std::cmp::Ordering::Less => ('/', old, new),
    };
    let hundredths = u128::from(higher) * 100 / u128::from(lower.max(1));
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{sign}{}", text.trim_end_matches('0').trim_end_matches('.'))
}

pub(super) fn with_separators(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{ratio, with_separators};

    #[test]
    fn ratios_say_the_direction() {
        assert_eq!(ratio(60, 600), "x10");
        assert_eq!(ratio(35_000, 30_000), "/1.16");
        assert_eq!(ratio(5, 5), "same rate");
    }

    #[test]
    fn numbers_have_separators() {
        let numbers = [7, 1000, 999_999, 5_000_000].map(with_separators);
        assert_eq!(numbers, ["7", "1,000", "999,999", "5,000,000"]);
    }
}
