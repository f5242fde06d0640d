//! A quota with one class admits requests at the same times as a queue without classes.

use std::collections::BTreeMap;

use model_studio_limits::{Limit, LimitKind};
use proptest::prelude::*;

use super::fifo::Fifo;
use super::{LocalQuota, SECOND, cases, per_minute, quota, request};
use crate::quota::request::{CountedAt, Grant};
use crate::quota::rules::Rules;
use crate::time::{Nanos, Time};
use crate::{Class, ClassKey, Cost, Refusal};

#[derive(Clone, Copy, Debug)]
enum Step {
    Try(u64),
    Enqueue(u64),
    Cancel(usize),
    /// Advances the time, and admits what is due at the end, or at each event.
    Advance(u64, bool),
    /// Polls an admitted request after some time.
    Renew(usize, u64),
    Settle(usize, u64),
    TakeBack(usize),
    Refuse(usize),
    Pause(u64),
    SetLimits(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cost = || prop_oneof![Just(0), 1..2_000_u64, 1..60_000_u64];
    let time = || prop_oneof![0..500_u64, 0..5_000_u64, 0..70_000_u64];
    let index = any::<usize>;
    let step = prop_oneof![
        2 => cost().prop_map(Step::Try),
        12 => cost().prop_map(Step::Enqueue),
        2 => index().prop_map(Step::Cancel),
        8 => (time(), any::<bool>()).prop_map(|(time, events)| Step::Advance(time, events)),
        4 => (index(), 0..1_000_u64).prop_map(|(index, time)| Step::Renew(index, time)),
        6 => (index(), cost()).prop_map(|(index, cost)| Step::Settle(index, cost)),
        1 => index().prop_map(Step::TakeBack),
        1 => index().prop_map(Step::Refuse),
        1 => time().prop_map(Step::Pause),
        1 => index().prop_map(Step::SetLimits),
    ];
    proptest::collection::vec(step, 1..300)
}

/// A quota with one class, and a queue without classes, which do the same.
struct Both {
    quota: LocalQuota,
    fifo: Fifo,
    class: ClassKey,
    now: Time,
    /// The tokens of the waiting requests, by ID.
    waiting: BTreeMap<u64, u64>,
    running: Vec<Grant>,
}

impl Both {
    fn new(class: &str, rules: &Rules) -> Self {
        // The other class does not send anything.
        let other = [(ClassKey::from("other"), Class::weight(5))];
        Self {
            quota: quota(&choices()[0], rules.clone(), &other),
            fifo: Fifo::new(&choices()[0], rules.clone()),
            class: class.into(),
            now: Time::START,
            waiting: BTreeMap::new(),
            running: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        let now = self.now;
        match step {
            Step::Try(tokens) => {
                let request = request(&self.class, tokens);
                let result = self.quota.try_acquire(&request, now);
                assert_eq!(result.is_ok(), self.fifo.try_acquire(&request.cost, now));
                let quota = &self.quota;
                let wait = (quota.expected_at(&request), quota.lower_bound(&request));
                assert_eq!(wait, self.fifo.wait_of(&request.cost));
                if let Ok(counted_at) = result {
                    self.running(counted_at, None, tokens);
                }
            }
            Step::Enqueue(tokens) => {
                let request = request(&self.class, tokens);
                let id = self.quota.enqueue(request.clone()).ok();
                assert_eq!(id, self.fifo.enqueue(request.cost));
                self.waiting.extend(id.map(|id| (id, tokens)));
            }
            Step::Cancel(index) => {
                let index = index % self.waiting.len().max(1);
                if let Some(id) = self.waiting.keys().nth(index).copied() {
                    self.waiting.remove(&id);
                    self.quota.cancel(id, &self.class);
                    self.fifo.cancel(id);
                }
            }
            Step::Advance(millis, at_events) => {
                let end = now + Nanos::from_millis(millis);
                let is_due = |at: &Time| at_events && *at <= end;
                while let Some(at) = self.quota.next_event().filter(is_due) {
                    self.now = self.now.max(at);
                    self.admit();
                }
                self.now = end;
            }
            Step::Renew(index, millis) => {
                self.now = now + Nanos::from_millis(millis);
                self.renew(index);
            }
            Step::Settle(index, tokens) => {
                if let Some(grant) = self.take(index) {
                    self.settle(&grant, &Cost::from(tokens));
                }
            }
            Step::TakeBack(index) => {
                if let Some(grant) = self.take(index) {
                    self.quota.take_back(&grant, now);
                    let at = grant.counted_at.time();
                    self.fifo.take_back(at, &grant.request.cost);
                }
            }
            Step::Refuse(index) => {
                if let Some(grant) = self.take(index) {
                    self.quota.refuse(&grant, Refusal::Requests, None, now);
                    let at = grant.counted_at.time();
                    self.fifo.refuse(at, &grant.request.cost, now);
                }
            }
            Step::Pause(millis) => {
                let until = now + Nanos::from_millis(millis);
                self.quota.pause_until(until);
                self.fifo.paused_until = self.fifo.paused_until.max(until);
            }
            Step::SetLimits(index) => {
                let choices = choices();
                let limits = &choices[index % choices.len()];
                self.quota.set_limits(limits, now);
                self.fifo.set_limits(limits, now);
            }
        }
        self.admit();
    }

    /// Admits what is due.
    fn admit(&mut self) {
        loop {
            assert_eq!(self.quota.next_event(), self.fifo.next_event());
            let next = self.quota.next(self.now, |_| true);
            let is_ok = next.as_ref().map(|(id, result)| (*id, result.is_ok()));
            assert_eq!(is_ok, self.fifo.next(self.now), "at {:?}", self.now);
            let Some((id, result)) = next else { return };
            let tokens = self.waiting.remove(&id).unwrap();
            if let Ok(counted_at) = result {
                self.running(counted_at, Some(id), tokens);
            }
        }
    }

    /// Polls an admitted request that has waited.
    fn renew(&mut self, index: usize) {
        let index = index % self.running.len().max(1);
        let Some(grant) = self.running.get_mut(index) else {
            return;
        };
        let Some(id) = grant.id else { return };
        let (at, cost) = (grant.counted_at.time(), grant.request.cost);
        let renewed = self.fifo.renew(id, at, &cost, self.now);
        assert_eq!(self.quota.renew(id, grant, self.now), renewed.is_some());
        if let Some(at) = renewed {
            assert_eq!(grant.counted_at, CountedAt::Process(at));
        } else {
            let tokens = cost.amount(LimitKind::Tokens);
            self.waiting.insert(id, tokens);
            self.running.swap_remove(index);
        }
    }

    fn settle(&mut self, grant: &Grant, cost: &Cost) {
        let (now, from) = (self.now, &grant.request.cost);
        let to = from.settled(cost);
        self.quota.settle(grant, &to, &|| now);
        self.fifo.settle(grant.counted_at.time(), from, &to, now);
    }

    fn running(&mut self, counted_at: CountedAt, id: Option<u64>, tokens: u64) {
        self.running.push(Grant {
            counted_at,
            id,
            request: request(&self.class, tokens),
        });
    }

    fn take(&mut self, index: usize) -> Option<Grant> {
        let index = index % self.running.len().max(1);
        (index < self.running.len()).then(|| self.running.swap_remove(index))
    }

    /// With everything ended, all waiting requests are admitted.
    fn finish(mut self) {
        for _ in 0..2_000 {
            while let Some(grant) = self.running.pop() {
                self.settle(&grant, &grant.request.cost);
            }
            let event = self.quota.next_event();
            self.now = self.now.max(event.unwrap_or(self.now + SECOND));
            self.admit();
        }
        assert!(self.waiting.is_empty(), "{} starve", self.waiting.len());
    }
}

fn choices() -> [Vec<Limit>; 3] {
    [
        per_minute(600, 100_000, 0),
        per_minute(60, 60_000, 5),
        per_minute(0, 100_000, 20),
    ]
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn one_class_is_a_queue_without_classes(
        class in prop_oneof![Just(""), Just("chat")],
        burst in prop_oneof![Just(1_u64), 1..20_u64],
        counts_at_completion in any::<bool>(),
        steps in steps(),
    ) {
        let rules = Rules {
            burst,
            counts_at_completion,
            ..Rules::default()
        };
        let mut both = Both::new(class, &rules);
        for step in steps {
            both.step(step);
        }
        both.finish();
    }
}
