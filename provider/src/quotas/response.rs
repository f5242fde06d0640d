//! The responses of the quota endpoint.
//!
//! ```json
//! { "code": null, "message": null, "success": true, "request_id": "…",
//!   "output": { "total": 453, "page_no": 1, "page_size": 100, "quotas": [
//!     { "model": "qwen3-max", "workspace_id": "llm-…",
//!       "model_limit": { "request_limit": 500, "request_limit_period": 1,
//!                        "usage_limit": 500000, "usage_limit_field": "total_tokens",
//!                        "usage_limit_period": 6,
//!                        "async_user_queue_limit": null, "async_user_concurrency_limit": null },
//!       "workspace_limit": null } ] } }
//! ```
//!
//! Periods are seconds, and any number may be null.

use model_studio_limits_core::Escaped;
use serde::Deserialize;
use serde_json::Value;

use super::api_key::ApiKey;
use super::endpoint::Endpoint;
use super::error::Error;
use super::row::QuotaRow;

/// One page of the list of models.
#[derive(Deserialize)]
pub(super) struct Page {
    /// The number of rows on all pages.
    pub(super) total: u64,
    #[serde(rename = "page_no")]
    pub(super) number: Option<u64>,
    pub(super) quotas: Vec<QuotaRow>,
}

/// The fields of every response.
#[derive(Deserialize)]
struct Envelope {
    success: Option<bool>,
    output: Option<Page>,
}

/// The fields of the response to a rejected request.
#[derive(Default, Deserialize)]
struct ErrorBody {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

/// A response without the key, which a server may echo.
pub(super) struct Response {
    status: u16,
    body: Body,
}

enum Body {
    Json(Value),
    Text(String),
}

impl Response {
    /// Removes the key from a response.
    pub(super) fn new(status: u16, body: &str, key: &ApiKey) -> Self {
        let body = match serde_json::from_str(body) {
            // The text of the JSON could contain the key with escapes.
            Ok(json) => Body::Json(key.remove_from_json(json)),
            // It can still be JSON that is cut off.
            Err(_) => Body::Text(key.remove_from(&decode_escapes(body))),
        };
        Self { status, body }
    }

    /// Reads a response that is neither a redirect nor a reason to retry.
    pub(super) fn read(&self, endpoint: &Endpoint) -> Result<Page, Error> {
        let is_failure = self.json().get("success") == Some(&Value::Bool(false));
        if !(200..300).contains(&self.status) || is_failure {
            return Err(self.refused(endpoint));
        }
        match &self.body {
            Body::Json(Value::Object(_)) => {}
            Body::Json(_) => return Err(unexpected("expected an object")),
            Body::Text(_) => {
                let response = self.describe();
                return Err(Error::Failed(format!(
                    "the response is not JSON: {response}"
                )));
            }
        }
        let envelope: Envelope =
            serde_path_to_error::deserialize(self.json()).map_err(|error| wrong_value(&error))?;
        if envelope.success.is_none() {
            return Err(unexpected("missing field `success`"));
        }
        envelope
            .output
            .ok_or_else(|| unexpected("missing field `output`"))
    }

    fn refused(&self, endpoint: &Endpoint) -> Error {
        let reason = self.describe();
        let code = self.error_body().code;
        // A 403 with a code can have other reasons, such as a free quota that is used up.
        if code.as_deref() == Some("InvalidApiKey")
            || self.status == 401
            || (self.status == 403 && self.is_empty())
        {
            return Error::KeyRejected {
                region: endpoint.region(),
                reason,
            };
        }
        if self.status == 404 {
            return Error::Failed(format!(
                "the quota endpoint was not found at {}, for {}: {reason}",
                endpoint.url(),
                endpoint.region_and_workspace()
            ));
        }
        Error::Failed(format!("the provider refused the request: {reason}"))
    }

    /// Describes the response: its status, and its error message or the beginning of its text.
    pub(super) fn describe(&self) -> String {
        let status = self.status;
        if self.is_empty() {
            return format!("status {status} with an empty body");
        }
        let ErrorBody {
            code,
            message,
            request_id,
        } = self.error_body();
        if code.is_none() && message.is_none() {
            let text = match &self.body {
                Body::Json(json) => &json.to_string(),
                Body::Text(text) => text.trim(),
            };
            let start: String = text.chars().take(200).collect();
            return format!("status {status}, `{}`", Escaped(&start));
        }
        let parts = [code, message].into_iter().flatten();
        let id = request_id.map(|id| format!("request ID {id}"));
        let parts: Vec<String> = parts.chain(id).collect();
        format!("status {status}, {}", Escaped(&parts.join(", ")))
    }

    fn error_body(&self) -> ErrorBody {
        ErrorBody::deserialize(self.json()).unwrap_or_default()
    }

    /// Returns the JSON of the response, or null if it is something else.
    fn json(&self) -> &Value {
        match &self.body {
            Body::Json(json) => json,
            Body::Text(_) => &Value::Null,
        }
    }

    fn is_empty(&self) -> bool {
        matches!(&self.body, Body::Text(text) if text.trim().is_empty())
    }
}

/// Replaces JSON escapes of characters that a key can contain, such as `\u0073`.
fn decode_escapes(text: &str) -> String {
    let mut parts = text.split("\\u");
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..4);
        let byte = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = byte.filter(u8::is_ascii_graphic) {
            decoded.push(byte.into());
            decoded.push_str(&part[4..]);
        } else {
            decoded.push_str("\\u");
            decoded.push_str(part);
        }
    }
    decoded
}

/// Describes a response with an unexpected structure, with the path of the first wrong value.
fn wrong_value(error: &serde_path_to_error::Error<serde_json::Error>) -> Error {
    let path = error.path().to_string();
    let message = plain(&error.inner().to_string());
    let message = Escaped(&message);
    Error::UnexpectedResponse(match path.as_str() {
        "." => message.to_string(),
        path => format!("{message} in `{}`", Escaped(path)),
    })
}

fn unexpected(reason: &str) -> Error {
    Error::UnexpectedResponse(reason.to_owned())
}

/// Returns a message of serde without the names of Rust types.
fn plain(message: &str) -> String {
    let Some((found, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let Some(found) = found.strip_prefix("invalid type: ") else {
        // `invalid value: integer` and the number, which is too large or negative.
        return found.to_owned();
    };
    let expected = match expected {
        "i64" | "u64" => "an integer",
        "a sequence" => "an array",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    };
    let found = match found.split(' ').next() {
        Some("boolean") => "a boolean",
        Some("integer") => "an integer",
        Some("floating") => "a decimal number",
        Some("string") => "a string",
        Some("sequence") => "an array",
        Some("map") => "an object",
        Some("null" | "unit") => "null",
        _ => found,
    };
    format!("expected {expected}, found {found}")
}
