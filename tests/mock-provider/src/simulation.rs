//! Simulations: a client and a provider under a load.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ops::RangeInclusive;
use std::time::Duration;

use fastrand::Rng;
use model_studio_limiter::Permit;

use crate::load::latency;
use crate::{Client, Load, MINUTE, PerMinute, Provider, Ticket};

/// The conditions under which a client sends requests to a provider.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The requests to send.
    pub load: Load,
    /// How long the client sends requests.
    pub duration: Duration,
    /// The longest time that a request takes to arrive. The shortest is zero.
    pub delay: Duration,
    /// Estimates of tokens, as multiples of the actual number.
    pub estimates: RangeInclusive<f64>,
    /// The seed of all random choices.
    pub seed: u64,
}

/// The counts of a simulation.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The times at which requests were sent.
    pub sent_at: Vec<Duration>,
    /// The number of requests that the provider refused.
    pub refused: usize,
    /// The number of tokens that accepted requests used.
    pub tokens: u64,
}

impl Outcome {
    /// Returns the number of requests that were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.sent_at.len()
    }

    /// Returns the fraction of the limit on requests or on tokens that accepted requests used,
    /// whichever is larger.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the numbers are small enough")]
    pub fn utilisation(&self, limit: PerMinute, duration: Duration) -> f64 {
        let minutes = duration.as_secs_f64() / MINUTE.as_secs_f64();
        let accepted = self.sent() - self.refused;
        let requests = accepted as f64 / limit.requests as f64;
        let tokens = self.tokens as f64 / limit.tokens as f64;
        requests.max(tokens) / minutes
    }
}

/// A request that was sent.
#[derive(Debug)]
struct Sent {
    permit: Option<Permit>,
    estimate: u64,
    tokens: u64,
    /// `None` until the provider has accepted the request.
    ticket: Option<Ticket>,
}

impl Simulation {
    /// Creates a simulation without delays and with exact estimates.
    #[must_use]
    pub fn new(load: Load, duration: Duration) -> Self {
        Self {
            load,
            duration,
            delay: Duration::ZERO,
            estimates: 1.0..=1.0,
            seed: 1,
        }
    }

    /// Lets the client send its requests in order, each as soon as it may.
    pub fn run(&self, client: &mut Client, provider: &mut Provider) -> Outcome {
        let mut rng = Rng::with_seed(self.seed);
        let mut outcome = Outcome::default();
        // Arrivals and completions, by time and number of the request.
        let mut events = BinaryHeap::new();
        let mut requests = HashMap::new();
        let (mut tokens, mut estimate) = self.next_request(&mut rng);
        let mut try_at = Duration::ZERO;
        loop {
            let event_at = events.peek().map_or(Duration::MAX, |Reverse((at, _))| *at);
            let now = try_at.min(event_at);
            if now >= self.duration {
                return outcome;
            }
            if event_at > try_at {
                match client.send(now, estimate) {
                    Ok(permit) => {
                        let number = outcome.sent_at.len();
                        outcome.sent_at.push(now);
                        let sent = Sent {
                            permit,
                            estimate,
                            tokens,
                            ticket: None,
                        };
                        requests.insert(number, sent);
                        let delay = self.delay.mul_f64(rng.f64());
                        events.push(Reverse((now + delay, number)));
                        (tokens, estimate) = self.next_request(&mut rng);
                    }
                    Err(at) => try_at = at,
                }
                continue;
            }
            let Some(Reverse((_, number))) = events.pop() else {
                continue;
            };
            client.set_time(now);
            let Some(mut sent) = requests.remove(&number) else {
                continue;
            };
            if let Some(ticket) = sent.ticket {
                provider.complete(now, ticket, sent.tokens);
                if let Some(permit) = sent.permit {
                    permit.settle(sent.tokens);
                    // The difference to the estimate may allow the next request.
                    try_at = now;
                }
            } else if let Ok(ticket) = provider.arrive(now, sent.estimate) {
                sent.ticket = Some(ticket);
                outcome.tokens += sent.tokens;
                requests.insert(number, sent);
                events.push(Reverse((now + latency(&mut rng), number)));
            } else {
                // The permit is dropped, so that the request stays counted. The limiter would react
                // to `Permit::refused`, and send less.
                outcome.refused += 1;
            }
        }
    }

    /// Returns the tokens of the next request, and their estimate.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an estimate need not be exact"
    )]
    fn next_request(&self, rng: &mut Rng) -> (u64, u64) {
        let tokens = self.load.tokens(rng);
        let (least, most) = (self.estimates.start(), self.estimates.end());
        let factor = least + (most - least) * rng.f64();
        let estimate = (tokens as f64 * factor).round() as u64;
        (tokens, estimate.max(1))
    }
}
