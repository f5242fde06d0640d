//! Serialization in the format of tables.

use serde::ser::{Error as _, Serialize, SerializeMap as _, Serializer};

use super::{Limit, Limits};
use crate::rate::{self, Rate};
use crate::{KeyWindow, LimitKey, LimitKind};

/// Serializes in the format of tables: a map such as `{ "qpm": 600, "tokens": "500000 per 6s" }`.
///
/// Limits without a short key are strings, or a list of strings if a kind has several. An empty list
/// of limits is the string `none`. A limit that tables cannot contain, such as one whose window has a
/// fraction of a second, is an error.
impl Serialize for Limits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.as_slice().is_empty() {
            return serializer.serialize_str("none");
        }
        if let Some(limit) = self.iter().find(|limit| !is_in_tables(limit)) {
            return Err(S::Error::custom(format_args!(
                "a table cannot contain the limit `{limit}`"
            )));
        }
        let mut map = serializer.serialize_map(None)?;
        for limit in *self {
            if let Some(key) = short_key(limit) {
                map.serialize_entry(key.name, &limit.count)?;
            }
        }
        let keys = LimitKey::ALL.iter();
        for key in keys.filter(|key| key.window == KeyWindow::Any) {
            let rates = Rates(*self, key.kind);
            let mut items = rates.iter();
            match (items.next(), items.next()) {
                (None, _) => {}
                (Some(only), None) => map.serialize_entry(key.name, &only)?,
                (Some(_), Some(_)) => map.serialize_entry(key.name, &rates)?,
            }
        }
        map.end()
    }
}

/// Returns the key whose value is the count of the limit.
fn short_key(limit: &Limit) -> Option<LimitKey> {
    LimitKey::find(limit.kind, KeyWindow::Fixed(limit.per))
}

/// Returns `true` if a table can contain the limit.
fn is_in_tables(limit: &Limit) -> bool {
    let has_rate = || LimitKey::find(limit.kind, KeyWindow::Any).is_some();
    short_key(limit).is_some() || limit.per.is_some_and(rate::is_valid) && has_rate()
}

/// The limits of a kind that have no short key.
struct Rates(Limits, LimitKind);

impl Rates {
    fn iter(&self) -> impl Iterator<Item = Rate> {
        self.0.iter().filter_map(|limit| {
            let Limit { kind, count, per } = *limit;
            let is_listed = kind == self.1 && short_key(limit).is_none();
            is_listed.then_some(Rate { count, per: per? })
        })
    }
}

impl Serialize for Rates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
