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

use anyhow::{Context as _, anyhow, bail};
use model_studio_limits_core::Escaped;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::key;
use crate::tables::Region;

/// One page of the list of models.
#[derive(Deserialize)]
pub(super) struct Page {
    /// The number of rows on all pages.
    pub(super) total: u64,
    #[serde(rename = "page_no")]
    pub(super) number: Option<u64>,
    pub(super) quotas: Vec<Row>,
}

/// The quotas of a model. A model can have several rows.
#[derive(Deserialize, PartialEq)]
pub(super) struct Row {
    pub(super) model: String,
    /// What the account may use.
    #[serde(deserialize_with = "present")]
    pub(super) model_limit: Option<Quota>,
    /// What the workspace of the key may use.
    pub(super) workspace_limit: Option<Quota>,
}

/// The fields that the provider always sends have to be there, even if they are null. If they had
/// other names, the limits would silently be missing.
#[derive(Deserialize, PartialEq)]
pub(super) struct Quota {
    #[serde(deserialize_with = "present")]
    pub(super) request_limit: Option<i64>,
    #[serde(deserialize_with = "present")]
    pub(super) request_limit_period: Option<i64>,
    #[serde(deserialize_with = "present")]
    pub(super) usage_limit: Option<i64>,
    #[serde(deserialize_with = "present")]
    pub(super) usage_limit_field: Option<String>,
    #[serde(deserialize_with = "present")]
    pub(super) usage_limit_period: Option<i64>,
    /// Only sent for models with tasks in some examples. `async_user_queue_limit` is the length of a
    /// queue, which is not a rate limit.
    pub(super) async_user_concurrency_limit: Option<i64>,
}

/// Deserializes a field that may be null, but not missing.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// What every response has.
#[derive(Deserialize)]
struct Envelope {
    success: Option<bool>,
    output: Option<Page>,
}

/// What the response to a refused request says.
#[derive(Default, Deserialize)]
struct Refusal {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

/// Reads a response that is neither a redirect nor a reason to retry.
pub(super) fn read(status: u16, body: &str, region: Region) -> anyhow::Result<Page> {
    let json = serde_json::from_str::<Value>(body);
    let success = json.as_ref().ok().and_then(|json| json.get("success"));
    if !(200..300).contains(&status) || success == Some(&Value::Bool(false)) {
        return Err(refused(status, body, region));
    }
    match json {
        Ok(Value::Object(_)) => {}
        Ok(_) => bail!("unexpected response: expected an object"),
        Err(_) => bail!("the response is not JSON: {}", describe(status, body)),
    }
    let deserializer = &mut serde_json::Deserializer::from_str(body);
    let envelope: Envelope =
        serde_path_to_error::deserialize(deserializer).map_err(|error| unexpected(&error))?;
    if envelope.success.is_none() {
        bail!("unexpected response: missing field `success`");
    }
    envelope
        .output
        .context("unexpected response: missing field `output`")
}

fn refused(status: u16, body: &str, region: Region) -> anyhow::Error {
    let reason = describe(status, body);
    let code = refusal(body).code;
    if matches!(status, 401 | 403) || code.as_deref() == Some("InvalidApiKey") {
        return anyhow!(
            "the key in {} was rejected in the region `{region}`: {reason}\n\
             A key is valid in one region only. Use --region if it belongs to another.",
            key::VARIABLE
        );
    }
    anyhow!("the provider refused the request: {reason}")
}

/// Describes a response: its status and what it says about an error, or the beginning of its text.
pub(super) fn describe(status: u16, body: &str) -> String {
    let Refusal {
        code,
        message,
        request_id,
    } = refusal(body);
    if code.is_none() && message.is_none() {
        let start: String = body.trim().chars().take(200).collect();
        return match start.as_str() {
            "" => format!("status {status} with an empty body"),
            start => format!("status {status}, `{}`", Escaped(start)),
        };
    }
    let parts = [code, message].into_iter().flatten();
    let id = request_id.map(|id| format!("request ID {id}"));
    let parts: Vec<String> = parts.chain(id).collect();
    format!("status {status}, {}", Escaped(&parts.join(", ")))
}

fn refusal(body: &str) -> Refusal {
    serde_json::from_str(body).unwrap_or_default()
}

/// Describes a response of another shape, with the place of the first value that is wrong.
fn unexpected(error: &serde_path_to_error::Error<serde_json::Error>) -> anyhow::Error {
    let path = error.path().to_string();
    let error = error.inner().to_string();
    // The text is on one line, so its column says less than the path.
    let message = match error.rsplit_once(" at line ") {
        Some((message, _)) => message,
        None => &error,
    };
    let message = Escaped(message);
    match path.as_str() {
        "." => anyhow!("unexpected response: {message}"),
        path => anyhow!("unexpected response: {message} in `{}`", Escaped(path)),
    }
}
