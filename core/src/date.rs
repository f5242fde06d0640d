//! Calendar dates.

use core::fmt;
use core::str::FromStr;

/// A date in the Gregorian calendar, up to the year 9999.
///
/// ```
/// # use model_studio_limits_core as model_studio_limits;
/// use model_studio_limits::Date;
///
/// let date: Date = "2026-10-10".parse()?;
/// assert_eq!((date.year(), date.month(), date.day()), (2026, 10, 10));
/// assert!("2026-02-30".parse::<Date>().is_err());
/// # Ok::<(), model_studio_limits::ParseDateError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Creates a date, or returns `None` if it does not exist or if the year is after 9999. Months
    /// and days are counted from 1.
    #[must_use]
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => 0,
        };
        if year <= 9999 && day >= 1 && day <= days {
            Some(Self { year, month, day })
        } else {
            None
        }
    }

    /// Returns the year.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// Returns the month, from 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// Returns the day of the month, from 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Returns the number of days since 1970-01-01, which is negative for earlier dates.
    ///
    /// ```
    /// # use model_studio_limits_core as model_studio_limits;
    /// use model_studio_limits::Date;
    ///
    /// let days = |date: &str| date.parse().map(Date::to_epoch_days);
    /// assert_eq!(days("2026-10-10")? - days("2026-10-09")?, 1);
    /// # Ok::<(), model_studio_limits::ParseDateError>(())
    /// ```
    #[must_use]
    pub const fn to_epoch_days(self) -> i32 {
        // These years start in March, so that a leap day is the last day of its year. They are counted
        // from 400 years before the year 0, so that they are positive and have the same leap years.
        let (months, years) = if self.month > 2 {
            (self.month as i32 - 3, self.year as i32 + 400)
        } else {
            (self.month as i32 + 9, self.year as i32 + 399)
        };
        let leap_days = years / 4 - years / 100 + years / 400;
        let days_of_months = (153 * months + 2) / 5;
        let days = 365 * years + leap_days + days_of_months + self.day as i32;
        days - 865_566
    }
}

/// Error returned when a string is not a date of the form `2026-10-10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseDateError(());

impl fmt::Display for ParseDateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a valid date such as `2026-10-10`")
    }
}

impl core::error::Error for ParseDateError {}

/// Parses a date of the form `2026-10-10`.
impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(string: &str) -> Result<Self, ParseDateError> {
        parse(string).ok_or(ParseDateError(()))
    }
}

fn parse(string: &str) -> Option<Date> {
    let (year, rest) = string.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    Date::new(number(year, 4)?, number(month, 2)?, number(day, 2)?)
}

/// Parses an unsigned integer that consists of `len` ASCII digits.
fn number<T: FromStr>(digits: &str, len: usize) -> Option<T> {
    let has_form = digits.len() == len && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| has_form)
}

/// Writes the date in the form `2026-10-10`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn dates_parse_and_display() {
        for string in ["2026-10-10", "2024-02-29", "2000-02-29", "0001-01-01"] {
            let date: Date = string.parse().unwrap();
            assert_eq!(date.to_string(), string);
        }
    }

    #[test]
    fn days_are_counted_from_1970() {
        for (string, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2026-10-09", 20_735),
        ] {
            let date: Date = string.parse().unwrap();
            assert_eq!(date.to_epoch_days(), days, "{string}");
        }
        let all = (0..=9999).flat_map(|year| {
            let months = (1..=12).flat_map(move |month| (1..=31).map(move |day| (month, day)));
            months.filter_map(move |(month, day)| Date::new(year, month, day))
        });
        let mut all = all.map(Date::to_epoch_days);
        let first = all.next().unwrap();
        assert_eq!(first, -719_528);
        assert!(
            all.zip(first + 1..)
                .all(|(days, expected)| days == expected)
        );
    }

    #[test]
    fn dates_that_do_not_exist_are_errors() {
        for string in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-04-31",
            "2026-1-1",
            "26-01-01",
            "2026/01/01",
            "+026-01-01",
            "2026-01-01-",
            "",
            "2026-01-01x",
            "２026-01-0",
        ] {
            assert!(string.parse::<Date>().is_err(), "{string}");
        }
    }
}
