//! Runs several processes that share the limit of one account, and shows what the provider accepts.

mod provider;
mod worker;

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use chart::{Chart, Row};
use clap::Parser as _;
use model_studio_limits::{Limit, LimitKind, Limits};
use redis_server::RedisServer;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::provider::{Provider, Record};

/// Starts a mock provider, a Redis server and workers that send as much as the limit of the provider
/// allows, and prints what it accepts and refuses
#[derive(clap::Parser)]
struct Arguments {
    /// The number of worker processes
    #[arg(long, value_name = "COUNT", default_value = "8")]
    workers: NonZeroU32,

    /// How long the workers send
    #[arg(long, default_value = "20")]
    seconds: NonZeroU32,

    /// The limit of the provider on requests per window
    #[arg(long, value_name = "COUNT", default_value = "100")]
    requests: NonZeroU32,

    /// The window of the limit, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "5")]
    window: NonZeroU32,

    /// Use no store: each worker has the whole limit for itself
    #[arg(long)]
    naive: bool,

    /// The file for the chart [default: fleet.svg, or naive.svg with --naive]
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    #[command(subcommand)]
    process: Option<Process>,
}

/// What a process does that this program starts.
#[derive(clap::Subcommand)]
enum Process {
    #[command(hide = true)]
    Worker {
        index: u32,
        provider: SocketAddr,
        /// The URL of the store
        #[arg(long)]
        store: Option<String>,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let limits = limits(arguments.requests, arguments.window);
    let result = match &arguments.process {
        None => run(&arguments).await,
        Some(Process::Worker {
            index,
            provider,
            store,
        }) => worker::run(*index, *provider, store.as_deref(), limits).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn limits(requests: NonZeroU32, window: NonZeroU32) -> Limits {
    let limit = Limit {
        kind: LimitKind::Requests,
        count: NonZeroU64::from(requests),
        per: Some(Duration::from_secs(window.get().into())),
    };
    // Limits are usually constants. This is done once per process.
    Limits::new(Box::leak(Box::new([limit])))
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let provider = Provider::start(arguments.requests, arguments.window).await?;
    let redis = (!arguments.naive).then(RedisServer::start);
    let store = redis.as_ref().map(RedisServer::url);
    let mut workers = JoinSet::new();
    for index in 0..arguments.workers.get() {
        let mut worker = start_worker(index, arguments, provider.address, store.as_deref())?;
        workers.spawn(async move { worker.wait().await });
    }

    let end = async {
        // The run begins with the first request.
        let first = async {
            while provider.record().is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(30), first)
            .await
            .context("no worker has sent a request")?;
        sleep(Duration::from_secs(arguments.seconds.get().into())).await;
        anyhow::Ok(())
    };
    tokio::select! {
        Some(status) = workers.join_next() => bail!("a worker has ended: {}", status??),
        end = end => end?,
    }
    workers.shutdown().await;

    let record = provider.record();
    print_table(arguments, &record);
    let name = if arguments.naive { "naive" } else { "fleet" };
    let svg = arguments.svg.clone();
    let svg = svg.unwrap_or_else(|| PathBuf::from(format!("{name}.svg")));
    fs::write(&svg, chart(arguments, &record).draw())
        .with_context(|| format!("cannot write {}", svg.display()))?;
    eprintln!("Wrote {}.", svg.display());
    Ok(())
}

/// Starts a worker process, which is killed when it is dropped.
fn start_worker(
    index: u32,
    arguments: &Arguments,
    provider: SocketAddr,
    store: Option<&str>,
) -> anyhow::Result<Child> {
    let program = env::current_exe().context("cannot find this program")?;
    Command::new(program)
        .args(["--requests", &arguments.requests.to_string()])
        .args(["--window", &arguments.window.to_string()])
        .args(["worker", &index.to_string(), &provider.to_string()])
        .args(store.map(|url| format!("--store={url}")))
        .kill_on_drop(true)
        .spawn()
        .context("cannot start a worker")
}

/// Prints what each worker sent, what of it was refused, and which part of the limit it used.
fn print_table(arguments: &Arguments, record: &Record) {
    let seconds = arguments.seconds.get();
    let windows = f64::from(seconds) / f64::from(arguments.window.get());
    let allowed = f64::from(arguments.requests.get()) * windows;
    let print = |worker: &str, accepted: u32, refused: u32| {
        let sent = accepted + refused;
        let used = f64::from(accepted) / allowed;
        println!("| {worker} | {sent} | {refused} | {used:.3} |");
    };
    println!("| worker | sent | refused | limit used |");
    println!("| ---: | ---: | ---: | ---: |");
    let (mut all_accepted, mut all_refused) = (0, 0);
    for worker in 0..arguments.workers.get() {
        let counts = (0..seconds).map(|second| record.count(worker, second));
        let (accepted, refused) = counts.fold((0, 0), |sum, count| {
            (sum.0 + count.accepted, sum.1 + count.refused)
        });
        print(&(worker + 1).to_string(), accepted, refused);
        all_accepted += accepted;
        all_refused += refused;
    }
    print("all", all_accepted, all_refused);
}

/// Returns a chart of what the provider accepted of each worker, and of what it refused.
fn chart(arguments: &Arguments, record: &Record) -> Chart {
    let (limit, window) = (arguments.requests.get(), arguments.window.get());
    let (workers, seconds) = (arguments.workers.get(), arguments.seconds.get());
    let by_second = |count: &dyn Fn(u32) -> u32| (0..seconds).map(count).collect::<Vec<u32>>();
    let accepted =
        (0..workers).map(|worker| by_second(&|second| record.count(worker, second).accepted));
    let refused = by_second(&|second| {
        let refused = (0..workers).map(|worker| record.count(worker, second).refused);
        refused.sum()
    });
    let how = match arguments.naive {
        true => "each of which uses the whole limit",
        false => "which share the limit through Redis",
    };
    let numbers = (1..=workers).map(|number| format!("worker {number}"));
    let requests: Vec<Vec<u32>> = accepted.chain([refused]).collect();
    let totals = by_second(&|second| requests.iter().map(|part| part[second as usize]).sum());
    let most = totals.into_iter().max().unwrap_or(0).max(limit / window);
    Chart {
        heading: format!("{workers} processes, {how}"),
        parts: numbers.chain(["refused".to_owned()]).collect(),
        rows: vec![Row {
            title: format!("Requests per second, with a limit of {limit} per {window} s (dashed)"),
            requests,
        }],
        seconds,
        limit: f64::from(limit) / f64::from(window),
        ticks: (0..=5).map(|tick| tick * 5 * most.div_ceil(25)).collect(),
        is_logarithmic: false,
        height: 200.0,
    }
}
