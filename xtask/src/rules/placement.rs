//! Puts each row of the page into a table.

use model_studio_limits_core::Limit;

use crate::deployment::{DEPLOYMENTS, Deployment};
use crate::deviations::Deviations;
use crate::property::Properties;
use crate::read::page::Listing;
use crate::table::{RegionTable, TableLimit, TableRow, page_limits};

/// Returns the tables, with the limits of the page. If a model has rows of several scopes in one table,
/// the lowest limits are used.
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
        }
        let Some(index) = listing.names().find_map(|name| table.index(name)) else {
            let page_limits = page_limits(listing);
            table.rows.push(TableRow {
                listing,
                limits: page_limits.clone(),
                page_limits,
                pool: None,
                deprecation: None,
                properties: Properties::new(),
            });
            continue;
        };
        let row = &mut table.rows[index];
        let line = row.listing.name.line;
        if row.listing.scope == listing.scope || row.listing.name.text != listing.name.text {
            let message = format!("duplicate name in the table, first listed on line {line}");
            return Err(listing.name.error(message));
        }
        let message = format!("line {line} has the same model: the lowest limits are used");
        deviations.add(&listing.name, message);
        row.page_limits = lowest(&row.page_limits, &page_limits(listing));
        row.limits.clone_from(&row.page_limits);
        if listing.scope == scope {
            row.listing = listing;
        }
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

/// Returns all limits of two rows of a model. Of those of the same kind and window, the lowest is used.
fn lowest(limits: &[TableLimit], others: &[TableLimit]) -> Vec<TableLimit> {
    let mut limits = limits.to_vec();
    for other in others.iter().copied() {
        let Limit { kind, per, count } = other.limit;
        let mut same = limits.iter_mut().map(|limit| &mut limit.limit);
        match same.find(|limit| limit.kind == kind && limit.per == per) {
            Some(limit) => limit.count = limit.count.min(count),
            None => limits.push(other),
        }
    }
    limits
}
