//! Sends a prompt to a model of Model Studio and prints the answer as it arrives.
//!
//! A limiter admits the request before it is sent, as a layer in the HTTP service of async-openai.

use std::env::{self, VarError};
use std::io;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::{HttpRequestFactory, ReqwestService};
use async_openai::types::chat::{
    ChatCompletionRequestUserMessage, ChatCompletionStreamOptions, CreateChatCompletionRequest,
};
use clap::Parser as _;
use futures_util::StreamExt as _;
use model_studio_limiter::{Account, BoxError, Cost, Limiter, LimiterLayer, Permit, Refusal};
use model_studio_limits::{Category, Model, model};
use reqwest::header::{HeaderMap, HeaderName};
use tower::ServiceBuilder;

/// The OpenAI-compatible endpoint of the international site.
const BASE_URL: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

/// The expected number of output tokens, since the program does not limit the length of answers.
const OUTPUT_TOKENS: u64 = 1_000;

/// The longest time until the first part of an answer, and between two parts.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The longest time for which the provider may hold a request if requests rise too quickly.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Sends a prompt to a model of Model Studio and prints the answer as it arrives
#[derive(clap::Parser)]
struct Arguments {
    /// The model to use
    #[arg(long, default_value_t = model!("qwen-plus"))]
    model: Model,

    /// The prompt [default: read from standard input]
    prompt: Vec<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(Arguments { model, prompt }: Arguments) -> anyhow::Result<()> {
    if let Some(replacement) = model.replacement() {
        eprintln!("warning: {model} is deprecated, use {replacement}");
    } else if model.is_deprecated() {
        eprintln!("warning: {model} is deprecated");
    }
    ensure!(
        model.category() == Category::TextGeneration,
        "{model} is not a chat model, its category is {}",
        model.category()
    );
    let config = config()?;
    let mut prompt = prompt.join(" ");
    if prompt.is_empty() {
        prompt = io::read_to_string(io::stdin()).context("cannot read standard input")?;
    }
    ensure!(!prompt.trim().is_empty(), "the prompt is empty");
    let account = Account::<Model>::new();
    let limiter = account.limiter(model);
    answer(&config, limiter, model, prompt, &mut io::stdout().lock()).await
}

/// Sends the prompt and writes each part of the answer when it arrives.
async fn answer(
    config: &OpenAIConfig,
    limiter: &Limiter,
    model: Model,
    prompt: String,
    out: &mut impl io::Write,
) -> anyhow::Result<()> {
    let cost = limiter.estimate(input_tokens(&prompt), OUTPUT_TOKENS);
    let (client, permits) = client(config, limiter, cost)?;
    let request = CreateChatCompletionRequest {
        model: model.into(),
        messages: vec![ChatCompletionRequestUserMessage::from(prompt).into()],
        // Adds an event with the token usage.
        stream_options: Some(ChatCompletionStreamOptions {
            include_usage: Some(true),
            ..Default::default()
        }),
        ..Default::default()
    };
    let explain = |error| explain(error, model);
    let result = client.chat().create_stream(request).await;
    // There is none if the request was not admitted, or if the connection failed.
    let mut permit = permits.try_recv().ok();
    let mut parts = match result {
        Ok(parts) => parts,
        Err(error) => {
            if let (Some(permit), OpenAIError::ApiError(error)) = (permit, &error) {
                let code = error.api_error.code.as_deref().unwrap_or_default();
                let message = &error.api_error.message;
                let status = error.status_code.as_u16();
                permit.refused(Refusal::classify(status, code, message));
            }
            return Err(explain(error));
        }
    };
    let mut is_complete = false;
    while let Some(part) = parts.next().await {
        let part = part.map_err(explain)?;
        for choice in part.choices {
            write!(out, "{}", choice.delta.content.unwrap_or_default())?;
            is_complete |= choice.finish_reason.is_some();
        }
        out.flush()?;
        let Some(usage) = part.usage else { continue };
        if let Some(permit) = permit.take() {
            let (input, output) = (usage.prompt_tokens, usage.completion_tokens);
            permit.settle(Cost::input_output(input.into(), output.into()));
        }
    }
    writeln!(out)?;
    ensure!(is_complete, "the answer is incomplete");
    Ok(())
}

/// Estimates the tokens of a prompt: one for every three ASCII characters, and one for each other
/// character. This is too high for most text.
fn input_tokens(prompt: &str) -> u64 {
    let ascii = prompt.chars().filter(char::is_ascii).count();
    (ascii.div_ceil(3) + prompt.chars().count() - ascii) as u64
}

/// Adds the limits of the model to a "429 Too Many Requests" error.
fn explain(error: OpenAIError, model: Model) -> anyhow::Error {
    match error {
        OpenAIError::ApiError(error) if error.status_code.as_u16() == 429 => anyhow!(
            "{error}\nthe limit of {model} is {} for all API keys of the account together",
            model.limits()
        ),
        // The message of `OpenAIError::Reqwest` repeats the message of its source.
        OpenAIError::Reqwest(error) => error.into(),
        // The layer of the limiter boxes the errors of the HTTP service.
        OpenAIError::Boxed(error) => match error.downcast() {
            Ok(error) => explain(*error, model),
            Err(error) => OpenAIError::Boxed(error).into(),
        },
        error => error.into(),
    }
}

/// Creates a client for requests of this estimated cost. The receiver gets the permit of each
/// request that was answered, because the cost is known only at the end of the stream.
fn client(
    config: &OpenAIConfig,
    limiter: &Limiter,
    cost: Cost,
) -> anyhow::Result<(Client<OpenAIConfig>, mpsc::Receiver<Permit>)> {
    // This fails only if a provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut headers = HeaderMap::new();
    if let Some((name, seconds)) = Permit::wait_timeout_header(MAX_WAIT) {
        headers.insert(HeaderName::try_from(name)?, seconds.into());
    }
    let http = reqwest::Client::builder()
        .default_headers(headers)
        // Otherwise, the client would give up while the provider holds the request.
        .read_timeout(TIMEOUT + MAX_WAIT)
        .build()?;
    let limiter = limiter.clone();
    let (sender, permits) = mpsc::channel();
    let layer = LimiterLayer::new(
        // The request cannot be read here, so the cost comes from the caller.
        move |_: &HttpRequestFactory| (limiter.clone(), cost),
        move |permit, result: &Result<reqwest::Response, BoxError>| {
            if result.is_ok() {
                // A permit that cannot be sent is dropped, and its estimate stays counted.
                let _ = sender.send(permit);
            }
        },
    );
    // The default service of async-openai retries after a 429 within seconds. This service does not
    // retry: retries count against a limit per minute too.
    let service = ServiceBuilder::new()
        .layer(layer)
        .service(ReqwestService::new(http.clone()));
    let client = Client::build(http, config.clone()).with_http_service(service);
    Ok((client, permits))
}

/// Returns the configuration that is set by environment variables.
fn config() -> anyhow::Result<OpenAIConfig> {
    let key = variable("DASHSCOPE_API_KEY")?.context("set DASHSCOPE_API_KEY to your API key")?;
    // async-openai panics if the key is not a valid header value.
    ensure!(
        key.bytes().all(|byte| byte.is_ascii_graphic()),
        "DASHSCOPE_API_KEY contains an invalid character"
    );
    let base_url = variable("DASHSCOPE_BASE_URL")?;
    let base_url = base_url.as_deref().unwrap_or(BASE_URL);
    // The default values of the organization and the project come from `OPENAI_ORG_ID` and
    // `OPENAI_PROJECT_ID`. They must not be sent to another provider.
    Ok(OpenAIConfig::new()
        .with_org_id("")
        .with_project_id("")
        .with_api_key(key)
        .with_api_base(base_url.trim_end_matches('/')))
}

/// Reads an environment variable and trims whitespace, such as the line break at the end of a file.
/// An empty variable counts as not set.
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(error) => Err(error).context(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use async_openai::config::OpenAIConfig;
    use loopback::{DONE, Response, Server, event, usage_event};
    use model_studio_limiter::Limiter;
    use model_studio_limits::{LimitKind, model};

    use super::{OUTPUT_TOKENS, answer};

    /// The estimated tokens of a prompt of one token.
    const ESTIMATE: u64 = OUTPUT_TOKENS + 1;

    #[test]
    fn the_usage_is_settled() {
        let outcome = ask(|response| {
            response.begin(200);
            response.chunk(event("Hi!", Some("stop")) + &usage_event(12, 5) + DONE);
        });
        assert_eq!(outcome, (true, "Hi!\n".to_owned(), 17, 0, 0));
    }

    #[test]
    fn a_refusal_is_reported() {
        let outcome = ask(|response| response.refuse("limit_requests", "Too fast."));
        assert_eq!(outcome, (false, String::new(), ESTIMATE, 1, 0));
    }

    #[test]
    fn the_estimate_of_an_incomplete_answer_stays_counted() {
        let outcome = ask(|response| response.send(200, DONE));
        assert_eq!(outcome, (false, "\n".to_owned(), ESTIMATE, 0, 1));
    }

    /// Sends a prompt of one token. Returns whether it succeeded, the output, the tokens that count
    /// toward the limit, and the numbers of refused and of unsettled requests.
    #[tokio::main(flavor = "current_thread")]
    async fn ask(
        respond: impl Fn(&mut Response) + Send + Sync + 'static,
    ) -> (bool, String, u64, u64, u64) {
        let server = Server::start(move |_, response| respond(response));
        let config = OpenAIConfig::new()
            .with_api_key("sk-test")
            .with_api_base(server.base_url());
        let model = model!("qwen-plus");
        let limiter = Limiter::new(model.limits());
        let mut out = Vec::new();
        let result = answer(&config, &limiter, model, "Hi".to_owned(), &mut out).await;
        let usage = limiter.usage();
        let mut limits = usage.limits.iter();
        let tokens = limits.find(|usage| usage.limit.kind == LimitKind::Tokens);
        let out = String::from_utf8(out).unwrap();
        let tokens = tokens.unwrap().used;
        (result.is_ok(), out, tokens, usage.refused, usage.unsettled)
    }
}
