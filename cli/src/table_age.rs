//! Warns about old tables.

use model_studio_limits::Date;
use model_studio_provider::Table;

/// The number of days after which a table is old.
const MAX_AGE: i32 = 60;

/// Returns the earliest date of the tables, or `None` if none has a date.
pub(crate) fn date_of(tables: &[Table]) -> Option<Date> {
    tables.iter().filter_map(|table| table.date).min()
}

/// Returns a warning if one of the tables is old.
pub(crate) fn warning(tables: &[Table], today: Date) -> Option<String> {
    let date = date_of(tables)?;
    let days = today.to_epoch_days() - date.to_epoch_days();
    if days <= MAX_AGE {
        return None;
    }
    let age = format!("as of {date} and {days} days old");
    Some(match tables {
        [table] if table.region.is_none() => format!(
            "warning: the table {} is {age}; check whether its source has changed",
            table.name
        ),
        _ => format!("warning: the tables are {age}; update model-studio-limits to get newer ones"),
    })
}
