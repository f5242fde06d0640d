//! Puts each row of the page into a table.

use crate::deployment::{DEPLOYMENTS, Deployment};
use crate::deviations::Deviations;
use crate::read::page::Listing;
use crate::table::{RegionTable, TableLimit, TableRow};

/// Returns the tables, with the limits of the page.
pub(super) fn place<'a>(
    listings: Vec<Listing<'a>>,
    deviations: &mut Deviations,
) -> Result<Vec<RegionTable<'a>>, String> {
    let mut tables = DEPLOYMENTS.each_ref().map(|deployment| RegionTable {
        deployment,
        rows: Vec::new(),
        retired: Vec::new(),
    });
    for listing in listings {
        let index = table_index(&listing)?;
        if is_model_id(listing.name.text) {
            add(&mut tables[index], listing, deviations)?;
        } else {
            deviations.add(&listing.name, "not a model ID: left out");
        }
    }
    Ok(tables.into())
}

/// Returns the index of the table of a scope, or else of the main table of the region.
fn table_index(listing: &Listing<'_>) -> Result<usize, String> {
    let is_of_region = |table: &Deployment| table.region == listing.region.text;
    let is_of_scope = |table: &Deployment| is_of_region(table) && table.scope == listing.scope;
    let index = DEPLOYMENTS.iter().position(is_of_scope);
    let index = index.or_else(|| DEPLOYMENTS.iter().position(is_of_region));
    index.ok_or_else(|| listing.region.error("unknown region"))
}

/// Returns `false` for the one row of the page that describes a series instead of a model.
fn is_model_id(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_graphic())
}

/// Adds a row. If a name has a row of the table's own scope and one of another scope, the former is
/// used.
fn add<'a>(
    table: &mut RegionTable<'a>,
    listing: Listing<'a>,
    deviations: &mut Deviations,
) -> Result<(), String> {
    let Deployment { file, scope, .. } = *table.deployment;
    if listing.scope != scope {
        let other = listing.scope;
        let message =
            format!("scope {other} has no table, using the table {file} of scope {scope}");
        deviations.add(&listing.name, message);
    }
    let names: Vec<_> = listing.names().collect();
    let is_same = |row: &TableRow<'_>| row.listing.names().any(|name| names.contains(&name));
    let Some(index) = table.rows.iter().position(is_same) else {
        table.rows.push(row(listing));
        return Ok(());
    };
    let earlier = &mut table.rows[index];
    let line = earlier.listing.name.line;
    match (earlier.listing.scope == scope, listing.scope == scope) {
        (true, false) => {
            let message = format!("line {line} has the scope of the table: this row is left out");
            deviations.add(&listing.name, message);
        }
        (false, true) => {
            let message = format!("has the scope of the table: line {line} is left out");
            deviations.add(&listing.name, message);
            *earlier = row(listing);
        }
        _ => {
            let message = format!("duplicate name in the table, first listed on line {line}");
            return Err(listing.name.error(message));
        }
    }
    Ok(())
}

fn row(listing: Listing<'_>) -> TableRow<'_> {
    TableRow {
        limits: TableLimit::all_of_page(&listing),
        listing,
        pool: None,
        deprecation: None,
    }
}
