//! A recorded load of 1.3 times the limits.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::replay::{Call, Limits, Replay};
use crate::classes::{TRACE, read_trace};

/// What the calls use, as a multiple of the limits.
const DEMAND: f64 = 1.3;

/// The requests of the trace that count as those of users: one of so many.
const USERS: usize = 5;

/// How long calls may wait after the last one was sent.
const DRAIN: Duration = Duration::from_mins(5);

pub(crate) async fn run(quick: bool) -> io::Result<()> {
    let requests = read_trace(Path::new(TRACE), Duration::from_hours(1), u64::MAX);
    let requests = requests.map_err(io::Error::other)?;
    let end = requests.last().map_or(Duration::ZERO, |request| request.at);
    // An hour in five minutes.
    let speed = 12.0;
    let part = if quick { end / 10 } else { end };
    let calls = requests
        .iter()
        .enumerate()
        .take_while(|(_, request)| request.at <= part);
    let calls: Vec<Call> = calls
        .map(|(index, request)| Call {
            at: request.at.div_f64(speed),
            class: if index % USERS == 0 {
                "interactive"
            } else {
                "batch"
            },
            input: request.input,
            output: request.output,
        })
        .collect();
    let minutes = part.as_secs_f64() / speed / 60.0;
    let tokens: u64 = calls.iter().map(|call| call.input + call.output).sum();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the numbers are small"
    )]
    let per_minute = |count: u64| (count as f64 / minutes / DEMAND) as u64;
    let limits = Limits {
        requests: per_minute(calls.len() as u64),
        tokens: per_minute(tokens),
    };
    println!(
        "{limits:?} per minute, {} calls in {minutes:.1} minutes.\n",
        calls.len()
    );
    let mut replay = Replay::start(limits, calls).await?;
    let warm_up = Duration::from_secs(if quick { 0 } else { 60 });
    tokio::time::sleep(warm_up).await;
    let used = replay
        .used(Duration::from_secs_f64(minutes * 60.0).saturating_sub(warm_up))
        .await;
    replay.wait(DRAIN).await;
    replay.print(used, Duration::ZERO);
    Ok(())
}
