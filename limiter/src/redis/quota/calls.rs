//! The calls to the store: what they send, and what a reply changes.

use super::{StoredQuota, of_store};
use crate::Cost;
use crate::quota::feedback::Feedback;
use crate::quota::grant::Request;
use crate::redis::line::Admitted;
use crate::redis::outbox::MAX_CHANGES;
use crate::redis::protocol::{Call, Lease, Offered, Reply};
use crate::time::{Nanos, StoreTime, Time};

impl StoredQuota {
    /// Returns the next call, or when to ask again. Without a time, only a change leads to a call.
    pub(crate) fn next_call(&mut self, now: Time) -> Result<Call, Option<Time>> {
        self.advance(now);
        if self.line.is_in_call() {
            return Err(None);
        }
        let due = self.line.call_at().into_iter().chain(self.outbox.due());
        match due.min() {
            Some(at) if at <= self.now => Ok(self.call(MAX_CHANGES)),
            due => Err(due),
        }
    }

    /// Returns the call to make after the limiter was dropped, if there is something to tell the
    /// store.
    pub(crate) fn last_call(&mut self) -> Option<Call> {
        // The current call can put the process in the line, or admit requests that nobody waits for.
        let in_call = self.line.end_call();
        for (id, request) in &in_call {
            if request.is_task {
                let lease = Lease::new(&self.process, *id, &request.cost);
                self.outbox.end_task(lease, self.now);
            }
        }
        let is_needed = !in_call.is_empty() || !self.outbox.is_empty() || self.line.is_in_line();
        // Nobody sends the rest later.
        is_needed.then(|| self.call(usize::MAX))
    }

    pub(crate) fn store_failed(&mut self, now: Time) {
        self.advance(now);
        self.store.failures += 1;
        self.outage.failed(self.now);
    }

    /// Forgets all requests that wait, because the store cannot be used, and returns their IDs.
    pub(crate) fn give_up(&mut self) -> Vec<u64> {
        let (ids, withdrawn) = self.line.give_up();
        for (request, admitted) in withdrawn {
            self.give_back(&request, admitted);
        }
        self.store.failures += 1;
        self.outage.ended();
        ids
    }

    /// Sends at once what the store does not know. Returns how many calls must have ended before the
    /// store knows it.
    pub(crate) fn flush(&mut self, now: Time) -> u64 {
        self.advance(now);
        self.outbox.send_at(self.now);
        let current = u64::from(self.line.is_in_call());
        self.line.ended_calls() + current + self.outbox.calls()
    }

    /// Returns the number of calls that have ended.
    pub(crate) fn ended_calls(&self) -> u64 {
        self.line.ended_calls()
    }

    /// Returns `true` if the store knows everything.
    pub(crate) fn is_flushed(&self) -> bool {
        self.outbox.is_empty() && !self.line.is_in_call()
    }

    /// Takes the reply to a call that was sent at a time.
    pub(crate) fn apply(&mut self, call: &Call, reply: &Reply, sent_at: Time, now: Time) {
        self.advance(now);
        self.line.end_call();
        self.outage.ended();
        // It is higher if the call got another number.
        self.sequence = self.sequence.max(call.sequence);
        self.store.calls += 1;
        self.store.admitted += reply.starts.len() as u64;
        self.store.resets += reply.resets;
        let clock_offset = reply.clock_offset;
        let has_stepped = self.clock.replied(reply.now, clock_offset, sent_at, now);
        self.store.clock_steps += u64::from(has_stepped);
        if self.store.calls == 1 {
            // Until now, the time of the store was not known.
            self.feedback = Feedback::new(of_store(reply.now));
        }
        for (offered, at) in call.requests.iter().zip(&reply.starts) {
            self.admitted(offered, *at);
        }
        // A request that was put back during the call goes first.
        if self.line.is_overtaken() {
            self.withdraw_all();
        }
        // A reply says nothing about limits that are newer than its call.
        let has_new_limits = self.outbox.has_new_limits();
        self.is_too_large = reply.too_large > 0 && !has_new_limits;
        if !has_new_limits {
            self.limits.apply(call, reply);
        }
        // Nor about the end of a pause that it does not know.
        let pause = self.outbox.pause();
        if !pause.resumes {
            let of_store = self.clock.local_at(reply.paused_until);
            self.paused_until = of_store.max(pause.until.unwrap_or(Time::MIN));
        }
        let retry_at = self.clock.local_at(reply.retry);
        let lead = self.lead();
        self.line
            .plan(call, reply.starts.len(), retry_at, lead, self.now);
        if has_new_limits {
            self.line.call_now(self.now);
        }
        self.outbox.replied(self.now);
    }

    /// Makes a call of what the store does not know yet, with at most this number of changes of each
    /// kind.
    fn call(&mut self, most: usize) -> Call {
        self.sequence += 1;
        let parcel = self.outbox.take(most, self.now);
        let offered = self.line.offer().into_iter();
        let offered = offered.map(|(id, request)| Offered {
            id,
            cost: request.cost,
            lease: (request.is_task).then(|| Lease::new(&self.process, id, &request.cost)),
        });
        Call {
            requests: offered.collect(),
            process: self.process.clone(),
            sequence: self.sequence,
            lead: self.lead().as_micros(),
            age: Nanos::ZERO,
            max_task_duration: self.rules.max_task_duration.into(),
            resumes: parcel.pause.resumes,
            pause: parcel.pause.until.unwrap_or(Time::MIN).since(self.now),
            slowdown: self.feedback.slowdown(self.feedback_now()),
            rates: self.limits.rates(),
            concurrency: self.limits.concurrency(&parcel.held),
            corrections: parcel.corrections,
            ended: parcel.ended,
        }
    }

    /// Takes a request that the store has admitted.
    fn admitted(&mut self, offered: &Offered, at: StoreTime) {
        let admitted = Admitted {
            id: offered.id,
            ready_at: self.clock.local_at(at),
            at,
        };
        let request = Request {
            cost: offered.cost,
            is_task: offered.lease.is_some(),
        };
        if !request.is_task {
            self.outbox.hold(&request.cost, true);
        }
        if !self.line.admit(admitted) {
            self.give_back(&request, admitted);
        }
    }

    /// Gives back a request that the store has admitted and that was not sent.
    pub(super) fn give_back(&mut self, request: &Request, admitted: Admitted) {
        self.correct(admitted.at, request.cost, None);
        if request.is_task {
            let lease = Lease::new(&self.process, admitted.id, &request.cost);
            self.outbox.end_task(lease, self.now);
        } else {
            self.outbox.release(&request.cost, self.now);
        }
    }

    /// Gives back all requests that wait for their start, so that they are offered again in order.
    pub(super) fn withdraw_all(&mut self) {
        for (request, admitted) in self.line.withdraw_all() {
            self.give_back(&request, admitted);
        }
    }

    /// Returns the time that a request takes at the full pace of all processes.
    pub(in crate::redis) fn paced(&self, cost: &Cost) -> Nanos {
        self.limits.paced(cost)
    }
}
