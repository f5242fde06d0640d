//! The API key.

use std::env::{self, VarError};

use anyhow::{Context as _, bail};
use serde_json::Value;
use ureq::http::HeaderValue;

pub(super) const VARIABLE: &str = "DASHSCOPE_API_KEY";

/// The API key. It cannot be displayed, so that no message contains it by accident.
pub(super) struct ApiKey(String);

pub(super) fn from_env() -> anyhow::Result<ApiKey> {
    let key = match env::var(VARIABLE) {
        Ok(key) => key,
        Err(VarError::NotPresent) => String::new(),
        Err(VarError::NotUnicode(_)) => bail!("{VARIABLE} is not valid UTF-8"),
    };
    // A key that was read from a file often ends with a newline.
    let key = key.trim();
    if key.is_empty() {
        bail!("{VARIABLE} is not set: set it to an API key of the region");
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!("{VARIABLE} contains a character that is not allowed in a key");
    }
    Ok(ApiKey(key.to_owned()))
}

impl ApiKey {
    /// Returns the value of the header `Authorization`.
    pub(super) fn authorization(&self) -> anyhow::Result<HeaderValue> {
        let value = HeaderValue::try_from(format!("Bearer {}", self.0));
        // The error of the header is not a source, because it could contain the value.
        let mut value = value.ok().context("the key is not a valid header value")?;
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
