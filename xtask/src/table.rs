//! Assembles the tables.

use std::collections::HashMap;

use crate::data::Data;
use crate::deployment::{DEPLOYMENTS, Deployment};
use crate::lifecycle::{self, Listed, Retirement};
use crate::limit::Limit;
use crate::page::{self, Row};
use crate::pools::{self, Pool};
use crate::report::Report;
use crate::windows::{self, Windows};

/// The table of a region and deployment scope.
pub(crate) struct Table<'a> {
    pub(crate) deployment: &'static Deployment,
    pub(crate) models: Vec<Model<'a>>,
    /// The names that are no longer served.
    pub(crate) retired: Vec<(&'a str, Retirement<'a>)>,
}

/// A model of a table.
pub(crate) struct Model<'a> {
    pub(crate) row: Row<'a>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) pool: Option<&'a str>,
    /// Set if the model will be retired.
    pub(crate) deprecation: Option<Retirement<'a>>,
}

impl<'a> Table<'a> {
    /// Returns every name and alias, with the name of its model.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.models.iter().flat_map(|model| {
            let name = model.row.name.text;
            model.row.names().map(move |alias| (alias, name))
        })
    }

    /// Returns the model with a name or alias.
    pub(crate) fn model_mut(&mut self, name: &str) -> Option<&mut Model<'a>> {
        let mut models = self.models.iter_mut();
        models.find(|model| model.row.names().any(|of| of == name))
    }
}

/// Builds all tables, in the order of [`DEPLOYMENTS`].
pub(crate) fn build<'a>(data: &'a Data, report: &mut Report) -> Result<Vec<Table<'a>>, String> {
    let rows = page::read(&data.models)?;
    let pools = pools::read(&data.pools)?;
    let mut tables = place(rows, report)?;
    let windows = windows::read(&data.windows, report)?;
    for table in &mut tables {
        set_limits(table, &windows, report);
        set_pools(table, &pools, report)?;
    }
    let notices = lifecycle::read(&data.lifecycle, report)?;
    let listed = Listed::new(&tables);
    for table in &mut tables {
        lifecycle::apply(table, &notices, &listed);
    }
    lifecycle::report_unplaced(&notices, &listed, report);
    Ok(tables)
}

/// Puts each row into its table.
fn place<'a>(rows: Vec<Row<'a>>, report: &mut Report) -> Result<Vec<Table<'a>>, String> {
    let mut tables = DEPLOYMENTS.each_ref().map(|deployment| Table {
        deployment,
        models: Vec::new(),
        retired: Vec::new(),
    });
    for row in rows {
        let position = Deployment::position(&row)?;
        if is_model_id(row.name.text) {
            add(&mut tables[position], row, report)?;
        } else {
            report.note(&row.name, "not a model ID: left out");
        }
    }
    Ok(tables.into())
}

/// Returns `false` for the one row of the page that describes a series instead of a model.
fn is_model_id(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_graphic())
}

/// Adds a row. If a name has a row of the table's own scope and one of another scope, the former is
/// used.
fn add<'a>(table: &mut Table<'a>, row: Row<'a>, report: &mut Report) -> Result<(), String> {
    let scope = table.deployment.scope;
    if row.scope != scope {
        let message = format!(
            "scope {} has no table, using the table {} of scope {scope}",
            row.scope, table.deployment.file
        );
        report.note(&row.name, message);
    }
    let names: Vec<_> = row.names().collect();
    let same = |model: &Model<'_>| model.row.names().any(|name| names.contains(&name));
    let Some(position) = table.models.iter().position(same) else {
        table.models.push(Model::new(row));
        return Ok(());
    };
    let earlier = &mut table.models[position];
    let line = earlier.row.name.line;
    match (earlier.row.scope == scope, row.scope == scope) {
        (true, false) => {
            let message = format!("line {line} has the scope of the table: this row is left out");
            report.note(&row.name, message);
        }
        (false, true) => {
            let message = format!("has the scope of the table: line {line} is left out");
            report.note(&row.name, message);
            *earlier = Model::new(row);
        }
        _ => {
            let message = format!("duplicate name in the table, first listed on line {line}");
            return Err(row.name.error(message));
        }
    }
    Ok(())
}

impl<'a> Model<'a> {
    fn new(row: Row<'a>) -> Self {
        Self {
            limits: row.limits.clone(),
            row,
            pool: None,
            deprecation: None,
        }
    }
}

/// Replaces the limits of the page with exact windows, in the region where these are known.
fn set_limits(table: &mut Table<'_>, windows: &HashMap<&str, Windows<'_>>, report: &mut Report) {
    for model in &table.models {
        if model.row.lacks_floor() {
            report.note(
                &model.row.name,
                "the token limit is dynamic, and the page lists no number for it",
            );
        }
    }
    if table.deployment.region != windows::REGION {
        return;
    }
    for model in &mut table.models {
        model.limits = windows::refine(&model.row, windows, report);
    }
    let listed = table.names().map(|(name, _)| name);
    windows::report_unlisted(windows, listed, report);
}

/// Sets the pools. A pool is one quota, so if the windows of its models differ, the limits of the
/// page are kept.
fn set_pools<'a>(
    table: &mut Table<'a>,
    pools: &[Pool<'a>],
    report: &mut Report,
) -> Result<(), String> {
    for model in &mut table.models {
        model.pool = pools::find(pools, &model.row)?;
    }
    for pool in pools
        .iter()
        .filter(|pool| pool.region == table.deployment.region)
    {
        let models = table.models.iter_mut();
        let models = models.filter(|model| model.pool == Some(pool.name.text));
        let mut models: Vec<_> = models.collect();
        pool.check_size(models.len())?;
        if !differ(&models) {
            continue;
        }
        report.note(
            &pool.name,
            "the windows of the pool's models differ: not used",
        );
        for model in &mut models {
            model.limits.clone_from(&model.row.limits);
        }
        if differ(&models) {
            return Err(pool.name.error("the limits of the pool's models differ"));
        }
    }
    Ok(())
}

fn differ(models: &[&mut Model<'_>]) -> bool {
    models
        .windows(2)
        .any(|pair| pair[0].limits != pair[1].limits)
}
