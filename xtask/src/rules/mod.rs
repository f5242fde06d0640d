//! The rules that turn the provider's data into tables. `README.md` describes them.

mod limits;
mod placement;
mod pools;
mod properties;
mod retirement;

use crate::deviations::Deviations;
use crate::read::Data;
use crate::table::RegionTable;

/// Returns all tables, in the order of [`DEPLOYMENTS`](crate::deployment::DEPLOYMENTS).
pub(crate) fn apply<'a>(
    data: &'a Data<'a>,
    deviations: &mut Deviations,
) -> Result<Vec<RegionTable<'a>>, String> {
    let tables = without_properties(data, deviations)?;
    properties::set(tables, data, deviations)
}

/// Returns all tables without the properties of the models.
pub(crate) fn without_properties<'a>(
    data: &'a Data<'a>,
    deviations: &mut Deviations,
) -> Result<Vec<RegionTable<'a>>, String> {
    limits::check_regions(&data.quotas)?;
    let tables = placement::place(&data.listings, deviations)?;
    let tables = tables.into_iter().map(|table| {
        let table = limits::set(table, data, deviations);
        pools::set(table, &data.pools, deviations)
    });
    let tables = tables.collect::<Result<Vec<_>, _>>()?;
    let notices = retirement::latest(&data.notices, deviations);
    Ok(retirement::retire(
        tables,
        &notices,
        data.page_date,
        deviations,
    ))
}
