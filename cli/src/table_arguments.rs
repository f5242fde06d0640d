//! The arguments that select tables.

use std::path::PathBuf;

use clap::Args;
use model_studio_limits_codegen::Error;

use crate::own_table;
use crate::tables::{Region, Table, tables_of};

#[derive(Args)]
pub(crate) struct TableArguments {
    /// Only models of this region [default: all regions]
    #[arg(long, short)]
    region: Option<Region>,
    /// Use your own table, in the format of `model-studio-limits-codegen`
    #[arg(long, short, value_name = "FILE", conflicts_with = "region")]
    table: Option<PathBuf>,
    /// Apply an overlay to your own table
    // `requires` alone would have no effect along with `--region`, which excludes `--table`.
    #[arg(
        long,
        value_name = "FILE",
        requires = "table",
        conflicts_with = "region"
    )]
    overlay: Option<PathBuf>,
}

impl TableArguments {
    /// Returns the selected tables.
    pub(crate) fn tables(&self) -> Result<Vec<Table>, Error> {
        match &self.table {
            Some(path) => Ok(vec![own_table::read(path, self.overlay.as_deref())?]),
            None => Ok(tables_of(self.region)),
        }
    }
}
