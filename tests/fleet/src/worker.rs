//! Processes that send requests, and record when.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use model_studio_limits::{LimitKind, Limits};
use redis_server::send_signal;
use serde::{Deserialize, Serialize};

use crate::{SECOND, Sent, limits};

/// What a worker process does.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Work {
    /// The limit on requests per window. 0 for none.
    pub requests: u64,
    /// The limit on tokens per window. 0 for none.
    pub tokens: u64,
    /// The window of both limits.
    pub window: Duration,
    /// The limit on requests per second, in addition. 0 for none.
    pub per_second: u64,
    /// The guard, which must cover the delay between a permit and its record. Zero for the default
    /// guards.
    pub guard: Duration,
    /// How long to send requests.
    pub duration: Duration,
    /// The number of requests at the same time.
    pub tasks: u64,
    /// The estimate of each request.
    pub estimate: u64,
    /// The tokens with which each request is settled.
    pub cost: u64,
    /// The time from the permit of a request until it is settled.
    pub latency: Duration,
    /// The limit on requests that run at the same time. 0 for none.
    pub running: u64,
    /// The class of the requests. 0 for the default class.
    pub class: u64,
    /// The weight of the class.
    pub weight: u32,
    /// The number of processes among which the fallback divides the limits. 0 for no fallback.
    pub fallback: u32,
}

impl Work {
    /// Returns work that is limited by requests only.
    #[must_use]
    pub fn requests(count: u64, window: Duration, duration: Duration) -> Self {
        Self {
            requests: count,
            tokens: 0,
            window,
            per_second: 0,
            guard: Duration::from_millis(100),
            duration,
            tasks: 8,
            estimate: 0,
            cost: 0,
            latency: Duration::ZERO,
            running: 0,
            class: 0,
            weight: 1,
            fallback: 0,
        }
    }

    /// Returns work that is limited by tokens only. Each request costs what was estimated.
    #[must_use]
    pub fn tokens(count: u64, cost: u64, window: Duration, duration: Duration) -> Self {
        Self {
            tokens: count,
            estimate: cost,
            cost,
            ..Self::requests(0, window, duration)
        }
    }

    /// Returns the limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let window = Some(self.window);
        limits(&[
            (LimitKind::Requests, self.requests, window),
            (LimitKind::Tokens, self.tokens, window),
            (LimitKind::Requests, self.per_second, Some(SECOND)),
            (LimitKind::ConcurrentRequests, self.running, None),
        ])
    }
}

/// A worker process. It is killed when this is dropped.
#[derive(Debug)]
pub struct Worker {
    process: Child,
    sends: Option<JoinHandle<Vec<Sent>>>,
}

impl Worker {
    /// Starts a worker process.
    ///
    /// # Panics
    ///
    /// Panics if the program does not start.
    #[must_use]
    pub fn start(program: &str, url: &str, work: Work) -> Self {
        Self::run(&mut Command::new(program), url, work)
    }

    /// Starts a worker process that trusts the certificates in a file, and no others.
    ///
    /// # Panics
    ///
    /// Panics if the program does not start.
    #[must_use]
    pub fn start_with_certificates(
        program: &str,
        certificates: &Path,
        url: &str,
        work: Work,
    ) -> Self {
        let mut command = Command::new(program);
        Self::run(command.env("SSL_CERT_FILE", certificates), url, work)
    }

    fn run(command: &mut Command, url: &str, work: Work) -> Self {
        let mut process = command
            .arg(url)
            .arg(serde_json::to_string(&work).unwrap())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let sends = std::thread::spawn(move || {
            // A line is incomplete if the process was killed.
            let lines = output.lines().map_while(Result::ok);
            let sends = lines.filter_map(|line| {
                let (at, tokens) = line.strip_suffix(';')?.split_once(' ')?;
                let (at, tokens) = (at.parse().ok()?, tokens.parse().ok()?);
                Some(Sent { at, tokens })
            });
            sends.collect()
        });
        Self {
            process,
            sends: Some(sends),
        }
    }

    /// Kills the process, which cannot do anything before it ends.
    ///
    /// # Panics
    ///
    /// Panics if the process cannot be killed.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    /// Sends a signal, such as `STOP`.
    ///
    /// # Panics
    ///
    /// Panics if that fails.
    pub fn signal(&self, signal: &str) {
        send_signal(&self.process, signal);
    }

    /// Waits until the process has ended, and returns the requests that it sent.
    ///
    /// # Panics
    ///
    /// Panics if the output of the process cannot be read.
    #[must_use]
    pub fn sends(mut self) -> Vec<Sent> {
        self.sends.take().unwrap().join().unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
