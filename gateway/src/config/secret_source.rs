//! Where a secret is.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

/// Where a secret is. It is never in the configuration file itself, because such files end up in
/// repositories, images and backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file.
    File(PathBuf),
}

const SECRET: &str = "`{ env = \"VARIABLE\" }` or `{ file = \"PATH\" }`";

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretVisitor)
    }
}

struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = SecretSource;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SECRET)
    }

    // The error does not repeat the string, which is the secret.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<SecretSource, E> {
        Err(E::custom(format_args!(
            "a secret cannot be written in the configuration file, which is easily copied and \
             shared; expected {SECRET}"
        )))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SecretSource, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Fields {
            env: Option<String>,
            file: Option<PathBuf>,
        }
        let fields = Fields::deserialize(de::value::MapAccessDeserializer::new(map))?;
        match (fields.env, fields.file) {
            // Whoever writes the secret itself must not find it in an error.
            (Some(variable), None) if !is_variable(&variable) => Err(de::Error::custom(
                "`env` must be the name of an environment variable: letters, digits and `_`",
            )),
            (Some(variable), None) => Ok(SecretSource::Env(variable)),
            (None, Some(file)) => Ok(SecretSource::File(file)),
            _ => Err(de::Error::custom(format_args!("expected {SECRET}"))),
        }
    }
}

/// A URL that may be a secret, because it can contain a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum UrlSource {
    /// A URL in the file.
    Literal(String),
    /// The URL is elsewhere.
    Secret(SecretSource),
}

impl<'de> Deserialize<'de> for UrlSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct UrlVisitor;

        impl<'de> Visitor<'de> for UrlVisitor {
            type Value = UrlSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a URL, {SECRET}")
            }

            fn visit_str<E: de::Error>(self, url: &str) -> Result<UrlSource, E> {
                Ok(UrlSource::Literal(url.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UrlSource, A::Error> {
                SecretVisitor.visit_map(map).map(UrlSource::Secret)
            }
        }

        deserializer.deserialize_any(UrlVisitor)
    }
}

fn is_variable(name: &str) -> bool {
    let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_valid)
}
