//! What a refused request means.

/// The reason why the provider refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Too many requests, per minute or per second.
    Requests,
    /// Too many tokens, per minute or per second.
    Tokens,
    /// The number of requests rose too quickly.
    Burst,
    /// Too many requests run at the same time.
    Concurrency,
    /// The provider has no capacity at the moment.
    Capacity,
    /// A retry would be refused again: for example, the account has no balance, or the model does
    /// not exist.
    NotRetryable,
}

impl Refusal {
    /// Classifies a failed request by the HTTP status, and the code and the message of its body.
    ///
    /// The codes are those of `DashScope` and of the OpenAI-compatible endpoint, from the provider's
    /// documentation of error codes of October 2026. A code can have several meanings, so the
    /// message is read too: `insufficient_quota` is a limit on tokens, unless the message says that
    /// the free quota is used up. Pass an empty string for what is missing.
    ///
    /// An unknown code is classified by its status: 429 is [`Requests`](Self::Requests), 500, 502,
    /// 503 and 504 are [`Capacity`](Self::Capacity), and others are
    /// [`NotRetryable`](Self::NotRetryable).
    ///
    /// ```
    /// use model_studio_limiter::Refusal;
    ///
    /// let message = "Allocated quota exceeded, please increase your quota limit.";
    /// let refusal = Refusal::classify(429, "Throttling.AllocationQuota", message);
    /// assert_eq!(refusal, Refusal::Tokens);
    /// assert!(refusal.is_retryable());
    ///
    /// let refusal = Refusal::classify(429, "insufficient_quota", "Free allocated quota exceeded.");
    /// assert!(!refusal.is_retryable());
    /// ```
    #[must_use]
    pub fn classify(status: u16, code: &str, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        match code {
            "Throttling.RateQuota" | "limit_requests" | "LimitRequests" | "Throttling" => {
                Self::Requests
            }
            "Throttling.AllocationQuota" | "insufficient_quota" => by_quota_message(&message),
            "Throttling.BurstRate" | "limit_burst_rate" => Self::Burst,
            "Throttling.Concurrency" => Self::Concurrency,
            "ModelServingError" | "ModelUnavailable" => Self::Capacity,
            "CommodityNotPurchased"
            | "PrepaidBillOverdue"
            | "PostpaidBillOverdue"
            | "AllocationQuota.FreeTierOnly"
            | "Endpoint.AccessDenied"
            | "ModelNotFound"
            | "model_not_found" => Self::NotRetryable,
            _ => by_status(status, &message),
        }
    }

    /// Returns `true` if the request can succeed later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::NotRetryable)
    }
}

/// Classifies the code of allocated quotas.
fn by_quota_message(message: &str) -> Refusal {
    if message.contains("free allocated quota") || message.contains("voice limit") {
        Refusal::NotRetryable
    } else if message.contains("capacity") {
        Refusal::Capacity
    } else {
        Refusal::Tokens
    }
}

/// Classifies an unknown code.
fn by_status(status: u16, message: &str) -> Refusal {
    match status {
        429 if message.contains("allocated quota") || message.contains("current quota") => {
            by_quota_message(message)
        }
        429 if message.contains("increased too quickly") => Refusal::Burst,
        429 if message.contains("concurrent requests") => Refusal::Concurrency,
        429 if message.contains("capacity") => Refusal::Capacity,
        429 => Refusal::Requests,
        500 | 502..=504 => Refusal::Capacity,
        _ => Refusal::NotRetryable,
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal::{self, Burst, Capacity, Concurrency, NotRetryable, Requests, Tokens};

    /// The provider's codes and messages, in both spellings.
    #[test]
    fn the_codes_of_the_provider() {
        for (status, code, message, refusal) in [
            (
                429,
                "Throttling.RateQuota",
                "Requests rate limit exceeded",
                Requests,
            ),
            (
                429,
                "limit_requests",
                "You exceeded your current requests list.",
                Requests,
            ),
            (429, "LimitRequests", "", Requests),
            (429, "Throttling", "Too many requests in route", Requests),
            (
                429,
                "Throttling.AllocationQuota",
                "Allocated quota exceeded",
                Tokens,
            ),
            (
                429,
                "insufficient_quota",
                "You exceeded your current quota, please check your plan and billing details.",
                Tokens,
            ),
            (
                429,
                "insufficient_quota",
                "Free allocated quota exceeded.",
                NotRetryable,
            ),
            (
                429,
                "Throttling.AllocationQuota",
                "Free allocated quota exceeded",
                NotRetryable,
            ),
            (
                400,
                "Throttling.AllocationQuota",
                "Maximum voice-clone voice limit exceeded",
                NotRetryable,
            ),
            (
                429,
                "Throttling.AllocationQuota",
                "Batch requests are being throttled due to system capacity limits",
                Capacity,
            ),
            (
                429,
                "Throttling.BurstRate",
                "Request rate increased too quickly",
                Burst,
            ),
            (429, "limit_burst_rate", "", Burst),
            (
                429,
                "Throttling.Concurrency",
                "Too many concurrent requests",
                Concurrency,
            ),
            (429, "CommodityNotPurchased", "", NotRetryable),
            (429, "PrepaidBillOverdue", "", NotRetryable),
            (429, "PostpaidBillOverdue", "", NotRetryable),
            (403, "AllocationQuota.FreeTierOnly", "", NotRetryable),
            (
                403,
                "Endpoint.AccessDenied",
                "Workspace endpoint access denied.",
                NotRetryable,
            ),
            (404, "ModelNotFound", "", NotRetryable),
            (404, "model_not_found", "", NotRetryable),
            (
                500,
                "ModelServingError",
                "throttled due to system capacity limits",
                Capacity,
            ),
            (503, "ModelUnavailable", "", Capacity),
            (429, "", "", Requests),
            (429, "new_code", "Request rate increased too quickly", Burst),
            (502, "", "", Capacity),
            (400, "InvalidParameter", "", NotRetryable),
            (401, "InvalidApiKey", "", NotRetryable),
        ] {
            assert_eq!(
                Refusal::classify(status, code, message),
                refusal,
                "{status} {code} {message}"
            );
        }
    }
}
