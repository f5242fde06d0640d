//! Puts each row of the page into a table.

use crate::deployment::{DEPLOYMENTS, Deployment};
use crate::deviations::Deviations;
use crate::property::Properties;
use crate::read::page::Listing;
use crate::table::{RegionTable, TableRow, page_limits};

/// Returns the tables, with the limits of the page. If a name has a row of the table's own scope and
/// one of another scope, the former is used.
pub(super) fn place<'a>(
    listings: &'a [Listing<'a>],
    deviations: &mut Deviations,
) -> Result<Vec<RegionTable<'a>>, String> {
    let tables = DEPLOYMENTS.iter().map(|deployment| RegionTable {
        deployment,
        rows: Vec::new(),
        retired: Vec::new(),
    });
    let mut tables: Vec<_> = tables.collect();
    for listing in listings {
        let table = &mut tables[table_index(listing)?];
        if !is_model_id(listing.name.text) {
            deviations.add(&listing.name, "not a model ID: left out");
            continue;
        }
        let Deployment { file, scope, .. } = *table.deployment;
        if listing.scope != scope {
            let other = listing.scope;
            let message =
                format!("scope {other} has no table, using the table {file} of scope {scope}");
            deviations.add(&listing.name, message);
            let mut others = listings
                .iter()
                .filter(|other| is_same_model(other, listing));
            if let Some(other) = others.find(|other| other.scope == scope) {
                let line = other.name.line;
                let message =
                    format!("line {line} has the scope of the table: this row is left out");
                deviations.add(&listing.name, message);
                continue;
            }
        }
        if let Some(index) = listing.names().find_map(|name| table.index(name)) {
            let line = table.rows[index].listing.name.line;
            let message = format!("duplicate name in the table, first listed on line {line}");
            return Err(listing.name.error(message));
        }
        table.rows.push(TableRow {
            listing,
            limits: page_limits(listing),
            pool: None,
            deprecation: None,
            properties: Properties::new(),
        });
    }
    Ok(tables)
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

/// Returns `true` if two rows of a region have a name in common.
fn is_same_model(one: &Listing<'_>, other: &Listing<'_>) -> bool {
    one.region.text == other.region.text && one.names().any(|name| other.has_name(name))
}
