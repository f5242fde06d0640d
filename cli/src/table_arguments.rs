//! The arguments that select tables.

use std::path::PathBuf;

use clap::Args;

use crate::date::today;
use crate::tables::{Region, Table, tables_of};
use crate::{own_table, table_age};

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
    /// Returns the selected tables. If they are old, a warning is written to standard error.
    pub(crate) fn tables(&self) -> anyhow::Result<Vec<Table>> {
        let today = today()?;
        let (tables, warning) = match &self.table {
            Some(path) => {
                let table = own_table::read(path, self.overlay.as_deref())?;
                let warning = table_age::of_own_table(path, table.date, today);
                (vec![table], warning)
            }
            None => (
                tables_of(self.region),
                table_age::of_regions(self.region, today),
            ),
        };
        if let Some(warning) = warning {
            anstream::eprintln!("{warning}");
        }
        Ok(tables)
    }
}
