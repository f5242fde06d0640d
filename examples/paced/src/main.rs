//! Sends a batch of prompts, one per line, within the limits of a model.

use std::fs;
use std::io::{self, Write as _};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Parser as _;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use model_studio_limiter::{Builder, Limiter, LimiterLimits};
use model_studio_limits::{Category, LimitKind, Model, model};
use paced::batch::{self, Outcome};
use paced::endpoint::{Answer, Endpoint, Request};
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
    ensure!(!requests.is_empty(), "there are no prompts");

    let (limits, share) = (model.limits(), arguments.share);
    eprintln!("{model}: {share}% of {limits}");
    let builder = Limiter::builder(limits).share(share.into(), 100);
    if arguments.dry_run {
        plan(&requests, builder)
    } else {
        let base_url = std::env::var("DASHSCOPE_BASE_URL").ok();
        let endpoint = Endpoint::new(base_url.as_deref(), key, model);
        send(&requests, &builder.build(), &endpoint)
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
fn plan(requests: &[Request], builder: Builder<LimiterLimits>) -> anyhow::Result<usize> {
    let mut out = io::stdout().lock();
    let (mut estimated, mut failed, mut last) = (0, 0, Duration::ZERO);
    for (request, result) in batch::plan(builder, requests) {
        let line = request.line;
        match result {
            Ok((at, cost)) => {
                let tokens = cost.amount(LimitKind::Tokens);
                writeln!(
                    out,
                    "{:9.3} s  line {line}, {tokens} tokens",
                    at.as_secs_f64()
                )?;
                estimated += tokens;
                last = at;
            }
            Err(error) => {
                eprintln!("line {line}: {error}");
                failed += 1;
            }
        }
    }
    let count = HumanCount((requests.len() - failed) as u64);
    // Nothing takes time except waiting.
    eprintln!("{count} to send: {}", summary(estimated, last, last));
    Ok(failed)
}

/// Sends the prompts and prints each answer when it arrives.
fn send(requests: &[Request], limiter: &Limiter, endpoint: &Endpoint) -> anyhow::Result<usize> {
    // The progress bar is drawn only if standard error is a terminal.
    let bar = ProgressBar::new(requests.len() as u64);
    bar.set_style(ProgressStyle::with_template(
        "{wide_bar} {pos}/{len} done, {eta} left",
    )?);
    let start = Instant::now();
    let (mut estimated, mut used, mut failed) = (0, 0, 0);
    let mut waited = Duration::ZERO;
    let report = |outcome: Outcome| {
        bar.inc(1);
        estimated += outcome.estimate.amount(LimitKind::Tokens);
        waited += outcome.waited;
        match bar.suspend(|| print(outcome.request, outcome.result)) {
            Some(tokens) => used += tokens,
            None => failed += 1,
        }
    };
    batch::send_all(limiter, requests, |request| endpoint.ask(request), report)
        .context("cannot start a thread")?;
    bar.finish_and_clear();
    let (sent, used) = (HumanCount(limiter.usage().admitted), HumanCount(used));
    let summary = summary(estimated, start.elapsed(), waited);
    eprintln!("{sent} sent, {failed} failed, {used} tokens used: {summary}");
    Ok(failed)
}

/// Prints an answer and returns its tokens, or prints the error.
fn print(request: &Request, result: anyhow::Result<Answer>) -> Option<u64> {
    let printed = result.and_then(|answer| {
        let line = json!({ "line": request.line, "answer": answer.text });
        writeln!(io::stdout(), "{line}")?;
        Ok(answer.cost.map_or(0, |cost| cost.amount(LimitKind::Tokens)))
    });
    printed
        .inspect_err(|error| eprintln!("line {}: {error:#}", request.line))
        .ok()
}

fn summary(estimated: u64, elapsed: Duration, waited: Duration) -> String {
    format!(
        "{} tokens estimated, {:.1} s, including {:.1} s of waiting",
        HumanCount(estimated),
        elapsed.as_secs_f64(),
        waited.as_secs_f64()
    )
}
