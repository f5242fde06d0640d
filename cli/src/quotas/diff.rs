//! Compares the limits of an account with a table.

use std::collections::BTreeMap;
use std::io::{self, Write};

use model_studio_limits_core::{Escaped, Limit, LimitKind};
use model_studio_provider::Table;
use model_studio_provider::quotas::AccountLimits;

use crate::text_columns::{columns, short_limits};

/// Writes a row for each model whose limits differ, or that is only in the account or the table. Returns
/// `true` if there are any.
pub(super) fn write(
    account: &AccountLimits,
    table: &Table,
    output: &mut impl Write,
) -> io::Result<bool> {
    let mut rows = BTreeMap::<&str, [String; 2]>::new();
    let mut other_windows = 0;
    for (model, served) in table.served() {
        let in_table = served.limits.as_slice();
        let Some(quota) = account.known.get(model.name) else {
            rows.insert(
                model.name,
                [short_limits(in_table), "not in the response".to_owned()],
            );
            continue;
        };
        let limits = quota.limits();
        if limits == in_table {
            continue;
        }
        if is_same_rate(&limits, in_table) {
            other_windows += 1;
            continue;
        }
        rows.insert(model.name, [short_limits(in_table), short_limits(&limits)]);
    }
    for (name, quota) in &account.unknown {
        let limits = short_limits(&quota.limits());
        rows.insert(name, ["not in the table".to_owned(), limits]);
    }
    if rows.is_empty() {
        anstream::eprintln!("no differences");
    } else {
        let mut columns = columns(["MODEL", "TABLE", "ACCOUNT"]);
        for (name, [in_table, of_account]) in &rows {
            columns.add_row([&Escaped(name).to_string(), in_table, of_account]);
        }
        writeln!(output, "{}", columns.trim_fmt())?;
    }
    if other_windows > 0 {
        anstream::eprintln!(
            "note: models with the same rates in other windows, which are not listed: {other_windows}"
        );
    }
    Ok(!rows.is_empty())
}

/// Returns `true` if two lists of limits have the same rates, and no window with different counts.
fn is_same_rate(a: &[Limit], b: &[Limit]) -> bool {
    let is_other_count =
        |limit: &Limit, other: &Limit| limit.slot() == other.slot() && limit.count != other.count;
    let mut limits = a.iter();
    rates(a) == rates(b) && !limits.any(|a| b.iter().any(|b| is_other_count(a, b)))
}

/// Returns the lowest rate of each kind, as a count and a number of seconds, in lowest terms. The
/// number of seconds of a limit on concurrency is 0.
fn rates(limits: &[Limit]) -> BTreeMap<LimitKind, (u64, u64)> {
    let mut rates = BTreeMap::<LimitKind, (u64, u64)>::new();
    for limit in limits {
        let (count, seconds) = (limit.count.get(), limit.per.map_or(0, |per| per.as_secs()));
        let divisor = greatest_common_divisor(count, seconds);
        let rate = (count / divisor, seconds / divisor);
        let is_lower = |(count, seconds): (u64, u64)| {
            u128::from(rate.0) * u128::from(seconds) < u128::from(count) * u128::from(rate.1)
        };
        let lowest = rates.entry(limit.kind).or_insert(rate);
        if is_lower(*lowest) {
            *lowest = rate;
        }
    }
    rates
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}
