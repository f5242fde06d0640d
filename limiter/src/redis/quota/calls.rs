//! The calls to the store: what they send, and what a reply changes.

use std::collections::HashSet;

use super::StoredQuota;
use crate::ClassKey;
use crate::quota::feedback::Feedback;
use crate::quota::request::Request;
use crate::redis::outbox::MAX_CHANGES;
use crate::redis::pending::{Admitted, Offer, Outcome};
use crate::redis::protocol::{Call, Lease, Offered, StatedClass};
use crate::redis::reply::Reply;
use crate::time::{Nanos, StoreTime, Time};

impl StoredQuota {
    /// Returns the next call, or the time at which it may be due. Without a time, only a change
    /// leads to a call.
    pub(crate) fn next_call(&mut self, now: Time) -> Result<Call, Option<Time>> {
        self.advance(now);
        if self.pending.is_in_call() {
            return Err(None);
        }
        let due = self.pending.call_at().into_iter().chain(self.outbox.due());
        match due.min() {
            Some(at) if at <= self.now => Ok(self.call(MAX_CHANGES)),
            due => Err(due),
        }
    }

    /// Returns the call to make when the limiter is dropped, if the store does not know everything.
    pub(crate) fn last_call(&mut self, now: Time) -> Option<Call> {
        self.advance(now);
        // The current call can put the process into the line, or admit requests that nobody needs.
        let in_call = self.pending.end_call();
        for (id, request) in &in_call {
            if request.is_task {
                let lease = Lease::new(&self.process, *id, &request.cost);
                self.outbox.end_task(lease, self.now);
            }
        }
        let is_needed = !in_call.is_empty() || !self.outbox.is_empty() || self.pending.is_in_line();
        // No later call could send the rest.
        is_needed.then(|| self.call(usize::MAX))
    }

    pub(crate) fn store_failed(&mut self, now: Time) {
        self.advance(now);
        self.store.failures += 1;
        self.outage.failed(self.now);
    }

    /// Removes all waiting requests, because the store cannot be used, and returns their IDs.
    pub(crate) fn give_up(&mut self) -> Vec<u64> {
        let (ids, withdrawn) = self.pending.give_up();
        for (request, admitted) in withdrawn {
            self.give_back(&request, admitted);
        }
        self.store.failures += 1;
        self.outage.ended();
        ids
    }

    /// Sends at once what the store does not know yet. Returns the number of calls that must have
    /// ended before the store knows it.
    pub(crate) fn flush(&mut self, now: Time) -> u64 {
        self.advance(now);
        self.outbox.send_at(self.now);
        let current = u64::from(self.pending.is_in_call());
        self.pending.ended_calls() + current + self.outbox.calls()
    }

    /// Returns the number of calls that have ended.
    pub(crate) fn ended_calls(&self) -> u64 {
        self.pending.ended_calls()
    }

    /// Applies the reply to a call that was sent at a time.
    ///
    /// A request that waits in several queues leaves the others now, and not when it starts, so that
    /// no other store admits it in vain. Returns those that must not start here, according to
    /// `may_start`, and that have left the queue because of that.
    pub(crate) fn apply(
        &mut self,
        call: &Call,
        reply: &Reply,
        sent_at: Time,
        now: Time,
        may_start: &mut dyn FnMut(u64) -> bool,
    ) -> Vec<u64> {
        self.advance(now);
        self.pending.end_call();
        self.outage.ended();
        // The number is higher if the call was renumbered.
        self.sequence = self.sequence.max(call.sequence);
        self.store.calls += 1;
        let admitted = reply.admitted(call);
        self.store.admitted += admitted.len() as u64;
        self.store.resets += reply.resets;
        let clock_offset = reply.clock_offset;
        let has_stepped = self.clock.replied(reply.now, clock_offset, sent_at, now);
        self.store.clock_steps += u64::from(has_stepped);
        if self.store.calls == 1 {
            // Until now, the time of the store was not known.
            let rise = self.feedback.rise();
            self.feedback = Feedback::new(reply.now.into());
            self.feedback.set_rise(rise);
        }
        let mut lost = Vec::new();
        for (at, class, offered) in admitted {
            self.admitted(&class.key, offered, at, may_start, &mut lost);
        }
        // A request that was put back during the call goes first.
        if self.pending.is_overtaken() {
            self.withdraw_all();
        }
        // The reply is not about limits that are newer than its call,
        let has_new_limits = self.outbox.has_new_limits();
        if !has_new_limits {
            self.limits.apply(call, reply);
        }
        // nor does it know a pause that has ended since.
        let pause = self.outbox.pause();
        if !pause.resumes {
            let in_store = self.clock.local_at(reply.paused_until);
            self.paused_until = in_store.max(pause.until.unwrap_or(Time::MIN));
            self.leave_pause();
        }
        let retry_at = self.clock.local_at(reply.retry);
        let outcomes = self.outcomes(call, reply, has_new_limits);
        self.pending.plan(outcomes, retry_at, self.lead(), self.now);
        if has_new_limits {
            self.pending.call_now(self.now);
        }
        self.outbox.replied(self.now);
        lost
    }

    /// Creates a call with the waiting requests, and at most this number of changes of each kind.
    fn call(&mut self, most: usize) -> Call {
        self.sequence += 1;
        let changes = self.outbox.take(most, self.now);
        let mut classes = self.offer();
        // The classes of corrections are in the call too.
        let mut stated: HashSet<ClassKey> = classes.iter().map(|one| one.key.clone()).collect();
        for correction in &changes.corrections {
            if stated.insert(correction.class.clone()) {
                classes.push(self.state_class(&correction.class, Vec::new()));
            }
        }
        Call {
            classes,
            process: self.process.clone(),
            sequence: self.sequence,
            lead: self.lead().as_micros(),
            age: Nanos::ZERO,
            max_task_duration: self.rules.max_task_duration.into(),
            resumes: changes.pause.resumes,
            pause: changes.pause.until.unwrap_or(Time::MIN).since(self.now),
            slowdown: self.feedback.slowdown(self.feedback_now()),
            rates: self.limits.rates(),
            concurrency: self.limits.concurrency(&changes.held),
            corrections: changes.corrections,
            ended: changes.ended,
        }
    }

    /// Returns the classes of the next call, with their requests.
    fn offer(&mut self) -> Vec<StatedClass> {
        let offers = self.pending.offer().into_iter();
        let classes = offers.map(|Offer { key, requests }| {
            let requests = requests.into_iter().map(|(id, request)| Offered {
                id,
                cost: request.cost,
                lease: (request.is_task).then(|| Lease::new(&self.process, id, &request.cost)),
            });
            let requests = requests.collect();
            self.state_class(&key, requests)
        });
        classes.collect()
    }

    /// Returns the outcome of a call for each class. A request that is too large for limits which
    /// were replaced since then may fit the new ones.
    fn outcomes(&mut self, call: &Call, reply: &Reply, has_new_limits: bool) -> Vec<Outcome> {
        let classes = call.classes.iter().zip(&reply.classes);
        let outcomes = classes.map(|(class, reply)| Outcome {
            class: self.class(&class.key),
            key: class.key.clone(),
            is_offered: !class.requests.is_empty(),
            waits_for: (class.requests.get(reply.starts.len())).map(|one| (one.id, one.cost)),
            is_too_large: reply.too_large > 0 && !has_new_limits,
        });
        outcomes.collect()
    }

    /// Handles a request that the store has admitted. If it starts elsewhere or was cancelled, another
    /// one of its class takes its place, or it is given back. Adds the requests that start elsewhere
    /// to `lost`.
    fn admitted(
        &mut self,
        key: &ClassKey,
        offered: &Offered,
        at: StoreTime,
        may_start: &mut dyn FnMut(u64) -> bool,
        lost: &mut Vec<u64>,
    ) {
        let class = self.class(key);
        let mut request = Request {
            cost: offered.cost,
            class: key.clone(),
            is_task: offered.lease.is_some(),
            is_any: false,
        };
        if !request.is_task {
            self.outbox.hold(&request.cost, true);
        }
        let mut admitted = Admitted {
            class,
            id: offered.id,
            ready_at: self.clock.local_at(at),
            at,
        };
        while let Some((id, next)) = self.pending.next_for(class, offered) {
            let cost = next.cost;
            if next.is_any && !may_start(id) {
                self.pending.remove(class, id, self.now);
                lost.push(id);
                continue;
            }
            let dominant = self.limits.dominant(&cost);
            if cost != request.cost {
                let charged = self.limits.dominant(&request.cost);
                self.correct(at, &request, Some(cost), (charged, dominant));
                request.cost = cost;
            }
            admitted.id = id;
            return self.pending.admit(admitted, dominant);
        }
        self.give_back(&request, admitted);
    }
}
