//! Asks a model of Model Studio, and prints the answer as it arrives.
//!
//! The name of the model is checked when it is known: that of the default by the compiler, that of
//! `--model` when it is read. What a 429 means is told by the model's limits.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use async_openai::types::chat::{ChatCompletionRequestUserMessage, CreateChatCompletionRequest};
use clap::Parser as _;
use futures_util::StreamExt as _;
use model_studio_limits::{Category, Model, model};

/// The provider's endpoint that speaks OpenAI's API, international site.
const BASE_URL: &str = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1";

/// Asks a model of Model Studio, and prints the answer as it arrives.
#[derive(clap::Parser)]
struct Arguments {
    /// The model that answers
    #[arg(long, default_value_t = model!("qwen-plus"))]
    model: Model,

    /// The prompt; without it, standard input is
    prompt: Vec<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let model = arguments.model;
    if model.is_deprecated() {
        let replacement = model.replacement().map(|other| format!(", use {other}"));
        eprintln!(
            "warning: {model} is deprecated{}",
            replacement.unwrap_or_default()
        );
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let model = arguments.model;
    let category = model.category();
    ensure!(
        category == Category::TextGeneration,
        "{model} is for {category}, not for a chat"
    );
    let client = client()?;
    let prompt = match arguments.prompt.join(" ") {
        none if none.is_empty() => io::read_to_string(io::stdin()).context("standard input")?,
        prompt => prompt,
    };
    ensure!(!prompt.trim().is_empty(), "the prompt is empty");
    answer(&client, model, prompt).await
}

/// Prints the answer, each part of it as soon as it is there.
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
            let text = choice.delta.content.unwrap_or_default();
            write!(out, "{text}").context("standard output")?;
            is_complete |= choice.finish_reason.is_some();
        }
        out.flush().context("standard output")?;
    }
    writeln!(out).context("standard output")?;
    ensure!(is_complete, "the answer broke off");
    Ok(())
}

/// The client of the endpoint and the key that the environment names.
fn client() -> anyhow::Result<Client<OpenAIConfig>> {
    let key = variable("DASHSCOPE_API_KEY")?.context("set DASHSCOPE_API_KEY to your API key")?;
    // async-openai panics at a key that cannot be in a header.
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!("DASHSCOPE_API_KEY has a character that no key has");
    }
    let base_url = variable("DASHSCOPE_BASE_URL")?;
    let base_url = base_url.as_deref().unwrap_or(BASE_URL);
    // Left alone, the configuration takes these two from the variables of OpenAI's own clients:
    // they are nothing to tell to another provider.
    let config = OpenAIConfig::new()
        .with_org_id("")
        .with_project_id("")
        .with_api_key(key)
        .with_api_base(base_url.trim_end_matches('/'));

    // That another one is installed already is no failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().build()?;
    // The usual service retries a 429 three times within a second, or for as long as the answer
    // says. A limit per minute is not over by then, each try counts against it as well, and the
    // user sees nothing meanwhile. This one sends each request once.
    Ok(Client::build(http.clone(), config).with_http_service(ReqwestService::new(http)))
}

/// A variable of the environment, without the white space around it that a file leaves in it.
fn variable(name: &str) -> anyhow::Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(error).context(name.to_owned()),
    }
}

/// An error with what the user should know about it.
fn explain(error: OpenAIError, model: Model) -> anyhow::Error {
    match error {
        OpenAIError::ApiError(error) if error.status_code.as_u16() == 429 => anyhow::anyhow!(
            "{error}\n{model}: {} for the account, over all its API keys; past a limit, calls fail \
             until the rate falls again",
            model.limits()
        ),
        // What it says of an error of reqwest is what that says itself.
        OpenAIError::Reqwest(error) => error.into(),
        error => error.into(),
    }
}
