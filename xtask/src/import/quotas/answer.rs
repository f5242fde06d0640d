//! The answers of the quota endpoint, as JSON.
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
//! The command line tool reads the same form, but it must also describe what a server answers instead, and
//! ignore fields that it does not know. Here, these are errors with a line.

use std::num::NonZeroU64;

use model_studio_limits_core::Rate;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Error;

use crate::deployment::DEPLOYMENTS;
use crate::import::tables::is_model_id;
use crate::read::quotas::usage_kind;

/// A file with answers of the quota endpoint. It can contain several pages, one after the other.
#[derive(Clone, Debug)]
pub struct QuotaAnswer {
    /// The region of the account that asked.
    pub region: String,
    /// The name of the file, for errors.
    pub file: String,
    /// The answers, as JSON.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an answer of the quota endpoint")]
struct Answer {
    success: bool,
    code: Option<String>,
    message: Option<String>,
    #[serde(rename = "request_id")]
    _request_id: Option<IgnoredAny>,
    output: Option<Page>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a page of quotas")]
struct Page {
    /// The number of rows on all pages.
    total: usize,
    #[serde(rename = "page_no")]
    _page_no: Option<IgnoredAny>,
    #[serde(rename = "page_size")]
    _page_size: Option<IgnoredAny>,
    quotas: Vec<ModelQuota>,
}

/// The quota of a model. A model can have several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "the quota of a model")]
pub(super) struct ModelQuota {
    #[serde(deserialize_with = "model_id")]
    pub(super) model: String,
    #[serde(rename = "workspace_id")]
    _workspace_id: Option<IgnoredAny>,
    /// The limits of the account.
    #[serde(deserialize_with = "present")]
    pub(super) model_limit: Option<Limits>,
    /// The limits of the key's workspace.
    #[serde(deserialize_with = "present")]
    pub(super) workspace_limit: Option<Limits>,
}

/// The limits of a model. Periods are seconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "LimitFields")]
pub(super) struct Limits {
    pub(super) requests: Option<Window>,
    /// With the name of what it counts.
    pub(super) usage: Option<(Window, String)>,
    pub(super) queued_tasks: Option<NonZeroU64>,
    pub(super) concurrent_tasks: Option<NonZeroU64>,
}

/// A limit and its period in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) count: NonZeroU64,
    pub(super) seconds: NonZeroU64,
}

/// The fields that the provider always sends must be present, even if they are null. If it renamed one, the
/// limit would otherwise be missing without an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "the limits of a model")]
struct LimitFields {
    #[serde(deserialize_with = "present")]
    request_limit: Option<NonZeroU64>,
    #[serde(deserialize_with = "present")]
    request_limit_period: Option<NonZeroU64>,
    #[serde(deserialize_with = "present")]
    usage_limit: Option<NonZeroU64>,
    #[serde(deserialize_with = "present")]
    usage_limit_field: Option<String>,
    #[serde(deserialize_with = "present")]
    usage_limit_period: Option<NonZeroU64>,
    /// In some examples, the fields about tasks are only sent for models with tasks.
    async_user_queue_limit: Option<NonZeroU64>,
    async_user_concurrency_limit: Option<NonZeroU64>,
}

impl TryFrom<LimitFields> for Limits {
    type Error = String;

    fn try_from(fields: LimitFields) -> Result<Self, String> {
        let requests = (fields.request_limit, fields.request_limit_period);
        let usage = (fields.usage_limit, fields.usage_limit_period);
        let usage = window("usage_limit", usage)?;
        let field = fields.usage_limit_field;
        let is_known = |field: &String| usage_kind(field).is_some();
        let usage = match (usage, field) {
            (None, _) => None,
            (Some(window), Some(field)) if is_known(&field) => Some((window, field)),
            (Some(_), field) => {
                let field = field.unwrap_or_else(|| "null".to_owned());
                return Err(format!(
                    "expected a unit such as `total_tokens` in `usage_limit_field`, found `{field}`"
                ));
            }
        };
        Ok(Self {
            requests: window("request_limit", requests)?,
            usage,
            queued_tasks: fields.async_user_queue_limit,
            concurrent_tasks: fields.async_user_concurrency_limit,
        })
    }
}

fn window(
    name: &str,
    limit: (Option<NonZeroU64>, Option<NonZeroU64>),
) -> Result<Option<Window>, String> {
    match limit {
        (None, None) => Ok(None),
        (Some(count), Some(seconds)) => {
            // The same rules as for a table.
            let rate = format!("{count} per {seconds}s").parse::<Rate>();
            rate.map_err(|error| format!("`{name}`: {error}, found {count} per {seconds}s"))?;
            Ok(Some(Window { count, seconds }))
        }
        (Some(_), None) => Err(format!("expected `{name}_period` for `{name}`, found null")),
        (None, Some(_)) => Err(format!("expected `{name}` for `{name}_period`, found null")),
    }
}

/// Deserializes a field that may be null, but not missing.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

fn model_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if is_model_id(&name) {
        return Ok(name);
    }
    let message = format!("expected a model ID, found `{name}`");
    Err(D::Error::custom(message))
}

/// Returns the quotas of all answers of a region.
pub(super) fn read(answers: &[&QuotaAnswer]) -> Result<Vec<ModelQuota>, String> {
    let mut quotas = Vec::new();
    let mut total = None;
    for answer in answers {
        let (file, region) = (&answer.file, &answer.region);
        if !DEPLOYMENTS.iter().any(|it| it.region == region) {
            let mut regions: Vec<_> = DEPLOYMENTS.iter().map(|it| it.region).collect();
            regions.dedup();
            let regions = regions.join("`, `");
            return Err(format!(
                "{file}: unknown region `{region}`, expected one of `{regions}`"
            ));
        }
        let pages = serde_json::Deserializer::from_str(&answer.text);
        for page in pages.into_iter::<Answer>() {
            let page = page.map_err(|error| describe(file, &error))?;
            let (code, message) = (page.code.as_deref(), page.message.as_deref());
            let Some(output) = page.output.filter(|_| page.success) else {
                let texts: Vec<_> = [code, message].into_iter().flatten().collect();
                let texts = texts.join(", ");
                return Err(format!(
                    "{file}: the endpoint answered with an error: {texts}"
                ));
            };
            if total.is_some_and(|total| total != output.total) {
                let message = "the pages have different totals: are they of one request?";
                return Err(format!("{file}: {message}"));
            }
            total = Some(output.total);
            quotas.extend(output.quotas);
        }
    }
    let (found, expected) = (quotas.len(), total.unwrap_or_default());
    if found != expected || quotas.is_empty() {
        let files: Vec<_> = answers.iter().map(|answer| answer.file.as_str()).collect();
        let files = files.join(", ");
        let expected = expected.max(1);
        return Err(format!(
            "{files}: expected all pages, with {expected} quotas, found {found}"
        ));
    }
    Ok(quotas)
}

/// Describes an error with its position in the file.
fn describe(file: &str, error: &Error) -> String {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let position = format!(" at line {line} column {column}");
    let message = message.strip_suffix(&position).unwrap_or(&message);
    let message = message.replace("a nonzero u64", "a positive integer");
    format!("{file}:{line}:{column}: {message}")
}
