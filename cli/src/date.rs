//! Dates of today and later.

use jiff::ToSpan as _;
use jiff::civil;
use model_studio_limits::Date;

/// Returns the date of today, in UTC.
pub(crate) fn today() -> anyhow::Result<Date> {
    let now = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now());
    from_civil(now.date())
}

/// Returns the date that is a number of days after another one.
pub(crate) fn add_days(date: Date, days: u16) -> anyhow::Result<Date> {
    let date: civil::Date = date.to_string().parse()?;
    from_civil(date.saturating_add(i64::from(days).days()))
}

fn from_civil(date: civil::Date) -> anyhow::Result<Date> {
    Ok(date.to_string().parse()?)
}
