//! Providers, which accept or refuse requests.

use std::collections::VecDeque;
use std::time::Duration;

use model_studio_limiter::Refusal;

use crate::growth::GrowthLimit;
use crate::{GrowthRule, MINUTE};

/// How a provider applies a limit.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// No window of this length may contain more than the limit.
    Sliding(Duration),
    /// Like `Sliding`, but only for windows that start at multiples of their length.
    Aligned(Duration),
    /// Like `Sliding`, but only for windows that start with the first request after the previous
    /// window.
    FirstHit(Duration),
    /// A bucket that is full at the start and is refilled in this time.
    Bucket(Duration),
}

/// A provider in simulated time.
///
/// ```
/// use mock_provider::{MINUTE, Provider, Rule, SECOND};
///
/// let mut provider = Provider::new().limit_requests(Rule::Aligned(MINUTE), 1);
/// assert!(provider.arrive(59 * SECOND, 100).is_ok());
/// assert!(provider.arrive(59 * SECOND, 100).is_err());
/// assert!(provider.arrive(60 * SECOND, 100).is_ok());
/// ```
#[derive(Debug, Default)]
pub struct Provider {
    requests: Vec<Meter>,
    tokens: Vec<Meter>,
    growth: Option<GrowthLimit>,
    counts_at_completion: bool,
    accepted: usize,
}

/// A request that was accepted.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    /// The number of requests that were accepted before.
    number: usize,
    estimate: u64,
}

impl Provider {
    /// Creates a provider that accepts everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits requests. The limit of the rule's window is its share of `per_minute`.
    #[must_use]
    pub fn limit_requests(mut self, rule: Rule, per_minute: u64) -> Self {
        self.requests.push(Meter::new(rule, per_minute));
        self
    }

    /// Limits tokens. The limit of the rule's window is its share of `per_minute`.
    ///
    /// The estimate of a request counts when it arrives, and is corrected when it completes.
    #[must_use]
    pub fn limit_tokens(mut self, rule: Rule, per_minute: u64) -> Self {
        self.tokens.push(Meter::new(rule, per_minute));
        self
    }

    /// Refuses a sudden rise, by this rule and factor, but never less than `floor` requests per
    /// minute.
    #[must_use]
    pub fn limit_growth(mut self, rule: GrowthRule, factor: f64, floor: u32) -> Self {
        self.growth = Some(GrowthLimit::new(rule, factor, floor));
        self
    }

    /// Counts the tokens of a request only when it completes.
    #[must_use]
    pub fn count_at_completion(mut self) -> Self {
        self.counts_at_completion = true;
        self
    }

    /// Replaces the limits on requests. Earlier requests stay counted.
    pub fn set_requests(&mut self, per_minute: u64) {
        for meter in &mut self.requests {
            meter.limit = limit(meter.rule, per_minute);
        }
    }

    /// Replaces the factor of the limit on growth, if there is one.
    pub fn set_growth(&mut self, factor: f64) {
        if let Some(growth) = &mut self.growth {
            growth.set_factor(factor);
        }
    }

    /// Accepts or refuses a request that arrives. A refused request does not count.
    ///
    /// The times of successive calls must not go back.
    ///
    /// # Errors
    ///
    /// Returns the reason of the refusal.
    pub fn arrive(&mut self, now: Duration, estimate: u64) -> Result<Ticket, Refusal> {
        if !self.requests.iter_mut().all(|meter| meter.fits(now, 1)) {
            return Err(Refusal::Requests);
        }
        let mut tokens = self.tokens.iter_mut();
        if !tokens.all(|meter| meter.fits(now, estimate)) {
            return Err(Refusal::Tokens);
        }
        if self.growth.as_mut().is_some_and(|growth| !growth.fits(now)) {
            return Err(Refusal::Burst);
        }
        for meter in &mut self.requests {
            meter.count(now, 1);
        }
        if !self.counts_at_completion {
            for meter in &mut self.tokens {
                meter.count(now, estimate);
            }
        }
        if let Some(growth) = &mut self.growth {
            growth.count(now);
        }
        let number = self.accepted;
        self.accepted += 1;
        Ok(Ticket { number, estimate })
    }

    /// Completes a request with the tokens that it used.
    pub fn complete(&mut self, now: Duration, ticket: Ticket, tokens: u64) {
        for meter in &mut self.tokens {
            if self.counts_at_completion {
                meter.fits(now, 0);
                meter.count(now, tokens);
            } else {
                meter.correct(ticket.number, ticket.estimate, tokens);
            }
        }
    }
}

/// Counts one kind of amount by one rule.
#[derive(Debug)]
struct Meter {
    rule: Rule,
    limit: u64,
    /// The amounts in the current window, with the times at which they were counted.
    entries: VecDeque<(Duration, u64)>,
    /// The number of entries that were removed.
    forgotten: usize,
    used: u64,
    /// The start of the current window, if it starts with the first request.
    first_hit: Option<Duration>,
    /// The time at which a bucket is full again.
    full_at: Duration,
}

impl Meter {
    fn new(rule: Rule, per_minute: u64) -> Self {
        Self {
            rule,
            limit: limit(rule, per_minute),
            entries: VecDeque::new(),
            forgotten: 0,
            used: 0,
            first_hit: None,
            full_at: Duration::ZERO,
        }
    }

    fn fits(&mut self, now: Duration, amount: u64) -> bool {
        match self.rule {
            Rule::Sliding(window) => self.forget(|at| at + window <= now),
            Rule::Aligned(window) => {
                let number = |at: Duration| at.as_nanos() / window.as_nanos();
                self.forget(|at| number(at) < number(now));
            }
            Rule::FirstHit(window) => {
                if self.first_hit.is_none_or(|start| start + window <= now) {
                    self.first_hit = Some(now);
                    self.forget(|at| at < now);
                }
            }
            Rule::Bucket(window) => {
                let full_at = self.full_at.max(now) + self.time_to_refill(window, amount);
                return full_at <= now + window;
            }
        }
        self.used + amount <= self.limit
    }

    fn count(&mut self, now: Duration, amount: u64) {
        if let Rule::Bucket(window) = self.rule {
            self.full_at = self.full_at.max(now) + self.time_to_refill(window, amount);
        } else {
            self.entries.push_back((now, amount));
            self.used += amount;
        }
    }

    /// Corrects an entry by its number, unless it is forgotten.
    fn correct(&mut self, number: usize, from: u64, to: u64) {
        if let Rule::Bucket(window) = self.rule {
            let full_at = self.full_at + self.time_to_refill(window, to);
            self.full_at = full_at.saturating_sub(self.time_to_refill(window, from));
        } else if let Some(index) = number.checked_sub(self.forgotten) {
            self.entries[index].1 = to;
            self.used = self.used - from + to;
        }
    }

    fn forget(&mut self, is_over: impl Fn(Duration) -> bool) {
        let count = self
            .entries
            .iter()
            .take_while(|(at, _)| is_over(*at))
            .count();
        let forgotten = self.entries.drain(..count).map(|(_, amount)| amount);
        self.used -= forgotten.sum::<u64>();
        self.forgotten += count;
    }

    fn time_to_refill(&self, window: Duration, amount: u64) -> Duration {
        let nanos = window.as_nanos() * u128::from(amount) / u128::from(self.limit);
        Duration::from_nanos(u64::try_from(nanos).expect("the amount is not too large"))
    }
}

/// Returns the share of a limit per minute that applies to the window of a rule.
fn limit(rule: Rule, per_minute: u64) -> u64 {
    let (Rule::Sliding(window)
    | Rule::Aligned(window)
    | Rule::FirstHit(window)
    | Rule::Bucket(window)) = rule;
    let limit = u128::from(per_minute) * window.as_nanos() / MINUTE.as_nanos();
    u64::try_from(limit).expect("the limit is not too large")
}

#[cfg(test)]
mod tests {
    use super::{Provider, Rule};
    use crate::{MINUTE, SECOND};

    /// Returns whether single requests at these seconds are accepted, with a limit of two.
    fn accepted(rule: Rule, seconds: [u32; 6]) -> [bool; 6] {
        let mut provider = Provider::new().limit_requests(rule, 2);
        seconds.map(|second| provider.arrive(second * SECOND, 0).is_ok())
    }

    #[test]
    fn rules_differ_in_their_windows() {
        let seconds = [30, 50, 59, 60, 90, 110];
        let expected = [true, true, false, false, true, true];
        assert_eq!(accepted(Rule::Sliding(MINUTE), seconds), expected);
        let expected = [true, true, false, true, true, false];
        assert_eq!(accepted(Rule::Aligned(MINUTE), seconds), expected);
        let expected = [true, true, false, false, true, true];
        assert_eq!(accepted(Rule::FirstHit(MINUTE), seconds), expected);
        let expected = [true, true, false, true, true, false];
        assert_eq!(accepted(Rule::Bucket(MINUTE), seconds), expected);
        // A window that starts with the request at 110.
        let seconds = [0, 59, 110, 120, 169, 170];
        let expected = [true, true, true, true, false, true];
        assert_eq!(accepted(Rule::FirstHit(MINUTE), seconds), expected);
    }

    #[test]
    fn tokens_are_corrected_at_completion() {
        for rule in [Rule::Sliding(MINUTE), Rule::Bucket(MINUTE)] {
            let mut provider = Provider::new().limit_tokens(rule, 100);
            let first = provider.arrive(SECOND, 80).unwrap();
            assert!(provider.arrive(SECOND, 30).is_err());
            provider.complete(SECOND, first, 70);
            assert!(provider.arrive(SECOND, 30).is_ok());
            assert!(provider.arrive(SECOND, 1).is_err());
        }
    }

    #[test]
    fn tokens_can_count_at_completion() {
        let provider = Provider::new().limit_tokens(Rule::Sliding(MINUTE), 100);
        let mut provider = provider.count_at_completion();
        let tickets = [1, 2].map(|second| provider.arrive(second * SECOND, 80).unwrap());
        for ticket in tickets {
            provider.complete(30 * SECOND, ticket, 80);
        }
        assert!(provider.arrive(89 * SECOND, 80).is_err());
        assert!(provider.arrive(90 * SECOND, 80).is_ok());
    }
}
