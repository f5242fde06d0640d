//! Rates, such as `500 per 6s` in a table.

use core::fmt;
use core::num::NonZeroU64;
use core::str::FromStr;
use core::time::Duration;

use crate::{Limit, LimitKind};

/// A count per window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The count.
    pub count: NonZeroU64,
    /// The length of the window, at least one second.
    pub per: Duration,
}

/// Error returned when a string is not a valid [`Rate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseRateError(&'static str);

const FORM: ParseRateError = ParseRateError(
    "expected a count and a window such as `500 per 6s`, with the unit s, m, h or d",
);
const TOO_LONG: ParseRateError = ParseRateError("the window must be at most 3650d");

/// The units of a duration, in seconds.
const UNITS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

const MAX_SECONDS: u64 = 3_650 * 86_400;

/// Parses a string such as `500 per 6s`. Numbers that are 0 or too large are errors.
impl FromStr for Rate {
    type Err = ParseRateError;

    fn from_str(string: &str) -> Result<Self, ParseRateError> {
        let (count, duration) = string.split_once(" per ").ok_or(FORM)?;
        let count = number(count, ParseRateError("the count must fit into 64 bits"))?;
        let count = NonZeroU64::new(count).ok_or(ParseRateError("the count must be at least 1"))?;
        let mut units = UNITS.iter();
        let found = units.find_map(|(unit, factor)| Some((duration.strip_suffix(unit)?, factor)));
        let (duration, factor) = found.ok_or(FORM)?;
        let duration = number(duration, TOO_LONG)?;
        match duration.checked_mul(*factor) {
            Some(0) => Err(ParseRateError("the window must be at least 1s")),
            Some(seconds @ ..=MAX_SECONDS) => Ok(Self {
                count,
                per: Duration::from_secs(seconds),
            }),
            _ => Err(TOO_LONG),
        }
    }
}

impl Rate {
    /// Returns the limit of a kind.
    #[must_use]
    pub const fn limit(self, kind: LimitKind) -> Limit {
        Limit {
            kind,
            count: self.count,
            per: Some(self.per),
        }
    }
}

/// Writes the format that is parsed, using the largest unit that divides the window.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per {}", self.count, Compact(self.per))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Rate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Returns `true` for the length of a window that a table can set.
#[cfg(feature = "serde")]
pub(crate) fn is_valid(per: Duration) -> bool {
    per.subsec_nanos() == 0 && (1..=MAX_SECONDS).contains(&per.as_secs())
}

/// Displays a duration as `6s` or `2h`, or as `1.5s` if it has a fraction of a second.
pub(crate) struct Compact(pub(crate) Duration);

impl fmt::Display for Compact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let is_whole = self.0.subsec_nanos() == 0;
        let mut units = UNITS.iter().rev();
        match units.find(|(_, factor)| is_whole && seconds % factor == 0) {
            Some((unit, factor)) => write!(f, "{}{unit}", seconds / factor),
            None => write!(f, "{:?}", self.0),
        }
    }
}

impl fmt::Display for ParseRateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for ParseRateError {}

/// Parses an unsigned integer that consists of ASCII digits.
fn number(digits: &str, too_large: ParseRateError) -> Result<u64, ParseRateError> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(FORM);
    }
    digits.parse().map_err(|_| too_large)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn rates_parse_and_display() {
        for (string, count, seconds) in [
            ("500 per 1s", 500, 1),
            ("500000 per 6s", 500_000, 6),
            ("1 per 1m", 1, 60),
            ("2000 per 1h", 2_000, 3_600),
            ("18446744073709551615 per 3650d", u64::MAX, MAX_SECONDS),
        ] {
            let rate = string.parse::<Rate>().unwrap();
            let count = NonZeroU64::new(count).unwrap();
            let per = Duration::from_secs(seconds);
            assert_eq!(rate, Rate { count, per });
            assert_eq!(rate.to_string(), string);
        }
    }

    #[test]
    fn other_strings_are_errors() {
        let form = "expected a count and a window such as `500 per 6s`, with the unit s, m, h or d";
        for (string, message) in [
            ("", form),
            ("500", form),
            ("500 per 6", form),
            ("500 per 6x", form),
            ("500 per s", form),
            ("-1 per 6s", form),
            ("1.5 per 6s", form),
            ("500 per  6s", form),
            ("0 per 6s", "the count must be at least 1"),
            ("500 per 0s", "the window must be at least 1s"),
            (
                "18446744073709551616 per 6s",
                "the count must fit into 64 bits",
            ),
            (
                "1 per 18446744073709551615d",
                "the window must be at most 3650d",
            ),
            ("1 per 3651d", "the window must be at most 3650d"),
        ] {
            let error = string.parse::<Rate>().unwrap_err();
            assert_eq!(error.to_string(), message, "{string}");
        }
    }
}
