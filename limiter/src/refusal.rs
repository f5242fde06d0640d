//! The reasons for refusals, and their classification.

use Refusal::{Burst, Capacity, Concurrency, NotRetryable, Requests, Tokens};

/// The reason why the provider refused a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// There were too many requests, per minute or per second.
    Requests,
    /// There were too many tokens, per minute or per second.
    Tokens,
    /// The number of requests rose too quickly.
    Burst,
    /// Too many requests were running at the same time.
    Concurrency,
    /// The provider lacks capacity at the moment.
    Capacity,
    /// A retry would be refused again, for example because the account has no balance or the model
    /// does not exist.
    NotRetryable,
}

impl Refusal {
    /// Classifies a failed request by its HTTP status, and by the error code and the message of the
    /// response body.
    ///
    /// Pass an empty string for a missing code or message. If errors have a type but no code, as in
    /// Anthropic's Messages API, pass the type as the code.
    ///
    /// A known code takes precedence over the status. If it has several meanings, the message
    /// decides. The known codes are those of:
    ///
    /// - `DashScope` and the OpenAI-compatible endpoint of Model Studio, from the provider's
    ///   [documentation of error codes] of October 2026.
    /// - `OpenAI` and Anthropic, from their documentation and from error reports, as found in
    ///   November 2026.
    /// - Azure `OpenAI`, from error reports, as found in November 2026.
    ///
    /// An unknown code is classified by the status:
    ///
    /// - 429: by the message, or as [`Requests`](Self::Requests) if that is unknown.
    /// - 408, 500, 502 to 504, 520 to 524 and 529: as [`Capacity`](Self::Capacity), except for 503
    ///   with the message "Slow Down", which is a [`Burst`](Self::Burst).
    /// - 200, for an error in a stream that began successfully: by the message, or as
    ///   [`NotRetryable`](Self::NotRetryable) if that is unknown.
    /// - Any other status: as [`NotRetryable`](Self::NotRetryable).
    ///
    /// Model Studio uses the code `insufficient_quota` for a limit on tokens, unless the message
    /// says that the free quota is used up. `OpenAI` uses it if the account has no money left. Both
    /// messages begin with the same sentence, but only `OpenAI`'s contains a link to its
    /// documentation. Without the link, the code is assumed to be Model Studio's.
    ///
    /// [documentation of error codes]: https://www.alibabacloud.com/help/en/model-studio/error-code
    ///
    /// # Examples
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
    ///
    /// An error in a stream:
    ///
    /// ```
    /// use model_studio_limiter::Refusal;
    ///
    /// let refusal = Refusal::classify(200, "", "Too many concurrent requests");
    /// assert_eq!(refusal, Refusal::Concurrency);
    /// ```
    #[must_use]
    pub fn classify(status: u16, code: &str, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        match code {
            "Throttling.AllocationQuota" | "insufficient_quota" => by_quota_message(&message),
            // The codes of rate limits of OpenAI, Anthropic and, the last three, of Azure OpenAI.
            "rate_limit_exceeded"
            | "rate_limit_error"
            | "RateLimitReached"
            | "too_many_requests"
            | "429" => by_message(&message).unwrap_or(Self::Requests),
            _ => find(CODES, |known| known == code).unwrap_or_else(|| by_status(status, &message)),
        }
    }

    /// Returns `true` if the same request can succeed later.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::NotRetryable)
    }
}

/// The codes with a single meaning.
const CODES: &[(&str, Refusal)] = &[
    // Model Studio.
    ("Throttling.RateQuota", Requests),
    ("limit_requests", Requests),
    ("LimitRequests", Requests),
    ("Throttling", Requests),
    ("Throttling.BurstRate", Burst),
    ("limit_burst_rate", Burst),
    ("Throttling.Concurrency", Concurrency),
    ("ModelServingError", Capacity),
    ("ModelUnavailable", Capacity),
    ("CommodityNotPurchased", NotRetryable),
    ("PrepaidBillOverdue", NotRetryable),
    ("PostpaidBillOverdue", NotRetryable),
    ("AllocationQuota.FreeTierOnly", NotRetryable),
    ("Endpoint.AccessDenied", NotRetryable),
    ("ModelNotFound", NotRetryable),
    // Model Studio and OpenAI.
    ("model_not_found", NotRetryable),
    // OpenAI.
    ("slow_down", Burst),
    ("server_error", Capacity),
    ("server_is_overloaded", Capacity),
    ("service_unavailable_error", Capacity),
    ("credit_balance_exhausted", NotRetryable),
    ("organization_spend_limit_exceeded", NotRetryable),
    ("organization_usage_limit_exceeded", NotRetryable),
    ("project_spend_limit_exceeded", NotRetryable),
    ("billing_hard_limit_reached", NotRetryable),
    ("billing_not_active", NotRetryable),
    ("context_length_exceeded", NotRetryable),
    ("invalid_api_key", NotRetryable),
    // Azure OpenAI.
    ("NoCapacity", Capacity),
    ("DeploymentNotFound", NotRetryable),
    // Anthropic.
    ("api_error", Capacity),
    ("overloaded_error", Capacity),
    ("timeout_error", Capacity),
    ("enforced_spend_limit_reached", NotRetryable),
    ("authentication_error", NotRetryable),
    ("billing_error", NotRetryable),
    ("not_found_error", NotRetryable),
    ("permission_error", NotRetryable),
    ("request_too_large", NotRetryable),
    // Anthropic and, as a type, OpenAI.
    ("invalid_request_error", NotRetryable),
];

/// Parts of messages, in lower case. The first one that a message contains decides.
const MESSAGES: &[(&str, Refusal)] = &[
    // OpenAI: the request exceeds the limit per minute by itself.
    ("request too large", NotRetryable),
    // OpenAI: the account has no money left.
    ("billing hard limit", NotRetryable),
    ("account is not active", NotRetryable),
    // Anthropic: the account has no money left, or has reached its limit per month.
    ("credit balance is too low", NotRetryable),
    ("api usage limits", NotRetryable),
    // Anthropic limits the increase in tokens per minute, so this precedes tokens.
    ("increased too quickly", Burst),
    ("usage increase rate", Burst),
    ("acceleration limit", Burst),
    ("slow down", Burst),
    ("concurrent requests", Concurrency),
    ("concurrent connections", Concurrency),
    // Anthropic mentions "the maximum tokens requested" and "a rate limit increase" for every
    // limit, so neither "tokens" nor "increase" is specific enough.
    ("tokens per ", Tokens),
    ("request tokens", Tokens),
    ("token rate limit", Tokens),
    ("requests per ", Requests),
    ("images per ", Requests),
    ("call rate limit", Requests),
    // "Too many requests" can be due to a lack of capacity, so these precede it.
    ("capacity", Capacity),
    ("overloaded", Capacity),
    ("high demand", Capacity),
    ("temporarily unable", Capacity),
    ("internal server error", Capacity),
    ("internal error", Capacity),
    ("server had an error", Capacity),
    ("rate limit", Requests),
    ("requests list", Requests),
    ("too many requests", Requests),
];

/// Returns the refusal of the first entry that matches.
fn find(table: &[(&str, Refusal)], matches: impl Fn(&str) -> bool) -> Option<Refusal> {
    let entry = table.iter().find(|(text, _)| matches(text));
    entry.map(|&(_, refusal)| refusal)
}

/// Classifies an unknown code.
fn by_status(status: u16, message: &str) -> Refusal {
    match status {
        // An error in a stream that began successfully.
        200..=299 => by_message(message).unwrap_or(NotRetryable),
        429 => by_message(message).unwrap_or(Requests),
        503 if message.contains("slow down") => Burst,
        // Cloudflare answers 520 to 524 if it cannot reach the provider, or gets no valid answer in
        // time. 525 and 526 are missing, because certificates rarely recover on their own. 425 is
        // only for data sent before the TLS handshake is complete, which the HTTP client itself has
        // to repeat.
        408 | 500 | 502..=504 | 520..=524 | 529 => Capacity,
        _ => NotRetryable,
    }
}

/// Classifies a message in lower case, or returns `None` if it is unknown.
fn by_message(message: &str) -> Option<Refusal> {
    if message.contains("allocated quota") || message.contains("current quota") {
        return Some(by_quota_message(message));
    }
    find(MESSAGES, |part| message.contains(part))
}

/// Classifies the code of an allocated quota by its message.
fn by_quota_message(message: &str) -> Refusal {
    let is_openai = message.contains("current quota") && message.contains("openai.com");
    if is_openai || message.contains("free allocated quota") || message.contains("voice limit") {
        NotRetryable
    } else if message.contains("capacity") {
        Capacity
    } else {
        Tokens
    }
}

#[cfg(test)]
mod tests;
