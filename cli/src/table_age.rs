//! Warns about old tables.

use std::path::Path;

use model_studio_limits::Date;

use crate::tables::{Region, date_of};

/// The number of days after which a table is old.
const MAX_AGE: i32 = 60;

/// Returns a warning if the table of a region, or one of all regions, is old.
pub(crate) fn of_regions(region: Option<Region>, today: Date) -> Option<String> {
    let age = age(date_of(region)?, today)?;
    Some(format!(
        "warning: the tables are {age}; update model-studio-limits to get newer ones"
    ))
}

/// Returns a warning if a user's own table is old.
pub(crate) fn of_own_table(path: &Path, date: Option<Date>, today: Date) -> Option<String> {
    let age = age(date?, today)?;
    let path = path.display();
    Some(format!(
        "warning: the table {path} is {age}; check whether its source has changed"
    ))
}

/// Describes the age of a table, or returns `None` if it is not old.
fn age(date: Date, today: Date) -> Option<String> {
    let days = today.to_epoch_days() - date.to_epoch_days();
    (days > MAX_AGE).then(|| format!("as of {date} and {days} days old"))
}
