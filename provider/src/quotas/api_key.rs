//! The API key.

use std::env::{self, VarError};
use std::error::Error;
use std::fmt;

use serde_json::Value;
use ureq::http::HeaderValue;
use ureq::http::header::InvalidHeaderValue;

/// An API key. It cannot be displayed, so that no message contains it by accident.
///
/// ```
/// use model_studio_provider::quotas::ApiKey;
///
/// let key = ApiKey::new("sk-0123456789abcdef")?;
/// assert_eq!(format!("{key:?}"), "ApiKey");
/// # Ok::<(), model_studio_provider::quotas::ApiKeyError>(())
/// ```
#[derive(Clone)]
pub struct ApiKey(String);

impl ApiKey {
    /// Creates a key. Spaces and newlines around it are removed, since a key that was read from a file
    /// often ends with a newline.
    ///
    /// # Errors
    ///
    /// Returns an error if the key is empty, or contains another character than those of ASCII that are
    /// visible.
    pub fn new(key: &str) -> Result<Self, ApiKeyError> {
        Self::named("the API key", key)
    }

    /// Reads the key from an environment variable, such as [`VARIABLE`](Self::VARIABLE).
    ///
    /// # Errors
    ///
    /// Returns an error if the variable is not set, or does not contain a key.
    pub fn from_env(variable: &str) -> Result<Self, ApiKeyError> {
        let key = match env::var(variable) {
            Ok(key) => key,
            Err(VarError::NotPresent) => String::new(),
            Err(VarError::NotUnicode(_)) => {
                return Err(ApiKeyError(format!("{variable} is not valid UTF-8")));
            }
        };
        if key.trim().is_empty() {
            return Err(ApiKeyError(format!(
                "{variable} is not set: set it to an API key of the region"
            )));
        }
        Self::named(variable, &key)
    }

    /// The environment variable that the provider's documentation uses.
    pub const VARIABLE: &'static str = "DASHSCOPE_API_KEY";

    fn named(name: &str, key: &str) -> Result<Self, ApiKeyError> {
        let key = key.trim();
        if key.is_empty() {
            return Err(ApiKeyError(format!("{name} is empty")));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ApiKeyError(format!(
                "{name} contains a character that is not allowed in a key"
            )));
        }
        Ok(Self(key.to_owned()))
    }

    /// Returns the value of the header `Authorization`.
    pub(super) fn authorization(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0))?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        text.contains(&self.0)
    }

    /// Removes the key from a text, since a server may echo it in a message.
    pub(super) fn remove_from(&self, text: &str) -> String {
        text.replace(&self.0, "[key]")
    }

    /// Removes the key from all texts in a JSON value.
    pub(super) fn remove_from_json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.remove_from(&text)),
            Value::Array(values) => {
                let values = values.into_iter();
                values.map(|value| self.remove_from_json(value)).collect()
            }
            Value::Object(fields) => {
                let fields = fields.into_iter();
                fields
                    .map(|(name, value)| (self.remove_from(&name), self.remove_from_json(value)))
                    .collect()
            }
            value => value,
        }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey")
    }
}

/// Error returned when a text cannot be an API key. The message does not contain the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyError(String);

impl fmt::Display for ApiKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ApiKeyError {}
