//! Requests to the OpenAI-compatible endpoint.

use std::error::Error;
use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context as _, bail};
use model_studio_limiter::{Cost, Limiter, Permit, Refusal};
use model_studio_limits::Model;
use serde_json::{Value, json};

/// The endpoint of the international site.
const BASE_URL: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

/// The longest time that an answer may take.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The longest time for which the provider may hold a request if requests rise too quickly.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// An upper bound for the tokens that the chat template adds to a prompt.
const TEMPLATE_TOKENS: u64 = 32;

/// A prompt, and what is known of the tokens it needs.
pub struct Request {
    pub line: usize,
    pub prompt: String,
    input_tokens: u64,
    max_output: NonZeroU32,
}

impl Request {
    /// Creates a request for an answer of at most `max_output` tokens, and estimates the tokens of
    /// the prompt.
    ///
    /// The estimate counts one token for every three ASCII characters, and one token for each digit
    /// and each non-ASCII character. This is too high for most English and Chinese text. It can be
    /// too low for emoji and rare scripts.
    pub fn new(line: usize, prompt: String, max_output: NonZeroU32) -> Self {
        let is_token = |c: &char| c.is_ascii_digit() || !c.is_ascii();
        let single = prompt.chars().filter(is_token).count();
        let others = prompt.chars().count() - single;
        let estimate = (single + others.div_ceil(3)) as u64;
        Self {
            line,
            prompt,
            input_tokens: estimate + TEMPLATE_TOKENS,
            max_output,
        }
    }

    /// Estimates the cost. The first answers are expected to use all of `max_output`, later ones as
    /// much as earlier ones did.
    pub fn estimate(&self, limiter: &Limiter) -> Cost {
        limiter.estimate(self.input_tokens, self.max_output.get().into())
    }
}

/// An answer, and what it cost as reported by the API.
pub struct Answer {
    pub text: String,
    pub cost: Option<Cost>,
}

/// Error returned when the endpoint refused a request.
#[derive(Debug)]
pub struct Refused {
    pub refusal: Refusal,
    /// The header `Retry-After`, if it is a number of seconds.
    pub retry_after: Option<Duration>,
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Refused {}

/// A client of the endpoint for one model.
pub struct Endpoint {
    agent: ureq::Agent,
    url: String,
    authorization: String,
    model: Model,
}

impl Endpoint {
    /// Creates a client for `base_url`. The default is the endpoint of the international site.
    pub fn new(base_url: Option<&str>, key: &str, model: Model) -> Self {
        let agent = ureq::Agent::config_builder()
            // The body of an error response has the message.
            .http_status_as_error(false)
            // Otherwise, the client would give up while the provider holds the request.
            .timeout_global(Some(TIMEOUT + MAX_WAIT))
            .build();
        Self {
            agent: agent.into(),
            url: format!(
                "{}/chat/completions",
                base_url.unwrap_or(BASE_URL).trim_end_matches('/')
            ),
            authorization: format!("Bearer {key}"),
            model,
        }
    }

    /// Sends a request once.
    ///
    /// # Errors
    ///
    /// The error is a [`Refused`] if the endpoint refused the request.
    pub fn ask(&self, request: &Request) -> anyhow::Result<Answer> {
        // Some models support only streams. `include_usage` adds an event with the token usage.
        let body = json!({
            "model": self.model.name(),
            "messages": [{ "role": "user", "content": request.prompt }],
            "max_tokens": request.max_output,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        let mut call = self
            .agent
            .post(&self.url)
            .header("authorization", &self.authorization);
        if let Some((name, seconds)) = Permit::wait_timeout_header(MAX_WAIT) {
            call = call.header(name, seconds);
        }
        let mut response = call.send_json(body)?;
        let status = response.status();
        if !status.is_success() {
            let retry_after = response.headers().get("retry-after");
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
            let body = response.body_mut().read_to_string().unwrap_or_default();
            let event: Value = serde_json::from_str(&body).unwrap_or_default();
            let error = &event["error"];
            let message = error["message"].as_str().unwrap_or(&body);
            return Err(Refused {
                refusal: classify(status.as_u16(), error, message),
                retry_after: retry_after.map(Duration::from_secs),
                message: format!("{status}: {message}"),
            }
            .into());
        }

        let mut answer = Answer {
            text: String::new(),
            cost: None,
        };
        for line in BufReader::new(response.into_body().into_reader()).lines() {
            let line = line?;
            let Some(data) = line.strip_prefix("data:").map(str::trim) else {
                continue;
            };
            if data == "[DONE]" {
                return Ok(answer);
            }
            let event: Value = serde_json::from_str(data).context("an event is not valid JSON")?;
            let error = &event["error"];
            if !error.is_null() {
                let message = error["message"].as_str().unwrap_or_default();
                return Err(Refused {
                    refusal: classify(status.as_u16(), error, message),
                    retry_after: None,
                    message: error.to_string(),
                }
                .into());
            }
            answer.text += event["choices"][0]["delta"]["content"]
                .as_str()
                .unwrap_or_default();
            let tokens = |key: &str| event["usage"][key].as_u64();
            if let (Some(input), Some(output)) =
                (tokens("prompt_tokens"), tokens("completion_tokens"))
            {
                answer.cost = Some(Cost::input_output(input, output));
            }
        }
        bail!("the answer is incomplete")
    }
}

fn classify(status: u16, error: &Value, message: &str) -> Refusal {
    Refusal::classify(status, error["code"].as_str().unwrap_or_default(), message)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::{Request, TEMPLATE_TOKENS};

    #[test]
    fn tokens_are_estimated_from_characters() {
        let estimate = |prompt: &str| {
            let request = Request::new(1, prompt.to_owned(), NonZeroU32::MIN);
            request.input_tokens - TEMPLATE_TOKENS
        };
        assert_eq!(estimate(""), 0);
        assert_eq!(estimate("a"), 1);
        assert_eq!(estimate("What is a token?"), 6);
        assert_eq!(estimate("2025"), 4);
        assert_eq!(estimate("你好"), 2);
    }
}
