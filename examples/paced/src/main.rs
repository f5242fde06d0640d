//! Sends a batch of prompts, one per line, within the limits of a model.

use std::fs;
use std::io::{self, Write as _};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::Parser as _;
use governor::clock::{FakeRelativeClock, MonotonicClock};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use model_studio_limits::{Category, Model, model};
use paced::endpoint::{Answer, Endpoint, Request};
use paced::pacer::{Pacer, Time};
use serde_json::json;

/// Sends a batch of prompts, one per line, within the limits of a model and prints each answer as a
/// line of JSON
#[derive(clap::Parser)]
struct Arguments {
    /// The model to use
    #[arg(long, value_parser = Model::parse_active, default_value_t = model!("qwen-plus"))]
    model: Model,

    /// The maximum number of tokens of an answer
    #[arg(long, value_name = "TOKENS", default_value = "512")]
    max_output: NonZeroU32,

    /// The percentage of the limits of the account to use
    #[arg(long, value_name = "PERCENT", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    share: u8,

    /// Print when each prompt would be sent, without sending or waiting
    #[arg(long)]
    dry_run: bool,

    /// The file with the prompts [default: read from standard input]
    file: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Sends the prompts and returns the number of failures.
fn run(arguments: &Arguments) -> anyhow::Result<usize> {
    let model = arguments.model;
    ensure!(
        model.category() == Category::TextGeneration,
        "{model} is not a chat model, its category is {}",
        model.category()
    );
    let key = std::env::var("DASHSCOPE_API_KEY").unwrap_or_default();
    let key = key.trim();
    if key.is_empty() && !arguments.dry_run {
        bail!("set DASHSCOPE_API_KEY to your API key, or use --dry-run");
    }
    let requests = requests(arguments)?;
    let largest = requests.iter().map(|request| request.tokens).max();
    let largest = largest.context("there are no prompts")?;

    let (limits, share) = (model.limits(), arguments.share);
    eprintln!("{model}: {share}% of {limits}");
    if arguments.dry_run {
        let pacer = Pacer::new(limits, share, largest, FakeRelativeClock::default())?;
        simulate(&requests, pacer)
    } else {
        let base_url = std::env::var("DASHSCOPE_BASE_URL").ok();
        let endpoint = Endpoint::new(base_url.as_deref(), key, model, arguments.max_output);
        let pacer = Pacer::new(limits, share, largest, MonotonicClock)?;
        send(&requests, pacer, &endpoint)
    }
}

/// Reads the prompts. Skips empty lines.
fn requests(arguments: &Arguments) -> anyhow::Result<Vec<Request>> {
    let prompts = match &arguments.file {
        Some(path) => {
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
        }
        None => io::read_to_string(io::stdin()).context("cannot read standard input")?,
    };
    let lines = (1..).zip(prompts.lines());
    Ok(lines
        .filter(|(_, prompt)| !prompt.trim().is_empty())
        .map(|(line, prompt)| Request::new(line, prompt.to_owned(), arguments.max_output))
        .collect())
}

/// Prints when each prompt would be sent.
fn simulate<T: Time>(requests: &[Request], mut pacer: Pacer<T>) -> anyhow::Result<usize> {
    let mut out = io::stdout().lock();
    for request in requests {
        pacer.wait(request.tokens)?;
        let Request { line, tokens, .. } = request;
        let at = pacer.elapsed().as_secs_f64();
        writeln!(out, "{at:9.3} s  line {line}, {tokens} tokens")?;
    }
    let count = HumanCount(requests.len() as u64);
    eprintln!("{count} to send: {}", summary(requests, &pacer));
    Ok(0)
}

/// Sends the prompts and prints each answer when it arrives.
fn send<T: Time>(
    requests: &[Request],
    mut pacer: Pacer<T>,
    endpoint: &Endpoint,
) -> anyhow::Result<usize> {
    // The progress bar is drawn only if standard error is a terminal.
    let bar = ProgressBar::new(requests.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{wide_bar} {pos}/{len} sent, {eta} left",
    )?);
    let results = pacer.send_all(requests, |request| {
        bar.inc(1);
        let answer = endpoint.ask(&request.prompt);
        bar.suspend(|| print(request, answer))
    })?;
    bar.finish_and_clear();
    let used: u64 = results.iter().flatten().sum();
    let failed = results.iter().filter(|tokens| tokens.is_none()).count();
    let (count, used) = (HumanCount(results.len() as u64), HumanCount(used));
    let summary = summary(requests, &pacer);
    eprintln!("{count} sent, {failed} failed, {used} tokens used: {summary}");
    Ok(failed)
}

/// Prints an answer and returns its tokens, or prints the error.
fn print(request: &Request, answer: anyhow::Result<Answer>) -> Option<u64> {
    let printed = answer.and_then(|answer| {
        let line = json!({ "line": request.line, "answer": answer.text });
        writeln!(io::stdout(), "{line}")?;
        Ok(answer.tokens)
    });
    printed
        .inspect_err(|error| eprintln!("line {}: {error:#}", request.line))
        .ok()
}

fn summary<T: Time>(requests: &[Request], pacer: &Pacer<T>) -> String {
    let tokens = requests
        .iter()
        .map(|request| u64::from(request.tokens.get()));
    format!(
        "{} tokens estimated, {:.1} s, including {:.1} s of waiting",
        HumanCount(tokens.sum()),
        pacer.elapsed().as_secs_f64(),
        pacer.waited().as_secs_f64()
    )
}
