//! The keys of a configuration file.
//!
//! `example.toml` describes them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use model_studio_provider::Region;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::secret_source::{SecretSource, UrlSource};
use super::values::{
    Address, Fraction, Integer, MAX_INTEGER, Share, Size, Text, Time, TimeOrZero, Written,
};
use super::{Level, LogFormat, UnknownModels};

/// A value with its position in the file, if it is there.
type Key<T> = Option<Spanned<T>>;

/// A configuration file. What it does not set is `None`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct File {
    pub(super) region: Key<Text<Region>>,
    pub(super) workspace: Key<String>,
    pub(super) upstream: Key<String>,
    pub(super) complete_paths: Option<bool>,
    pub(super) allow_http_upstream: bool,
    pub(super) upstream_http2: Option<bool>,
    pub(super) listen: Key<Text<Address>>,
    pub(super) admin_listen: Key<Text<Address>>,
    pub(super) allow_public: bool,
    pub(super) unknown_models: Option<UnknownModels>,
    pub(super) share: Option<Text<Share>>,
    pub(super) overlay: Key<PathBuf>,
    pub(super) limits: BTreeMap<Spanned<String>, ModelLimits>,
    pub(super) access: Access,
    pub(super) clients: BTreeMap<Spanned<String>, Client>,
    pub(super) classes: BTreeMap<Spanned<String>, Class>,
    pub(super) fallbacks: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
    pub(super) patience: Option<Text<TimeOrZero>>,
    pub(super) store: Option<Store>,
    pub(super) quotas: Option<Spanned<Quotas>>,
    pub(super) assumed_output: Option<Integer<1, MAX_INTEGER>>,
    pub(super) retries: Option<Integer<0, 100>>,
    pub(super) bounds: Bounds,
    pub(super) timeouts: Timeouts,
    pub(super) log: Log,
}

/// The limits of a model or its pool: those of some keys, or none at all.
pub(super) enum ModelLimits {
    None,
    Keys(BTreeMap<Spanned<String>, Spanned<LimitValue>>),
}

/// The value of a key such as `rpm` or `requests`.
#[derive(Debug)]
pub(super) enum LimitValue {
    Count(i64),
    Rate(String),
    Rates(Vec<Spanned<String>>),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Access {
    pub(super) provider_key: Key<SecretSource>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Client {
    pub(super) key_hash: Key<String>,
    pub(super) key_file: Key<PathBuf>,
    pub(super) class: Key<String>,
    pub(super) models: Option<Vec<Spanned<String>>>,
    pub(super) max_concurrent: Option<Integer<1, MAX_INTEGER>>,
    pub(super) tokens_per_minute: Option<Integer<1, MAX_INTEGER>>,
    pub(super) other_requests: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Class {
    pub(super) weight: Option<Integer<1, 1_000>>,
    pub(super) headroom: Option<Fraction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
pub(super) struct Store {
    pub(super) url: Spanned<UrlSource>,
    pub(super) account: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Quotas {
    pub(super) every: Key<Text<Time>>,
    pub(super) key: Key<SecretSource>,
    pub(super) url: Key<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Bounds {
    pub(super) body: Key<Size>,
    pub(super) header: Option<Size>,
    pub(super) connections: Option<Integer<1, MAX_INTEGER>>,
    pub(super) waiting: Option<Integer<1, MAX_INTEGER>>,
    pub(super) waiting_bytes: Key<Size>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Timeouts {
    pub(super) header: Option<Text<Time>>,
    pub(super) body: Option<Text<Time>>,
    pub(super) queue: Option<Text<Time>>,
    pub(super) connect: Option<Text<Time>>,
    pub(super) response: Option<Text<Time>>,
    pub(super) idle: Option<Text<Time>>,
    pub(super) wait: Option<Text<TimeOrZero>>,
    pub(super) shutdown: Option<Text<TimeOrZero>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct Log {
    pub(super) format: Option<LogFormat>,
    pub(super) level: Option<Level>,
}

impl Written for Region {
    const EXPECTED: &'static str = "the name of a region such as `singapore`";
}

impl<'de> Deserialize<'de> for ModelLimits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LimitsVisitor;

        impl<'de> Visitor<'de> for LimitsVisitor {
            type Value = ModelLimits;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table such as `{ rpm = 600, tpm = 1_000_000 }`, or `\"none\"`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ModelLimits, E> {
                match text {
                    "none" => Ok(ModelLimits::None),
                    _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ModelLimits, A::Error> {
                let map = de::value::MapAccessDeserializer::new(map);
                BTreeMap::deserialize(map).map(ModelLimits::Keys)
            }
        }

        deserializer.deserialize_any(LimitsVisitor)
    }
}

impl<'de> Deserialize<'de> for LimitValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct LimitVisitor;

        impl<'de> Visitor<'de> for LimitVisitor {
            type Value = LimitValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count, or a rate such as `500 per 6s`")
            }

            fn visit_i64<E: de::Error>(self, count: i64) -> Result<LimitValue, E> {
                Ok(LimitValue::Count(count))
            }

            fn visit_str<E: de::Error>(self, rate: &str) -> Result<LimitValue, E> {
                Ok(LimitValue::Rate(rate.to_owned()))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<LimitValue, A::Error> {
                let seq = de::value::SeqAccessDeserializer::new(seq);
                Vec::deserialize(seq).map(LimitValue::Rates)
            }
        }

        deserializer.deserialize_any(LimitVisitor)
    }
}
