//! Sends a prompt to a model of Model Studio and prints the answer as it arrives.

use std::env::{self, VarError};
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, ensure};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use async_openai::types::chat::{ChatCompletionRequestUserMessage, CreateChatCompletionRequest};
use clap::Parser as _;
use futures_util::StreamExt as _;
use model_studio_limits::{Category, Model, model};

/// The OpenAI-compatible endpoint of the international site.
const BASE_URL: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

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
    let client = client()?;
    let mut prompt = prompt.join(" ");
    if prompt.is_empty() {
        prompt = io::read_to_string(io::stdin()).context("cannot read standard input")?;
    }
    ensure!(!prompt.trim().is_empty(), "the prompt is empty");
    answer(&client, model, prompt).await
}

/// Sends the prompt and prints each part of the answer when it arrives.
async fn answer(client: &Client<OpenAIConfig>, model: Model, prompt: String) -> anyhow::Result<()> {
    let request = CreateChatCompletionRequest {
        model: model.into(),
        messages: vec![ChatCompletionRequestUserMessage::from(prompt).into()],
        ..Default::default()
    };
    let explain = |error| explain(error, model);
    let mut parts = client
        .chat()
        .create_stream(request)
        .await
        .map_err(explain)?;
    let mut out = io::stdout().lock();
    let mut is_complete = false;
    while let Some(part) = parts.next().await {
        for choice in part.map_err(explain)?.choices {
            write!(out, "{}", choice.delta.content.unwrap_or_default())?;
            is_complete |= choice.finish_reason.is_some();
        }
        out.flush()?;
    }
    writeln!(out)?;
    ensure!(is_complete, "the answer is incomplete");
    Ok(())
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
        error => error.into(),
    }
}

/// Creates a client that is configured by environment variables.
fn client() -> anyhow::Result<Client<OpenAIConfig>> {
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
    let config = OpenAIConfig::new()
        .with_org_id("")
        .with_project_id("")
        .with_api_key(key)
        .with_api_base(base_url.trim_end_matches('/'));

    // This fails only if a provider is already installed.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().build()?;
    // The default service of async-openai retries after a 429 within seconds. This service does not
    // retry: retries count against a limit per minute too.
    Ok(Client::build(http.clone(), config).with_http_service(ReqwestService::new(http)))
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
