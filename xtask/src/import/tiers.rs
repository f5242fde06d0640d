//! Sets the tiers of dynamic token limits.

use std::collections::HashMap;

use crate::import::quota_page::Tiers;
use crate::import::row::{Field, Key, Row};

/// Sets the tiers of the models whose token limit is dynamic. If the folder has no page with tiers,
/// those of the committed data are kept. Returns the models for which this was done, or for which
/// there are none.
pub(super) fn set_tiers(
    rows: &mut [Row],
    tiers: Option<&Tiers>,
    committed: &HashMap<Key<'_>, &Row>,
) -> Vec<String> {
    let mut kept = Vec::new();
    let mut missing = Vec::new();
    for row in rows {
        let dynamic = row.get(Field::Dynamic);
        if !dynamic.split(',').any(|kind| kind == "tokens") {
            continue;
        }
        let is_dynamic_only = dynamic == "requests,tokens";
        let [region, _, name] = row.key();
        let committed = committed.get(&row.key());
        let numbers = match tiers {
            Some(tiers) => find(tiers, region, name).map(<[u64]>::to_vec),
            None => committed.and_then(|row| parse(row.get(Field::Tiers))),
        };
        if numbers.is_none() {
            missing.push(format!("{name} in {region}"));
        } else if tiers.is_none() {
            kept.push(format!("{name} in {region}"));
        }
        let Some(numbers) = numbers else {
            continue;
        };
        let text = join(&numbers, |number| number.to_string());
        let millions = join(&numbers, millions);
        row.set(Field::Tiers, text);
        if is_dynamic_only {
            let note = format!("TPM tiers by monthly spend on the quota page: {millions}");
            row.add(Field::Note, "; ", &note);
        }
    }
    let remarks = [
        (
            "there is no quota-management.md, so the tiers of the data are kept",
            kept,
        ),
        (
            "the token limit is dynamic, but there are no tiers",
            missing,
        ),
    ];
    let remarks = remarks.into_iter().filter(|(_, models)| !models.is_empty());
    let remarks = remarks.map(|(remark, models)| format!("{remark}: {}", models.join(", ")));
    remarks.collect()
}

fn find<'a>(tiers: &'a Tiers, region: &str, name: &str) -> Option<&'a [u64]> {
    let mut tiers = tiers.iter();
    let found = tiers.find(|((of_region, of_name), _)| *of_region == region && of_name == name);
    found.map(|(_, numbers)| numbers.as_slice())
}

fn parse(cell: &str) -> Option<Vec<u64>> {
    let numbers = cell.split('/').map(str::parse);
    numbers.collect::<Result<_, _>>().ok()
}

fn join(numbers: &[u64], format: impl Fn(u64) -> String) -> String {
    let numbers = numbers.iter().map(|number| format(*number));
    numbers.collect::<Vec<_>>().join("/")
}

/// Returns the number in millions, as in `1.2M`. Tiers are multiples of 10,000.
fn millions(number: u64) -> String {
    let (whole, hundredths) = (number / 1_000_000, number % 1_000_000 / 10_000);
    let text = format!("{whole}.{hundredths:02}");
    format!("{}M", text.trim_end_matches('0').trim_end_matches('.'))
}
