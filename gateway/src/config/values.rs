//! The values of a configuration file: how they are written, and what is expected instead of others.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use model_studio_limits_core::{Escaped, deserialize};
use serde::de::{self, Deserialize, Deserializer, Visitor};

/// A value that is written as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text<T>(pub(super) T);

/// A type whose values are written as strings.
pub(super) trait Written: FromStr<Err: fmt::Display> {
    /// What is expected.
    const EXPECTED: &'static str;
}

impl<'de, T: Written> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer, T::EXPECTED).map(Self)
    }
}

/// The address of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address(pub(super) SocketAddr);

impl Written for Address {
    const EXPECTED: &'static str = "an address with a port such as `127.0.0.1:8787`";
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse().map(Self);
        address.map_err(|_| not(Self::EXPECTED, text))
    }
}

/// A part of the limits, such as `1/4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub(super) part: u32,
    pub(super) whole: u32,
}

impl Written for Share {
    const EXPECTED: &'static str = "a fraction such as `1/4`, greater than 0 and at most `1/1`";
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(part, whole)| {
            let share = Self {
                part: part.trim().parse().ok()?,
                whole: whole.trim().parse().ok()?,
            };
            (1..=share.whole).contains(&share.part).then_some(share)
        });
        parts.ok_or_else(|| not(Self::EXPECTED, text))
    }
}

/// The longest duration of a configuration: later times could not be represented.
const MAX_DURATION: Duration = Duration::from_secs(8_760 * 3_600);

/// A duration, such as `30s` or `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time(pub(super) Duration);

impl Written for Time {
    const EXPECTED: &'static str =
        "a duration such as `30s` or `10m`, greater than 0 and at most `8760h`";
}

impl FromStr for Time {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = duration(text).filter(|time| !time.is_zero()).map(Self);
        time.ok_or_else(|| not(Self::EXPECTED, text))
    }
}

/// A duration that can be `0s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeOrZero(pub(super) Duration);

impl Written for TimeOrZero {
    const EXPECTED: &'static str = "a duration such as `0s`, `30s` or `10m`, of at most `8760h`";
}

impl FromStr for TimeOrZero {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = duration(text).map(Self);
        time.ok_or_else(|| not(Self::EXPECTED, text))
    }
}

fn duration(text: &str) -> Option<Duration> {
    let parsed = text.parse::<SignedDuration>().ok()?;
    let parsed = Duration::try_from(parsed).ok()?;
    (parsed <= MAX_DURATION).then_some(parsed)
}

/// A number of bytes: an integer, or a string such as `32 MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) usize);

const SIZE: &str = "a size such as `32 MiB`, or a number of bytes";

/// The units of sizes, in bytes.
const SIZE_UNITS: [(&str, usize); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let mut units = SIZE_UNITS.iter();
        let unit = units.find(|(name, _)| *name == unit.trim_start());
        let size = unit.and_then(|(_, bytes)| number.parse::<usize>().ok()?.checked_mul(*bytes));
        let size = size.filter(|size| *size > 0);
        size.map(Self).ok_or_else(|| not(SIZE, text))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;

        impl Visitor<'_> for SizeVisitor {
            type Value = Size;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(SIZE)
            }

            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Size, E> {
                let size = usize::try_from(bytes).ok().filter(|size| *size > 0);
                let error = || E::invalid_value(de::Unexpected::Signed(bytes), &self);
                size.map(Size).ok_or_else(error)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_any(SizeVisitor)
    }
}

/// An integer from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Integer<const MIN: u64, const MAX: u64>(pub(super) u64);

/// The largest integer of TOML.
pub(super) const MAX_INTEGER: u64 = i64::MAX as u64;

impl<const MIN: u64, const MAX: u64> Integer<MIN, MAX> {
    /// Returns the integer, or the largest `u32` if that is smaller.
    pub(super) fn as_u32(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }

    /// Returns the integer, or the largest `usize` if that is smaller.
    pub(super) fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Integer<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_i64(IntegerVisitor::<MIN, MAX>)
            .map(Self)
    }
}

struct IntegerVisitor<const MIN: u64, const MAX: u64>;

impl<const MIN: u64, const MAX: u64> Visitor<'_> for IntegerVisitor<MIN, MAX> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match MAX {
            MAX_INTEGER => write!(f, "an integer of at least {MIN}"),
            _ => write!(f, "an integer from {MIN} to {MAX}"),
        }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<u64, E> {
        let integer = u64::try_from(value).ok();
        let integer = integer.filter(|value| (MIN..=MAX).contains(value));
        integer.ok_or_else(|| E::invalid_value(de::Unexpected::Signed(value), &self))
    }
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fraction(pub(super) f64);

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FractionVisitor;

        impl Visitor<'_> for FractionVisitor {
            type Value = Fraction;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 1")
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Fraction, E> {
                if (0.0..=1.0).contains(&value) {
                    return Ok(Fraction(value));
                }
                Err(E::invalid_value(de::Unexpected::Float(value), &self))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Fraction, E> {
                match value {
                    0 => Ok(Fraction(0.0)),
                    1 => Ok(Fraction(1.0)),
                    _ => Err(E::invalid_value(de::Unexpected::Signed(value), &self)),
                }
            }
        }

        deserializer.deserialize_any(FractionVisitor)
    }
}

fn not(expected: &str, found: &str) -> String {
    format!("expected {expected}, found `{}`", Escaped(found))
}
