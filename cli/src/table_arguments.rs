//! The arguments that select tables.

use std::path::PathBuf;

use clap::Args;
use model_studio_provider::{Region, Table};

use crate::date::today;
use crate::own_table;
use crate::table_age;

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

/// Which tables a command uses.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    AllRegions,
    Region(Region),
    /// A user's own table, with its overlay.
    Own(PathBuf, Option<PathBuf>),
}

impl TableArguments {
    /// Returns the selection, or `None` if there are no arguments.
    pub(crate) fn selection(&self) -> Option<Selection> {
        let own = self.table.clone();
        let own = own.map(|table| Selection::Own(table, self.overlay.clone()));
        own.or(self.region.map(Selection::Region))
    }

    /// Returns the selected tables, or those of all regions. If they are old, a warning is written to
    /// standard error.
    pub(crate) fn tables(&self) -> anyhow::Result<Vec<Table>> {
        let tables = self.selection().unwrap_or(Selection::AllRegions).tables()?;
        if let Some(warning) = table_age::warning(&tables, today()?) {
            anstream::eprintln!("{warning}");
        }
        Ok(tables)
    }
}

impl Selection {
    pub(crate) fn tables(&self) -> anyhow::Result<Vec<Table>> {
        Ok(match self {
            Self::AllRegions => Region::ALL.iter().map(|region| region.table()).collect(),
            Self::Region(region) => vec![region.table()],
            Self::Own(table, overlay) => vec![own_table::read(table, overlay.as_deref())?],
        })
    }
}
