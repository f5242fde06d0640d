//! Errors in the formats and with the codes of the provider.

use bytes::Bytes;
use http::StatusCode;
use model_studio_limits::LimitKind;
use serde_json::json;

use super::request::Format;

/// An error, with its codes in the provider's own format, in that of `OpenAI`, and in that of Anthropic.
#[derive(Clone, Copy, Debug)]
pub(super) struct Error {
    pub(super) status: StatusCode,
    native: (&'static str, &'static str),
    openai: (&'static str, &'static str, &'static str),
    anthropic: &'static str,
}

/// The limit on requests is exceeded. For the sources of these codes, see
/// [`Refusal::classify`](model_studio_limiter::Refusal::classify).
const REQUESTS: Error = Error {
    status: StatusCode::TOO_MANY_REQUESTS,
    native: (
        "Throttling.RateQuota",
        "Requests rate limit exceeded, please try again later.",
    ),
    openai: (
        "limit_requests",
        "limit_requests",
        "You exceeded your current requests list.",
    ),
    anthropic: "rate_limit_error",
};

/// The limit on tokens is exceeded.
const TOKENS: Error = Error {
    status: StatusCode::TOO_MANY_REQUESTS,
    native: (
        "Throttling.AllocationQuota",
        "Allocated quota exceeded, please increase your quota limit.",
    ),
    openai: (
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    anthropic: "rate_limit_error",
};

/// Too many calls or tasks run at the same time.
const CONCURRENCY: Error = Error {
    status: StatusCode::TOO_MANY_REQUESTS,
    native: ("Throttling.Concurrency", "Too many concurrent requests"),
    openai: (
        "Throttling.Concurrency",
        "Throttling.Concurrency",
        "Too many concurrent requests",
    ),
    anthropic: "rate_limit_error",
};

/// The API key is not one of those that the mock provider accepts.
pub(super) const KEY: Error = Error {
    status: StatusCode::UNAUTHORIZED,
    native: ("InvalidApiKey", "Invalid API-key provided."),
    openai: (
        "invalid_request_error",
        "invalid_api_key",
        "Incorrect API key provided.",
    ),
    anthropic: "authentication_error",
};

/// The body is not a call.
pub(super) const BODY: Error = Error {
    status: StatusCode::BAD_REQUEST,
    native: (
        "InvalidParameter",
        "The body is not a JSON object with the field model.",
    ),
    openai: (
        "invalid_request_error",
        "invalid_parameter_error",
        "The body is not a JSON object with the field model.",
    ),
    anthropic: "invalid_request_error",
};

/// The path is unknown.
pub(super) const PATH: Error = Error {
    status: StatusCode::NOT_FOUND,
    native: ("InvalidURL", "The mock provider does not know this path."),
    openai: (
        "invalid_request_error",
        "invalid_url",
        "The mock provider does not know this path.",
    ),
    anthropic: "not_found_error",
};

/// Returns the error for a call that exceeds a limit.
pub(super) const fn refusal(kind: LimitKind) -> Error {
    match kind {
        LimitKind::Tokens | LimitKind::InputTokens | LimitKind::OutputTokens => TOKENS,
        LimitKind::ConcurrentRequests | LimitKind::ConcurrentTasks => CONCURRENCY,
        _ => REQUESTS,
    }
}

impl Error {
    /// Returns the body in a format.
    pub(super) fn body(self, format: Format, request_id: &str) -> Bytes {
        let (code, message) = self.native;
        let body = if format.is_native() {
            json!({ "code": code, "message": message, "request_id": request_id })
        } else if format == Format::Message {
            let error = json!({ "type": self.anthropic, "message": message });
            json!({ "type": "error", "error": error, "request_id": request_id })
        } else {
            let (kind, code, message) = self.openai;
            let error = json!({ "message": message, "type": kind, "param": null, "code": code });
            json!({ "error": error, "request_id": request_id })
        };
        Bytes::from(body.to_string())
    }
}

#[cfg(test)]
mod tests {
    use model_studio_limiter::Refusal;
    use model_studio_limits::LimitKind;
    use serde_json::Value;

    use super::{Format, refusal};

    /// The limiter finds the reason in every format.
    #[test]
    fn refusals_have_the_codes_of_the_provider() {
        let expected = [
            (LimitKind::Requests, Refusal::Requests),
            (LimitKind::Tokens, Refusal::Tokens),
            (LimitKind::ConcurrentTasks, Refusal::Concurrency),
        ];
        for (kind, reason) in expected {
            for format in [Format::Chat, Format::Message, Format::Generation] {
                let body = refusal(kind).body(format, "1");
                let body: Value = serde_json::from_slice(&body).unwrap();
                let error = body.get("error").unwrap_or(&body);
                let text = |name: &str| error[name].as_str();
                let code = text("code").or(text("type")).unwrap();
                let message = text("message").unwrap();
                assert_eq!(Refusal::classify(429, code, message), reason, "{body}");
            }
        }
    }
}
