//! Sets the pools of models that share a quota.

use crate::deviations::Deviations;
use crate::read::page::Listing;
use crate::read::pools::Pool;
use crate::read::tsv::Cell;
use crate::table::{RegionTable, TableRow};

/// Returns the table with pools. A pool is one quota, so if the windows of its models differ, the
/// limits of the page are kept.
pub(super) fn set<'a>(
    mut table: RegionTable<'a>,
    pools: &[Pool<'a>],
    deviations: &mut Deviations,
) -> Result<RegionTable<'a>, String> {
    for row in &mut table.rows {
        row.pool = find(pools, row.listing)?;
    }
    let is_of_region = |pool: &&Pool<'_>| pool.region == table.deployment.region;
    for pool in pools.iter().filter(is_of_region) {
        let rows = table.rows.iter_mut();
        let rows = rows.filter(|row| row.pool == Some(pool.name.text));
        let mut rows: Vec<_> = rows.collect();
        check_size(&pool.name, &rows)?;
        if have_same_limits(&rows) {
            continue;
        }
        let message = "the windows of the pool's models differ: not used";
        deviations.add(&pool.name, message);
        for row in &mut rows {
            row.limits.clone_from(&row.page_limits);
        }
        if !have_same_limits(&rows) {
            return Err(pool.name.error("the limits of the pool's models differ"));
        }
    }
    Ok(table)
}

/// Returns the pool of a row: of those with its text, the one with the longest prefix.
fn find<'a>(pools: &[Pool<'a>], listing: &Listing<'_>) -> Result<Option<&'a str>, String> {
    let shared_by = listing.shared_by;
    if shared_by.text.is_empty() {
        return Ok(None);
    }
    let text = without_numbers(shared_by.text);
    let found = pools.iter().filter(|pool| {
        pool.region == listing.region.text
            && pool.shared_by == text
            && listing.name.text.starts_with(pool.prefix)
    });
    match found.max_by_key(|pool| pool.prefix.len()) {
        Some(pool) => Ok(Some(pool.name.text)),
        None => Err(shared_by.error("no pool in `pools.tsv` matches")),
    }
}

/// Returns the text with `N` in place of each number, and of `all` models.
fn without_numbers(text: &str) -> String {
    let is_number = |word: &str| word == "all" || word.bytes().all(|byte| byte.is_ascii_digit());
    let words = text.split(' ');
    let words = words.map(|word| if is_number(word) { "N" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Checks the number of models if the page states it, as in `5 models share …`.
fn check_size(pool: &Cell<'_>, rows: &[&mut TableRow<'_>]) -> Result<(), String> {
    for shared_by in rows.iter().map(|row| row.listing.shared_by) {
        let first_word = shared_by.text.split(' ').next().unwrap_or_default();
        match first_word.parse::<usize>() {
            Ok(expected) if expected != rows.len() => {
                let (pool, found) = (pool.text, rows.len());
                let names = rows.iter().map(|row| row.listing.name.text);
                let names = names.collect::<Vec<_>>().join(", ");
                let message = format!(
                    "expected {expected} models in the pool {pool}, found {found}: {names}"
                );
                return Err(shared_by.error(message));
            }
            _ => {}
        }
    }
    Ok(())
}

fn have_same_limits(rows: &[&mut TableRow<'_>]) -> bool {
    rows.windows(2).all(|pair| pair[0].limits == pair[1].limits)
}
