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
