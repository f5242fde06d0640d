//! Requests to the OpenAI-compatible endpoint.

use std::io::{BufRead as _, BufReader};
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use model_studio_limits::Model;
use serde_json::{Value, json};

/// The endpoint of the international site.
const BASE_URL: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

/// An upper bound for the tokens that the chat template adds to a prompt.
const TEMPLATE_TOKENS: u32 = 32;

/// A prompt and an estimate of the tokens of the prompt and its answer.
pub struct Request {
    pub line: usize,
    pub prompt: String,
    pub tokens: NonZeroU32,
}

impl Request {
    /// Estimates the tokens of a prompt and adds `max_output`.
    ///
    /// The estimate counts one token for every three ASCII characters, and one token for each digit
    /// and each non-ASCII character. This is too high for most English and Chinese text. It can be
    /// too low for emoji and rare scripts.
    ///
    /// The unused part of `max_output` is not returned to the limit. A smaller value makes the batch
    /// faster.
    pub fn new(line: usize, prompt: String, max_output: NonZeroU32) -> Self {
        let is_token = |c: &char| c.is_ascii_digit() || !c.is_ascii();
        let single = prompt.chars().filter(is_token).count();
        let others = prompt.chars().count() - single;
        let estimate = u32::try_from(single + others.div_ceil(3)).unwrap_or(u32::MAX);
        let tokens = max_output
            .saturating_add(estimate)
            .saturating_add(TEMPLATE_TOKENS);
        Self {
            line,
            prompt,
            tokens,
        }
    }
}

/// An answer and the total tokens of the prompt and the answer, as reported by the API.
pub struct Answer {
    pub text: String,
    pub tokens: u64,
}

/// A client of the endpoint for one model.
pub struct Endpoint {
    agent: ureq::Agent,
    url: String,
    authorization: String,
    model: Model,
    max_output: NonZeroU32,
}

impl Endpoint {
    /// Creates a client for `base_url`. The default is the endpoint of the international site.
    pub fn new(base_url: Option<&str>, key: &str, model: Model, max_output: NonZeroU32) -> Self {
        let agent = ureq::Agent::config_builder()
            // The body of an error response has the message.
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(300)))
            .build();
        Self {
            agent: agent.into(),
            url: format!(
                "{}/chat/completions",
                base_url.unwrap_or(BASE_URL).trim_end_matches('/')
            ),
            authorization: format!("Bearer {key}"),
            model,
            max_output,
        }
    }

    /// Sends a prompt. Does not retry, because a retry would bypass the pacer.
    pub fn ask(&self, prompt: &str) -> anyhow::Result<Answer> {
        // Some models support only streams. `include_usage` adds an event with the token usage.
        let body = json!({
            "model": self.model.name(),
            "messages": [{ "role": "user", "content": prompt }],
            "max_tokens": self.max_output,
            "stream": true,
            "stream_options": { "include_usage": true },
        });
        let request = self
            .agent
            .post(&self.url)
            .header("authorization", &self.authorization);
        let mut response = request.send_json(body)?;
        let status = response.status();
        if !status.is_success() {
            let body = response.body_mut().read_to_string().unwrap_or_default();
            let error: Value = serde_json::from_str(&body).unwrap_or_default();
            bail!(
                "{status}: {}",
                error["error"]["message"].as_str().unwrap_or(&body)
            );
        }

        let mut answer = Answer {
            text: String::new(),
            tokens: 0,
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
            ensure!(event["error"].is_null(), "{}", event["error"]);
            answer.text += event["choices"][0]["delta"]["content"]
                .as_str()
                .unwrap_or_default();
            answer.tokens = event["usage"]["total_tokens"]
                .as_u64()
                .unwrap_or(answer.tokens);
        }
        bail!("the answer is incomplete")
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::{Request, TEMPLATE_TOKENS};

    #[test]
    fn tokens_are_estimated_from_characters() {
        let estimate = |prompt: &str| {
            let request = Request::new(1, prompt.to_owned(), NonZeroU32::new(100).unwrap());
            request.tokens.get() - 100 - TEMPLATE_TOKENS
        };
        assert_eq!(estimate(""), 0);
        assert_eq!(estimate("a"), 1);
        assert_eq!(estimate("What is a token?"), 6);
        assert_eq!(estimate("2025"), 4);
        assert_eq!(estimate("你好"), 2);
    }

    #[test]
    fn the_estimate_saturates() {
        let request = Request::new(1, "a".to_owned(), NonZeroU32::MAX);
        assert_eq!(request.tokens, NonZeroU32::MAX);
    }
}
