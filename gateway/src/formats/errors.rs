//! Errors in the formats of the endpoints.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::Format;

/// The formats of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorFormat {
    /// `OpenAI`'s, with the request ID as the provider adds it.
    OpenAi,
    /// Anthropic's, which has types instead of codes.
    Anthropic,
    /// The provider's own.
    DashScope,
}

impl From<Format> for ErrorFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::ChatCompletions
            | Format::Completions
            | Format::Embeddings
            | Format::Responses => Self::OpenAi,
            Format::Messages => Self::Anthropic,
            Format::DashScope => Self::DashScope,
        }
    }
}

impl ErrorFormat {
    /// Returns the format of the errors for a path that need not be that of a call.
    pub(crate) fn of_path(path: &str) -> Self {
        if path.starts_with("/api/v1/") {
            Self::DashScope
        } else if path.contains("/v1/messages") {
            Self::Anthropic
        } else {
            Self::OpenAi
        }
    }

    /// Returns the JSON body of a response with an error.
    pub(crate) fn body(self, status: u16, code: &str, message: &str, request_id: &str) -> Bytes {
        let body = match self {
            Self::OpenAi => json!({
                "error": {
                    "message": message,
                    "type": openai_type(status),
                    "param": null,
                    "code": code,
                },
                "request_id": request_id,
            }),
            Self::Anthropic => json!({
                "type": "error",
                "error": { "type": anthropic_type(status), "message": message },
                "request_id": request_id,
            }),
            Self::DashScope => json!({
                "code": code,
                "message": message,
                "request_id": request_id,
            }),
        };
        body.to_string().into()
    }
}

const fn openai_type(status: u16) -> &'static str {
    match status {
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

/// Returns the type of an error, from Anthropic's [documentation of errors] as found in November 2026.
///
/// [documentation of errors]: https://docs.anthropic.com/en/api/errors
const fn anthropic_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        503 | 529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

/// An error of the provider, for `Refusal::classify`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProviderError {
    /// The code, or the type if there is no code. Empty if there is neither.
    pub(crate) code: String,
    /// The message. Empty if there is none.
    pub(crate) message: String,
}

/// Returns the error in a response or in an event, in the format of any endpoint. What is missing or
/// cannot be read is empty.
pub(crate) fn provider_error(body: &[u8]) -> ProviderError {
    let fields: ErrorFields<'_> = serde_json::from_slice(body).unwrap_or_default();
    let Some(error) = fields.error else {
        return fields.error();
    };
    match serde_json::from_str::<ErrorFields<'_>>(error.get()) {
        Ok(fields) => fields.error(),
        Err(_) => ProviderError {
            code: String::new(),
            message: text(Some(error)),
        },
    }
}

/// The fields of an error in all formats. They can have any type.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorFields<'a> {
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

impl ErrorFields<'_> {
    fn error(&self) -> ProviderError {
        let code = Some(text(self.code)).filter(|code| !code.is_empty());
        ProviderError {
            code: code.unwrap_or_else(|| text(self.kind)),
            message: text(self.message),
        }
    }
}

/// Returns the text of a string or of a number.
fn text(value: Option<&RawValue>) -> String {
    let Some(value) = value else {
        return String::new();
    };
    let json = value.get();
    if json.starts_with('"') {
        serde_json::from_str(json).unwrap_or_default()
    } else if json.starts_with(|start: char| start == '-' || start.is_ascii_digit()) {
        json.to_owned()
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests;
