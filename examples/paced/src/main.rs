//! Sends a batch of prompts, a line each, below the limits of a model.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
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

/// Sends a batch of prompts, a line each, below the limits of a model, and prints the answers as
/// lines of JSON
#[derive(clap::Parser)]
struct Arguments {
    /// The model that answers
    #[arg(long, value_parser = Model::parse_active, default_value_t = model!("qwen-plus"))]
    model: Model,

    /// The most tokens of an answer
    #[arg(long, value_name = "TOKENS", default_value = "512")]
    max_output: NonZeroU32,

    /// The part of the account's limits that may be used, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 100)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    share: u8,

    /// Send nothing and wait for nothing: print when each prompt would be sent
    #[arg(long)]
    dry_run: bool,

    /// The prompts; without it, standard input
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

/// Sends the prompts, and tells how many failed.
fn run(arguments: &Arguments) -> anyhow::Result<usize> {
    let model = arguments.model;
    ensure!(
        model.category() == Category::TextGeneration,
        "{model} is for {}",
        model.category()
    );
    let key = std::env::var("DASHSCOPE_API_KEY").unwrap_or_default();
    let key = key.trim();
    if key.is_empty() && !arguments.dry_run {
        bail!("set DASHSCOPE_API_KEY to your API key, or use --dry-run");
    }
    let requests = requests(arguments)?;
    let largest = requests.iter().map(|request| request.tokens).max();
    let largest = largest.context("there is no prompt")?;

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

/// Reads the prompts. Empty lines are none.
fn requests(arguments: &Arguments) -> anyhow::Result<Vec<Request>> {
    let (name, input): (_, Box<dyn Read>) = match &arguments.file {
        Some(path) => {
            let name = path.display().to_string();
            let file = File::open(path).with_context(|| name.clone())?;
            (name, Box::new(file))
        }
        None => ("standard input".to_owned(), Box::new(io::stdin())),
    };
    let mut requests = Vec::new();
    for (line, prompt) in (1..).zip(BufReader::new(input).lines()) {
        let prompt = prompt.with_context(|| format!("{name}:{line}"))?;
        if !prompt.trim().is_empty() {
            requests.push(Request::new(line, prompt, arguments.max_output));
        }
    }
    Ok(requests)
}

/// Prints when each prompt would be sent.
fn simulate<T: Time>(requests: &[Request], mut pacer: Pacer<T>) -> anyhow::Result<usize> {
    let mut out = io::stdout().lock();
    for request in requests {
        pacer.wait(request.tokens)?;
        let Request { line, tokens, .. } = request;
        let at = pacer.elapsed().as_secs_f64();
        writeln!(out, "{at:9.3} s  line {line}, {tokens} tokens").context("standard output")?;
    }
    let count = HumanCount(requests.len() as u64);
    eprintln!("{count} would be sent: {}", summary(requests, &pacer));
    Ok(0)
}

/// Sends the prompts, and prints each answer when it is there.
fn send<T: Time>(
    requests: &[Request],
    mut pacer: Pacer<T>,
    endpoint: &Endpoint,
) -> anyhow::Result<usize> {
    // On standard error, and only if that is a terminal.
    let bar = ProgressBar::new(requests.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{wide_bar} {pos}/{len} sent, {eta} to go",
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

/// Prints an answer, and tells how many tokens it took.
fn print(request: &Request, answer: anyhow::Result<Answer>) -> Option<u64> {
    let printed = answer.and_then(|answer| {
        let line = json!({ "line": request.line, "answer": answer.text });
        writeln!(io::stdout(), "{line}").context("standard output")?;
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
        "{} tokens by estimate, in {:.1} s, {:.1} s of it waiting for the limits",
        HumanCount(tokens.sum()),
        pacer.elapsed().as_secs_f64(),
        pacer.waited().as_secs_f64()
    )
}
