//! What a refused request means.

use Refusal::{Burst, Capacity, Concurrency, NotRetryable, Requests, Tokens};

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
    /// Pass an empty string for what is missing. Without a code, pass the type of the error: the
    /// Messages API of Anthropic only has types.
    ///
    /// A known code takes precedence over the status, and a code with several meanings is
    /// classified by the message. The known codes are those of:
    ///
    /// - `DashScope` and the OpenAI-compatible endpoint of Model Studio, from the provider's
    ///   documentation of error codes of October 2026.
    /// - `OpenAI` and Anthropic, from their documentation and from error reports, as found in
    ///   November 2026.
    /// - Azure `OpenAI`, from error reports, as found in November 2026.
    ///
    /// An unknown code is classified by the status:
    ///
    /// - 429 by the message, or else as [`Requests`](Self::Requests).
    /// - 408, 500, 502 to 504, 520 to 524 and 529 as [`Capacity`](Self::Capacity), but 503 with the
    ///   message "Slow Down" as [`Burst`](Self::Burst).
    /// - 200, for an error in a stream that began well, by the message, or else as
    ///   [`NotRetryable`](Self::NotRetryable).
    /// - Others as [`NotRetryable`](Self::NotRetryable).
    ///
    /// The code `insufficient_quota` is a limit on tokens at Model Studio, unless the message says
    /// that the free quota is used up. At `OpenAI`, it means that the account has no money left.
    /// Both messages begin with the same sentence, but that of `OpenAI` goes on with a link to its
    /// documentation. Without the link, the limit of Model Studio is assumed.
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

    /// Returns `true` if the request can succeed later.
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

/// The parts of messages, in lower case. The first match counts.
const MESSAGES: &[(&str, Refusal)] = &[
    // OpenAI: the request alone is above the limit per minute.
    ("request too large", NotRetryable),
    // OpenAI: no money.
    ("billing hard limit", NotRetryable),
    ("account is not active", NotRetryable),
    // Anthropic: no money, or the limit per month.
    ("credit balance is too low", NotRetryable),
    ("api usage limits", NotRetryable),
    // The limit of Anthropic on the increase is in tokens per minute, so it precedes tokens.
    ("increased too quickly", Burst),
    ("usage increase rate", Burst),
    ("acceleration limit", Burst),
    ("slow down", Burst),
    ("concurrent requests", Concurrency),
    ("concurrent connections", Concurrency),
    // The messages of Anthropic mention "the maximum tokens requested" and "a rate limit increase"
    // for every limit, so neither "tokens" nor "increase" is enough.
    ("tokens per ", Tokens),
    ("request tokens", Tokens),
    ("token rate limit", Tokens),
    ("requests per ", Requests),
    ("images per ", Requests),
    ("call rate limit", Requests),
    // "Too many requests" can be due to the capacity, so it follows.
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
        // An error in a stream that began well.
        200..=299 => by_message(message).unwrap_or(NotRetryable),
        429 => by_message(message).unwrap_or(Requests),
        503 if message.contains("slow down") => Burst,
        // 520 to 524 are from Cloudflare, which cannot reach the provider, or gets no valid answer
        // in time. 525 and 526 are missing, since certificates rarely recover on their own. 425
        // only answers data sent before the TLS handshake is complete, which the HTTP client
        // itself has to repeat.
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

/// Classifies the code of allocated quotas.
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
