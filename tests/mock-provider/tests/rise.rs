//! What a limiter learns from a provider that refuses a sudden rise, and whom that slows down.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use fastrand::Rng;
use mock_provider::{GrowthRule, MINUTE, Provider, SECOND};
use model_studio_limiter::{AcquireError, Clock as _, Limiter, ManualClock, Permit, Refusal};
use model_studio_limits::{Limit, LimitKind, Limits};

const LIMITS: Limits = Limits::new(&[Limit {
    kind: LimitKind::Requests,
    count: NonZeroU64::new(600).unwrap(),
    per: Some(MINUTE),
}]);

const PER_SECOND: f64 = 10.0;

/// At least so many requests are admitted in each minute at full rate: 600 in 61 seconds.
const FULL: u32 = 585;

const STRICT: f64 = 1.5;

#[test]
fn after_an_idle_time_the_rate_grows_by_a_factor_per_minute() {
    assert!(Client::new().minutes(3).iter().all(|sent| *sent >= FULL));
    let minutes = Client::taught().minutes(10);
    assert!(minutes[0] < 120, "{minutes:?}");
    for pair in minutes.windows(2).take_while(|pair| pair[1] < 500) {
        let growth = f64::from(pair[1]) / f64::from(pair[0]);
        assert!((1.2..5.0).contains(&growth), "{minutes:?}");
    }
    assert!(minutes[6..].iter().all(|sent| *sent >= FULL), "{minutes:?}");
}

#[test]
fn what_was_learned_holds_for_the_next_starts() {
    for rule in [
        GrowthRule::Successive(MINUTE),
        GrowthRule::OverMinute(10 * SECOND),
        GrowthRule::Aligned,
        GrowthRule::Envelope,
    ] {
        let mut client = Client::new();
        let mut provider = Provider::new().limit_growth(rule, 2.0, 60);
        let starts = [(); 5].map(|()| {
            let (sent, refused) = client.send(&mut provider, 15 * MINUTE);
            client.clock.advance(5 * MINUTE);
            f64::from(refused) / f64::from(sent)
        });
        println!("{rule:?}: {starts:?}");
        assert!(
            starts[1..].iter().all(|part| *part < 0.005),
            "{rule:?}: {starts:?}"
        );
    }
}

#[test]
fn a_rule_that_moves_is_followed() {
    let rule = GrowthRule::OverMinute(10 * SECOND);
    let mut provider = Provider::new().limit_growth(rule, 8.0, 60);
    let mut client = Client::taught();
    let mut full_after = || {
        client.clock.advance(5 * MINUTE);
        client.full_after(&mut provider)
    };
    // A looser rule lets the rate rise more quickly.
    let first = full_after();
    let fourth = [(); 3].map(|()| full_after())[2];
    assert!(fourth < first / 2, "{fourth:?}, {first:?}");
    // A stricter one refuses few requests before it is learned again.
    provider.set_growth(STRICT);
    client.clock.advance(5 * MINUTE);
    let (sent, refused) = client.send(&mut provider, 10 * MINUTE);
    assert!(refused * 100 < sent, "{refused} of {sent}");
}

#[test]
fn a_steady_load_is_not_slowed_down() {
    for part in [0.1, 0.3, 0.6, 0.8] {
        let interval = SECOND.div_f64(part * PER_SECOND);
        let mut rng = Rng::with_seed(1);
        let even = (0..).map(|number| interval * number);
        let even: Vec<_> = even.take_while(|at| *at < STEADY).collect();
        let late = even.iter().map(|at| *at + interval.mul_f64(rng.f64()));
        let late = late.collect::<Vec<_>>();
        // A Poisson process.
        let random = even.iter().scan(Duration::ZERO, |at, _| {
            *at += interval.mul_f64(-(1.0 - rng.f64()).ln());
            Some(*at)
        });
        let random = random.collect::<Vec<_>>();
        for arrivals in [even, late, random] {
            let [learned, fresh] = [Client::taught(), Client::untaught()].map(|mut client| {
                // The first half shows how long the rate takes to rise.
                let mut admitted = client.admit(&arrivals);
                admitted.split_off(arrivals.len() / 2)
            });
            assert!(learned == fresh, "{part} of the limit");
        }
    }
}

const STEADY: Duration = Duration::from_secs(60 * 60);

const IDLE_UNTIL: Duration = Duration::from_secs(15 * 60);

#[test]
fn a_load_that_rises_slowly_is_not_slowed_down_up_to_the_limit() {
    // From 30 requests per minute to more than the limit.
    let mut at = Duration::ZERO;
    let mut rate = 0.05 * PER_SECOND;
    let mut arrivals = Vec::new();
    while at < STEADY {
        arrivals.push(at);
        let interval = SECOND.div_f64(rate);
        rate = (rate * 1.15_f64.powf(interval.as_secs_f64() / 60.0)).min(1.1 * PER_SECOND);
        at += interval;
    }
    let [learned, fresh] =
        [Client::taught(), Client::untaught()].map(|mut client| client.admit(&arrivals));
    assert!(learned == fresh);
}

#[test]
fn single_refusals_at_full_rate_change_nothing() {
    let [with_refusals, without] = [true, false].map(|refuses| {
        let mut client = Client::taught();
        client.minutes(10);
        let admitted = (0..1_000).map(|number| {
            let permit = client.next_permit();
            if refuses && number % 200 == 0 {
                permit.refused(Refusal::Burst);
            } else {
                permit.settle(0);
            }
            client.clock.now() - client.start
        });
        admitted.collect::<Vec<_>>()
    });
    assert_eq!(with_refusals, without);
}

#[test]
fn a_single_refusal_during_the_rise_costs_little() {
    let undisturbed = Client::taught().full_after(&mut Provider::new());
    for after in [1, 10, 60, 100] {
        let mut client = Client::taught();
        let start = client.clock.now();
        client.send(&mut Provider::new(), after * SECOND);
        client.next_permit().refused(Refusal::Burst);
        client.full_after(&mut Provider::new());
        let disturbed = client.clock.now() - start;
        assert!(
            disturbed < undisturbed * 4 / 3,
            "{disturbed:?}, {undisturbed:?}"
        );
    }
}

#[test]
fn many_refusals_at_once_cost_little_more_than_one() {
    let full_after = [1, 30].map(|count| {
        let mut client = Client::taught();
        client.minutes(2);
        let permits: Vec<_> = (0..30).map(|_| client.next_permit()).collect();
        for permit in permits.into_iter().take(count) {
            permit.refused(Refusal::Burst);
        }
        client.clock.advance(10 * MINUTE);
        client.full_after(&mut Provider::new())
    });
    assert!(full_after[1] < full_after[0] * 2, "{full_after:?}");
}

#[test]
fn a_limiter_recovers_from_any_refusals() {
    for seed in 0..20 {
        let mut rng = Rng::with_seed(seed);
        let refused = rng.f64();
        let mut client = Client::new();
        for _ in 0..rng.usize(1..2_000) {
            let permit = client.next_permit();
            if rng.u8(..50) == 0 {
                client.clock.advance(MINUTE.mul_f64(3.0 * rng.f64()));
            }
            if rng.f64() < refused {
                permit.refused(Refusal::Burst);
            } else {
                permit.settle(0);
            }
        }
        let full_after = client.full_after(&mut Provider::new());
        assert!(
            full_after < 10 * MINUTE,
            "{full_after:?} with {refused} refused"
        );
    }
}

#[test]
fn requests_that_are_not_sent_hold_nothing_back() {
    let steady: Vec<_> = (0..3_600).map(|number| SECOND / 3 * number).collect();
    let [learned, fresh] = [Client::taught(), Client::untaught()].map(|mut client| {
        client.admit(&steady);
        for _ in 0..100 {
            client.next_permit().cancel();
        }
        // As many as in two seconds, at once.
        client.admit(&[Duration::ZERO; 6])
    });
    assert_eq!(learned, fresh);
}

#[test]
fn rare_refusals_and_other_reasons_teach_nothing() {
    let mut client = Client::new();
    for number in 0..6_000 {
        let permit = client.next_permit();
        match number % 100 {
            0 => permit.refused(Refusal::Requests),
            50 => permit.refused(Refusal::Burst),
            1 => permit.refused(Refusal::Capacity),
            _ => permit.settle(0),
        }
    }
    client.clock.advance(5 * MINUTE);
    assert!(client.limiter.usage().pace >= 1.0);
    assert!(client.minutes(1)[0] >= FULL);
}

/// A client in simulated time.
struct Client {
    limiter: Limiter,
    clock: ManualClock,
    start: Instant,
}

impl Client {
    /// Creates a client that has learned nothing.
    fn new() -> Self {
        let clock = ManualClock::new();
        Self {
            limiter: Limiter::builder(LIMITS).clock(clock.clone()).build(),
            start: clock.now(),
            clock,
        }
    }

    /// Creates a client that has learned nothing, at the time of [`Client::taught`].
    fn untaught() -> Self {
        let client = Self::new();
        client.idle_until(IDLE_UNTIL);
        client
    }

    /// Sends nothing until a time after the start.
    fn idle_until(&self, end: Duration) {
        self.clock.advance(self.start + end - self.clock.now());
    }

    /// Creates a client that has learned from a strict provider, and was idle since.
    fn taught() -> Self {
        let mut client = Self::new();
        let rule = GrowthRule::OverMinute(10 * SECOND);
        let mut provider = Provider::new().limit_growth(rule, STRICT, 60);
        client.send(&mut provider, 5 * MINUTE);
        client.idle_until(IDLE_UNTIL);
        client
    }

    /// Sends as many requests as the limiter admits in a time. Returns their number and that of the
    /// refused ones, which are known when two more were sent.
    fn send(&mut self, provider: &mut Provider, duration: Duration) -> (u32, u32) {
        let end = self.clock.now() + duration;
        let mut in_flight = VecDeque::new();
        let (mut sent, mut refused) = (0, 0);
        while self.clock.now() < end {
            let permit = self.next_permit();
            sent += 1;
            let result = provider.arrive(self.clock.now() - self.start, 0);
            in_flight.push_back((permit, result));
            if in_flight.len() <= 2 {
                continue;
            }
            match in_flight.pop_front() {
                Some((permit, Err(refusal))) => {
                    refused += 1;
                    permit.refused(refusal);
                }
                Some((permit, Ok(_))) => permit.settle(0),
                None => {}
            }
        }
        (sent, refused)
    }

    /// Returns how long it takes until ten seconds have 95 requests.
    fn full_after(&mut self, provider: &mut Provider) -> Duration {
        let start = self.clock.now();
        let mut sent = VecDeque::new();
        loop {
            let permit = self.next_permit();
            let now = self.clock.now();
            match provider.arrive(now - self.start, 0) {
                Ok(_) => permit.settle(0),
                Err(refusal) => permit.refused(refusal),
            }
            sent.push_back(now);
            while now - sent[0] > 10 * SECOND {
                sent.pop_front();
            }
            if sent.len() >= 95 {
                return now - start;
            }
        }
    }

    /// Returns the numbers of requests that are admitted in successive minutes.
    fn minutes(&mut self, count: usize) -> Vec<u32> {
        let minutes = (0..count).map(|_| {
            let start = self.clock.now();
            let mut sent = 0;
            while self.clock.now() - start < MINUTE {
                self.next_permit().settle(0);
                sent += 1;
            }
            sent
        });
        minutes.collect()
    }

    /// Returns the times at which requests are admitted that arrive at other times, which are all
    /// since now.
    fn admit(&mut self, arrivals: &[Duration]) -> Vec<Duration> {
        let start = self.clock.now();
        let admitted = arrivals.iter().map(|at| {
            let wait = (start + *at).saturating_duration_since(self.clock.now());
            self.clock.advance(wait);
            self.next_permit().settle(0);
            self.clock.now() - start
        });
        admitted.collect()
    }

    /// Acquires a permit and advances the clock as far as needed.
    fn next_permit(&self) -> Permit {
        loop {
            match self.limiter.try_acquire(0) {
                Ok(permit) => return permit,
                Err(AcquireError::NotYet { at } | AcquireError::Paused { until: at }) => {
                    self.clock.advance(at - self.clock.now());
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}
