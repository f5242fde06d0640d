//! Dates and numbers of days.

use std::env;
use std::str::FromStr;

use anyhow::Context as _;
use jiff::ToSpan as _;
use jiff::civil;
use model_studio_limits::Date;

/// The variable that sets the date of today in tests.
const TODAY: &str = "MODEL_STUDIO_LIMITS_TODAY";

/// Returns the date of today, in UTC.
pub(crate) fn today() -> anyhow::Result<Date> {
    if let Ok(today) = env::var(TODAY) {
        return today.parse().context(TODAY);
    }
    let now = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::now());
    from_civil(now.date())
}

/// A number of days, such as `90d`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Days(pub(crate) u16);

impl Days {
    /// Returns the date this many days after another one.
    pub(crate) fn after(self, date: Date) -> anyhow::Result<Date> {
        let date: civil::Date = date.to_string().parse()?;
        from_civil(date.saturating_add(i64::from(self.0).days()))
    }
}

impl FromStr for Days {
    type Err = &'static str;

    fn from_str(string: &str) -> Result<Self, Self::Err> {
        let digits = string.strip_suffix('d').unwrap_or(string);
        let days = digits.parse().ok().filter(|_| !digits.starts_with('+'));
        days.map(Self)
            .ok_or("expected a number of days such as `90d`")
    }
}

fn from_civil(date: civil::Date) -> anyhow::Result<Date> {
    Ok(date.to_string().parse()?)
}
