//! Deserialization from the format of tables.

use core::fmt;
use std::string::String;
use std::vec::Vec;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use super::{Limit, Limits};
use crate::{KeyWindow, LimitKey, Rate};

/// Deserializes from a map such as `{ "qpm": 600, "tokens": "500000 per 6s" }`, or from the string
/// `none`.
///
/// Because `Limits` refer to static data, each distinct list is leaked once, and lives until the
/// program exits.
impl<'de> Deserialize<'de> for Limits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitsVisitor)
    }
}

struct LimitsVisitor;

impl<'de> Visitor<'de> for LimitsVisitor {
    type Value = Limits;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of limits or `none`")
    }

    fn visit_str<E: Error>(self, string: &str) -> Result<Limits, E> {
        match string {
            "none" => Ok(Limits::new(&[])),
            _ => Err(E::invalid_value(Unexpected::Str(string), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Limits, A::Error> {
        let mut limits = Vec::<Limit>::new();
        while let Some(name) = map.next_key::<String>()? {
            let Some(LimitKey { kind, window, .. }) = LimitKey::from_name(&name) else {
                return Err(A::Error::custom(format_args!("unknown limit `{name}`")));
            };
            let new: Vec<Limit> = match window {
                KeyWindow::Fixed(per) => {
                    let count = map.next_value()?;
                    [Limit { kind, count, per }].into()
                }
                KeyWindow::Any => {
                    let Rates(rates) = map.next_value()?;
                    rates.into_iter().map(|rate| rate.limit(kind)).collect()
                }
            };
            for limit in new {
                if limits.iter().any(|other| other.slot() == limit.slot()) {
                    return Err(A::Error::custom(format_args!("duplicate limit `{name}`")));
                }
                limits.push(limit);
            }
        }
        if limits.is_empty() {
            return Err(A::Error::custom("expected at least one limit, or `none`"));
        }
        limits.sort_by_key(Limit::slot);
        Ok(Limits::leaked(limits))
    }
}

/// One rate, or a list of rates.
struct Rates(Vec<Rate>);

impl<'de> Deserialize<'de> for Rates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RatesVisitor)
    }
}

struct RatesVisitor;

impl<'de> Visitor<'de> for RatesVisitor {
    type Value = Rates;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string such as `500 per 6s`, or a list of such strings")
    }

    fn visit_str<E: Error>(self, string: &str) -> Result<Rates, E> {
        string
            .parse()
            .map(|rate| Rates([rate].into()))
            .map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Rates, A::Error> {
        let mut rates = Vec::new();
        while let Some(string) = seq.next_element::<String>()? {
            rates.push(string.parse().map_err(A::Error::custom)?);
        }
        if rates.is_empty() {
            return Err(A::Error::custom("the list is empty"));
        }
        Ok(Rates(rates))
    }
}
