//! Applies a decoded overlay to a table: adds its models and merges its limits.

use std::collections::HashMap;
use std::mem;

use model_studio_limits_core::merge;

use crate::diagnostic::Diagnostic;
use crate::name_index::NameIndex;
use crate::table::Table;
use crate::table_file::{LimitsRow, OverlayFile};
use crate::validate;

/// Returns the table with the models and limits of the overlay, or all errors in the overlay.
pub(crate) fn apply(table: &Table, overlay: OverlayFile) -> Result<Table, Vec<Diagnostic>> {
    let (mut result, mut errors) = match validate::extend(table, overlay.additions) {
        Ok(extended) => (extended, Vec::new()),
        Err(errors) => (table.clone(), errors),
    };
    let retired = result.retired.iter().map(|retired| &retired.row);
    let index = NameIndex::new(result.rows(), retired);
    let mut changes = HashMap::<usize, &LimitsRow>::new();
    for row in &overlay.limits {
        let name = &row.name;
        let Some((position, _)) = index.get(name) else {
            errors.push(index.not_found(name, row.location));
            continue;
        };
        for position in pool_members(&result, position) {
            let earlier = changes.insert(position, row);
            // The reader reports duplicate keys.
            if let Some(earlier) = earlier.filter(|earlier| earlier.name != *name) {
                let message = format!(
                    "the limits of `{name}` are already set by `{}` on line {}",
                    earlier.name, earlier.location.line
                );
                let error = Diagnostic::new(row.location, message);
                errors.push(error.help("set the limits of each model or pool only once"));
                break;
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (position, row) in changes {
        let model = &mut result.models[position];
        let limits = merge(&model.row.limits, &row.limits);
        model.baseline = Some(mem::replace(&mut model.row.limits, limits));
    }
    Ok(result)
}

/// Returns the positions of the model at `position` and of all models that share a pool with it.
fn pool_members(table: &Table, position: usize) -> Vec<usize> {
    let pool = table.models[position].row.pool();
    let rows = table.rows().enumerate();
    let members =
        rows.filter(|(other, row)| *other == position || (pool.is_some() && row.pool() == pool));
    members.map(|(position, _)| position).collect()
}
