//! More calls than the limits allow: those of users, who should not wait, and of a batch job.

use std::time::Duration;

use super::replay::{Call, Limits};

pub(crate) const LIMITS: Limits = Limits {
    requests: 600,
    tokens: 1_000_000,
};

/// The time that does not count, in which the gateway learns the lengths of answers.
pub(crate) const WARM_UP: Duration = Duration::from_mins(1);

/// The time that counts.
pub(crate) const MEASURED: Duration = Duration::from_mins(5);

/// The seed of the program that sends the calls.
pub(crate) const SEED: u64 = 1;

/// Calls of users per second, a fifth of the limit, and their tokens.
const USERS_PER_SECOND: f64 = 2.0;
const USER_INPUT: u64 = 150;
const USER_OUTPUT: u64 = 50;

/// The tokens of the batch job per minute: half more than the limit.
const BATCH_PER_MINUTE: f64 = 1_500_000.0;

/// The tokens of a call of the batch job are log-normal with this mean and a sigma of 1. A third is
/// output.
const BATCH_MEAN: f64 = 2_900.0;
const BATCH_MAX: f64 = 24_000.0;

/// Returns the calls of this time.
pub(crate) fn calls(duration: Duration, seed: u64) -> Vec<Call> {
    let mut random = fastrand::Rng::with_seed(seed);
    let users = times(USERS_PER_SECOND, duration, &mut random)
        .into_iter()
        .map(|at| Call {
            at,
            class: "interactive",
            input: USER_INPUT,
            output: USER_OUTPUT,
        });
    let mut calls: Vec<Call> = users.collect();
    for at in times(BATCH_PER_MINUTE / BATCH_MEAN / 60.0, duration, &mut random) {
        let tokens = log_normal(&mut random).clamp(60.0, BATCH_MAX);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is clamped"
        )]
        let output = (tokens / 3.0) as u64;
        calls.push(Call {
            at,
            class: "batch",
            input: 2 * output,
            output,
        });
    }
    calls
}

/// Returns random times, with this many per second.
fn times(per_second: f64, duration: Duration, random: &mut fastrand::Rng) -> Vec<Duration> {
    let mut times = Vec::new();
    let mut at = Duration::ZERO;
    loop {
        at += Duration::from_secs_f64(-(1.0 - random.f64()).ln() / per_second);
        if at >= duration {
            return times;
        }
        times.push(at);
    }
}

fn log_normal(random: &mut fastrand::Rng) -> f64 {
    // The Box-Muller transform.
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    let normal = radius * (std::f64::consts::TAU * random.f64()).cos();
    BATCH_MEAN * (normal - 0.5).exp()
}
