//! The models of a region.

use std::path::Path;

use model_studio_limits::PropertyValue;
use model_studio_limits_codegen as codegen;
use model_studio_provider::{Region, Status, Table, TableModel};

use super::{LifeCycle, Model};

/// The property with the most tokens of input and output together.
const CONTEXT_WINDOW: &str = "context_window";

/// Returns the models in a table.
pub(super) fn of_table(table: &Table) -> Vec<Model> {
    let models = table.models.iter();
    let models = models.map(|model| Model {
        name: model.name.to_owned(),
        aliases: model
            .aliases
            .iter()
            .map(|&alias| alias.to_owned())
            .collect(),
        life_cycle: match model.status {
            Status::Active => LifeCycle::Active,
            Status::Deprecated(retires) => LifeCycle::Deprecated {
                since: table.date,
                retires,
                replacement: model.replacement.map(str::to_owned),
            },
            Status::Retired(on) => LifeCycle::Retired {
                on,
                replacement: model.replacement.map(str::to_owned),
            },
        },
        quota: quota(model).to_owned(),
        limits: match &model.served {
            Some(served) => served.limits.as_slice().to_vec(),
            None => Vec::new(),
        },
        has_own_limits: false,
        context_window: match model.property(CONTEXT_WINDOW) {
            Some(PropertyValue::Integer(tokens)) => Some(tokens),
            _ => None,
        },
    });
    models.collect()
}

/// Returns the name of the quota, which is the one that programs with the limiter use in a store.
fn quota(model: &TableModel) -> &'static str {
    let pool = model.served.as_ref().and_then(|served| served.pool);
    pool.unwrap_or(model.name)
}

/// Applies an overlay, which sets limits and properties and can add models.
///
/// # Errors
///
/// Returns the report of the errors in the file.
pub(super) fn apply_overlay(
    models: &mut Vec<Model>,
    region: Region,
    overlay: &Path,
) -> Result<(), codegen::Error> {
    let table = codegen::Generator::shipped(region.name())
        .overlay(overlay)
        .table()?;
    for row in table.models {
        let context_window = match row.properties.get(CONTEXT_WINDOW) {
            Some(codegen::PropertyValue::Integer(tokens)) => Some(*tokens),
            _ => None,
        };
        if let Some(model) = models.iter_mut().find(|model| model.name == row.name) {
            model.has_own_limits |= model.limits != row.limits;
            model.limits = row.limits;
            model.context_window = context_window;
            continue;
        }
        let life_cycle = match row.deprecation {
            None => LifeCycle::Active,
            Some(deprecation) => LifeCycle::Deprecated {
                since: None,
                retires: deprecation.retires,
                replacement: row.replacement,
            },
        };
        models.push(Model {
            quota: row.pool.unwrap_or_else(|| row.name.clone()),
            name: row.name,
            aliases: row.aliases,
            life_cycle,
            limits: row.limits,
            has_own_limits: true,
            context_window,
        });
    }
    Ok(())
}
