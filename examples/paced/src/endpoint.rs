//! Requests, and the provider's endpoint that speaks OpenAI's API.

use std::io::{BufRead as _, BufReader};
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use model_studio_limits::Model;
use serde_json::{Value, json};

/// The endpoint of the international site.
const BASE_URL: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

/// What the provider puts around a prompt, with some to spare.
const TEMPLATE_TOKENS: u32 = 32;

/// A prompt, and how many tokens it may cost.
pub struct Request {
    pub line: usize,
    pub prompt: String,
    pub tokens: NonZeroU32,
}

impl Request {
    /// Estimates the tokens of a prompt, and adds the most that its answer may have.
    ///
    /// The estimate takes three ASCII characters for a token, and each digit and each other
    /// character for one. That is more than what most texts come to, in English as in Chinese, but
    /// no tokenizer is asked: an emoji or a rare script can be several tokens a character.
    ///
    /// Nearly all answers are shorter than they may be, and what they did not use is not given
    /// back: the smaller `max_output`, the faster the batch.
    pub fn new(line: usize, prompt: String, max_output: NonZeroU32) -> Self {
        let is_whole = |c: &char| c.is_ascii_digit() || !c.is_ascii();
        let whole = prompt.chars().filter(is_whole).count();
        let thirds = prompt.chars().count() - whole;
        let estimate = u32::try_from(whole + thirds.div_ceil(3)).unwrap_or(u32::MAX);
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

/// What a model answered, and the tokens that the provider counted for both texts.
pub struct Answer {
    pub text: String,
    pub tokens: u64,
}

/// Where requests are sent.
pub struct Endpoint {
    agent: ureq::Agent,
    url: String,
    authorization: String,
    model: Model,
    max_output: NonZeroU32,
}

impl Endpoint {
    /// The endpoint at `base_url`, or the provider's.
    pub fn new(base_url: Option<&str>, key: &str, model: Model, max_output: NonZeroU32) -> Self {
        let agent = ureq::Agent::config_builder()
            // The body of an error says what is wrong.
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

    /// Sends a prompt once. What fails is not sent again: that would be a request nobody paced.
    pub fn ask(&self, prompt: &str) -> anyhow::Result<Answer> {
        // As a stream, since some models answer in no other way, and with what it cost at its end.
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
            let event: Value = serde_json::from_str(data).context("an event that is no JSON")?;
            ensure!(event["error"].is_null(), "{}", event["error"]);
            answer.text += event["choices"][0]["delta"]["content"]
                .as_str()
                .unwrap_or_default();
            answer.tokens = event["usage"]["total_tokens"]
                .as_u64()
                .unwrap_or(answer.tokens);
        }
        bail!("the answer broke off")
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::{Request, TEMPLATE_TOKENS};

    #[test]
    fn tokens_are_estimated_by_characters() {
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
    fn no_estimate_overflows() {
        let request = Request::new(1, "a".to_owned(), NonZeroU32::MAX);
        assert_eq!(request.tokens, NonZeroU32::MAX);
    }
}
