//! Processes that send requests.

use std::cell::RefCell;
use std::env;
use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime;
use tokio::task::LocalSet;
use tokio::time::sleep;

use super::client::Client;

/// What a process does.
#[derive(Clone, Copy)]
pub(super) struct Task {
    client: &'static str,
    /// The requests per window.
    limit: u64,
    /// How many requests wait or run at the same time.
    concurrent: usize,
    /// The milliseconds between a request and the next one.
    pause: u64,
}

impl Task {
    pub(super) fn new(client: &'static str, limit: u64, concurrent: usize) -> Self {
        Self {
            client,
            limit,
            concurrent,
            pause: 0,
        }
    }

    pub(super) fn pause(self, pause: u64) -> Self {
        Self { pause, ..self }
    }
}

/// The requests that a process sent.
pub(super) type Outcome = Vec<Sent>;

pub(super) struct Sent {
    /// In microseconds since 1970.
    pub(super) at: u64,
    /// The time for which it waited, in microseconds.
    pub(super) latency: u64,
}

/// Runs a process for each task, all at the same time.
pub(super) fn run_all(url: &str, tasks: &[Task], seconds: u64) -> Vec<Outcome> {
    let start = |task| start(url, task, seconds).expect("this program can be started");
    let mut children: Vec<Child> = tasks.iter().map(start).collect();
    // Each process prints a line when it is connected, and starts when its input ends.
    for child in &mut children {
        let output = child.stdout.as_mut().expect("it is piped");
        output.read_exact(&mut [0]).expect("a process is ready");
    }
    for child in &mut children {
        drop(child.stdin.take());
    }
    let outcomes = children.into_iter().map(|child| {
        let output = child.wait_with_output().expect("a process ends");
        assert!(output.status.success(), "a process failed");
        let text = String::from_utf8(output.stdout).expect("a process prints text");
        let sent = text.lines().map(|line| {
            let (at, latency) = line.split_once(' ')?;
            Some(Sent {
                at: at.parse().ok()?,
                latency: latency.parse().ok()?,
            })
        });
        sent.collect::<Option<_>>().expect("a process prints times")
    });
    outcomes.collect()
}

fn start(url: &str, task: &Task, seconds: u64) -> io::Result<Child> {
    Command::new(env::current_exe()?)
        .arg("fleet-worker")
        .args([url, task.client])
        .args([task.limit, task.concurrent as u64, task.pause, seconds].map(|n| n.to_string()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
}

/// Does what [`start`] passes as arguments.
pub(crate) fn work(arguments: &[&str]) {
    let [url, client, limit, concurrent, pause, seconds] = arguments else {
        panic!("only the program `fleet` starts this");
    };
    let number = |text: &str| text.parse::<u64>().expect("it is a number");
    let pause = Duration::from_millis(number(pause));
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the runtime can be built");
    let local = LocalSet::new();
    let sent = Rc::new(RefCell::new(Outcome::new()));
    local.block_on(&runtime, async {
        let client = Rc::new(Client::connect(client, url, number(limit)).await);
        println!();
        _ = io::read_to_string(io::stdin());
        for _ in 0..number(concurrent) {
            let (client, sent) = (Rc::clone(&client), Rc::clone(&sent));
            local.spawn_local(async move {
                loop {
                    let start = Instant::now();
                    client.acquire().await;
                    let latency = micros(start.elapsed());
                    let at = SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970");
                    let at = micros(at);
                    sent.borrow_mut().push(Sent { at, latency });
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                }
            });
        }
        sleep(Duration::from_secs(number(seconds))).await;
    });
    let mut out = io::BufWriter::new(io::stdout().lock());
    for Sent { at, latency } in sent.borrow().iter() {
        writeln!(out, "{at} {latency}").expect("the parent reads");
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).expect("it is short")
}
