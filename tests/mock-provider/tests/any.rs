//! Requests that any of several models can serve, at saturation.

use std::collections::BTreeMap;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use fastrand::Rng;
use mock_provider::{MINUTE, PerMinute, Provider, Rule, SECOND, Ticket};
use model_studio_limiter::{AcquireAny, Clock as _, Limiter, ManualClock, Permit};
use model_studio_limits::{Limits, Model};

const LIMITS: Limits = Model::QwenPlus.limits();

/// How long a simulation takes. The window must fill several times.
const DURATION: Duration = Duration::from_secs(600);

/// The number of requests that wait at any time.
const WAITING: usize = 20;

/// A running request.
struct Sent {
    model: usize,
    tokens: u64,
    ticket: Ticket,
    permit: Permit,
}

/// What the models have accepted together.
#[derive(Debug, Default)]
struct Outcome {
    requests: u64,
    tokens: u64,
    refused: u64,
}

impl Outcome {
    /// Returns the fraction of the limit on requests or on tokens of one model that was used,
    /// whichever is larger.
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small enough")]
    fn utilisation(&self, limit: PerMinute) -> f64 {
        let minutes = DURATION.as_secs_f64() / MINUTE.as_secs_f64();
        let requests = self.requests as f64 / limit.requests as f64;
        let tokens = self.tokens as f64 / limit.tokens as f64;
        requests.max(tokens) / minutes
    }
}

/// Equal models, each with a limiter and a provider of its own, under a load of requests that any
/// of them can serve.
struct Load {
    clock: ManualClock,
    models: Vec<(Limiter, Provider)>,
    waiting: Vec<(u64, AcquireAny<usize>)>,
    /// By the end and the number of the request.
    running: BTreeMap<(Duration, u64), Sent>,
    /// The largest number of tokens of a request.
    largest: u64,
    rng: Rng,
    outcome: Outcome,
}

impl Load {
    fn new(models: usize, rule: Rule, largest: u64) -> Self {
        let limit = PerMinute::new(LIMITS);
        let clock = ManualClock::new();
        let model = || {
            let provider = Provider::new().limit_requests(rule, limit.requests);
            let limiter = Limiter::builder(LIMITS).clock(clock.clone()).build();
            (limiter, provider.limit_tokens(rule, limit.tokens))
        };
        Self {
            models: (0..models).map(|_| model()).collect(),
            clock,
            waiting: Vec::new(),
            running: BTreeMap::new(),
            largest,
            rng: Rng::with_seed(1),
            outcome: Outcome::default(),
        }
    }

    fn run(mut self) -> Outcome {
        let start = self.clock.now();
        loop {
            let now = self.clock.now() - start;
            while let Some(entry) = self.running.first_entry() {
                if entry.key().0 > now {
                    break;
                }
                let Sent {
                    model,
                    tokens,
                    ticket,
                    permit,
                } = entry.remove();
                self.models[model].1.complete(now, ticket, tokens);
                permit.settle(tokens);
            }
            self.send(now);
            let alarm = self.clock.next_alarm().map(|at| at - start);
            let end = self.running.first_key_value().map(|((end, _), _)| *end);
            let next = alarm.into_iter().chain(end).min().unwrap_or(DURATION);
            if next >= DURATION {
                return self.outcome;
            }
            self.clock.advance(next.saturating_sub(now));
        }
    }

    /// Sends all requests that are admitted now.
    fn send(&mut self, now: Duration) {
        let mut index = 0;
        loop {
            while self.waiting.len() < WAITING {
                let tokens = self.rng.u64(1..=self.largest);
                let limiters = self.models.iter().map(|(limiter, _)| (limiter, tokens));
                self.waiting.push((tokens, Limiter::acquire_any(limiters)));
            }
            let Some((tokens, future)) = self.waiting.get_mut(index) else {
                return;
            };
            let tokens = *tokens;
            let mut context = Context::from_waker(Waker::noop());
            let Poll::Ready(result) = Pin::new(future).poll(&mut context) else {
                index += 1;
                continue;
            };
            drop(self.waiting.remove(index));
            let (model, permit) = result.expect("a model has room");
            let Ok(ticket) = self.models[model].1.arrive(now, tokens) else {
                self.outcome.refused += 1;
                continue;
            };
            self.outcome.requests += 1;
            self.outcome.tokens += tokens;
            let sent = Sent {
                model,
                tokens,
                ticket,
                permit,
            };
            let end = now + self.rng.u32(1..20) * SECOND;
            self.running.insert((end, self.outcome.requests), sent);
        }
    }
}

/// Several equal models together allow as much as the same number of single ones, and none of them
/// refuses a request.
#[test]
fn equal_models_are_used_fully_at_saturation() {
    let limit = PerMinute::new(LIMITS);
    // The limit on requests, on tokens, and large requests that leave gaps.
    for (rule, largest, least) in [
        (Rule::Aligned(MINUTE), 100, 0.97),
        (Rule::Sliding(MINUTE), 10_000, 0.97),
        (Rule::Sliding(MINUTE), 200_000, 0.85),
    ] {
        let single = Load::new(1, rule, largest).run().utilisation(limit);
        for models in 2..=4 {
            let outcome = Load::new(models, rule, largest).run();
            let used = outcome.utilisation(limit) / f64::from(u32::try_from(models).unwrap());
            println!("{models} models, up to {largest} tokens: {used:.3}, single {single:.3}");
            assert_eq!(outcome.refused, 0);
            assert!(used >= least, "{used} of {models} models");
            assert!(
                used >= 0.97 * single,
                "{used} of {models} models, not {single}"
            );
        }
    }
}
