//! The rows of the quota endpoint.

use serde::{Deserialize, Deserializer};

/// The quotas of a model. A model can have several rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct QuotaRow {
    /// The model ID.
    pub model: String,
    /// The limits of the account.
    #[serde(deserialize_with = "present")]
    pub model_limit: Option<Quota>,
    /// The limits of the key's workspace.
    #[serde(deserialize_with = "present")]
    pub workspace_limit: Option<Quota>,
}

/// The numbers of a quota, as the provider sends them.
// The fields that the provider always sends must be present, even if they are null. If it renamed one, the
// limit would otherwise be missing without an error.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Quota {
    /// The number of requests in a period.
    #[serde(deserialize_with = "present")]
    pub request_limit: Option<i64>,
    /// The period of `request_limit`, in seconds.
    #[serde(deserialize_with = "present")]
    pub request_limit_period: Option<i64>,
    /// The usage in a period, such as a number of tokens.
    #[serde(deserialize_with = "present")]
    pub usage_limit: Option<i64>,
    /// The unit of `usage_limit`, such as `total_tokens`.
    #[serde(deserialize_with = "present")]
    pub usage_limit_field: Option<String>,
    /// The period of `usage_limit`, in seconds.
    #[serde(deserialize_with = "present")]
    pub usage_limit_period: Option<i64>,
    /// The number of tasks at the same time.
    // In some examples, it is only sent for models with tasks. `async_user_queue_limit` is the length of a
    // queue, which is not a rate limit.
    pub async_user_concurrency_limit: Option<i64>,
}

/// Deserializes a field that may be null, but not missing.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}
