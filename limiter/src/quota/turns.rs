//! Which request is next, and when.

use super::LocalQuota;
use super::class_table::ClassId;
use super::passing::Heads;
use super::request::{CountedAt, Removal, Request};
use crate::Cost;
use crate::time::{Nanos, Time};

/// How a request starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// It is its turn.
    InTurn,
    /// It passes the request whose turn it is.
    Passing,
}

impl LocalQuota {
    /// Admits the next request if the limits allow it, and returns its ID. Returns an error for it if
    /// the limits have become smaller than the request, or if it waits in several queues and must
    /// not start here.
    pub(crate) fn next(
        &mut self,
        now: Time,
        may_start: impl FnOnce(u64) -> bool,
    ) -> Option<(u64, Result<CountedAt, Removal>)> {
        self.limits.advance(now);
        let (class, _) = self.tags.first()?;
        let (id, request) = self.queue.front(class)?;
        let left = self.classes.headroom_of_others(class);
        if let Err(error) = self.limits.check_size(&request.cost, left) {
            self.remove_first(class, id);
            return Some((id, Err(Removal::TooLarge(error))));
        }
        let Some((class, start)) = self.choose() else {
            self.turn = self.next_turn(self.earliest());
            return None;
        };
        let (id, request) = self.queue.front(class)?;
        if request.is_any && !may_start(id) {
            self.remove_first(class, id);
            return Some((id, Err(Removal::Elsewhere)));
        }
        let now = self.limits.now();
        // A late request does not delay the ones behind it, up to a limit.
        let turn = self.turn.unwrap_or(now).max(self.paused_until);
        let turn = turn.max(now - self.limits.lateness()).min(now);
        let (id, counted_at) = self.start(class, start, turn)?;
        if self.queue.is_empty() {
            // If more could have been sent, the callers of late requests will soon send the next
            // ones.
            let left = self.classes.headroom_of_others(class);
            let next = self.limits.ready_at(turn, &Cost::default(), left);
            if next.is_some_and(|next| next < now) {
                self.late_until = now + self.limits.lateness();
            }
        } else {
            self.turn = self.next_turn(turn);
        }
        Some((id, Ok(counted_at)))
    }

    /// Returns the time at which [`next`](Self::next) has to be called again. Returns `None` if the
    /// queue is empty or if only a change can admit a request.
    pub(crate) fn next_event(&self) -> Option<Time> {
        if self.queue.is_empty() {
            return None;
        }
        self.turn.or_else(|| self.next_turn(self.earliest()))
    }

    /// Returns the first time from `from` on at which a request can be admitted if no others wait.
    /// Returns `None` if only a change can admit it.
    #[cfg(feature = "redis")]
    pub(crate) fn ready_at(&self, from: Time, request: &Request) -> Option<Time> {
        let class = self
            .classes
            .find(&request.class)
            .unwrap_or(ClassId::DEFAULT);
        let left = self.classes.headroom_of_others(class);
        self.limits
            .ready_at(from.max(self.earliest()), &request.cost, left)
    }

    /// Admits a request now if it is next, as if it had been in the queue.
    pub(super) fn try_turn(&mut self, class: ClassId, request: &Request) -> Option<CountedAt> {
        let is_alone = self.queue.is_empty() && !self.passing.passes_debt(class);
        let cost = self.dominant(&request.cost);
        if is_alone || self.queue.len_of(class) > 0 || !self.tags.would_lead(class, cost) {
            return None;
        }
        let (turn, passing) = (self.turn, self.passing);
        let id = self.push(class, request.clone());
        match self.choose() {
            Some((chosen, start)) if chosen == class => {
                let now = self.limits.now();
                let (_, counted_at) = self.start(class, start, now)?;
                self.turn = self.next_turn(turn.unwrap_or(now).min(now));
                Some(counted_at)
            }
            _ => {
                self.queue.remove(class, id);
                self.tags.set_head(class, None);
                (self.turn, self.passing) = (turn, passing);
                None
            }
        }
    }

    /// Returns the first time from `from` on at which a request may be admitted. Returns `None` if
    /// only a change can admit one.
    pub(super) fn next_turn(&self, from: Time) -> Option<Time> {
        let (class, _) = self.tags.first()?;
        let (_, request) = self.queue.front(class)?;
        let left = self.classes.headroom_of_others(class);
        let in_turn = self.limits.ready_at(from, &request.cost, left);
        let passing = self.pass_at(from, &request.cost);
        in_turn.into_iter().chain(passing).min()
    }

    /// Returns the class of the request that is admitted now, if there is one.
    fn choose(&mut self) -> Option<(ClassId, Start)> {
        let now = self.limits.now();
        self.passing.earn(now);
        let (first, _) = self.tags.first()?;
        let cost = self.queue.front(first)?.1.cost;
        let is_blocked = self.is_paused() || self.limits.paced_until(false) > now;
        if is_blocked || !self.limits.has_free_concurrency(&cost) {
            return None;
        }
        let heads = self.heads()?;
        let left = self.classes.headroom_of_others(first);
        if heads.is_ready && self.limits.has_room(&cost, left) {
            return Some((first, Start::InTurn));
        }
        let (class, passing_cost) = heads.passing;
        self.passing
            .wait(self.limits.largest_part(&cost), passing_cost);
        let needed = self.passing.needed(&heads)?;
        let (_, request) = self.queue.front(class)?;
        let left = self.classes.headroom_of_others(class);
        let may_pass = self.passing.has(needed) && self.limits.has_room(&request.cost, left);
        may_pass.then_some((class, Start::Passing))
    }

    /// Returns the first time from `from` on at which a request may pass the first one, which has
    /// this cost.
    fn pass_at(&self, from: Time, first: &Cost) -> Option<Time> {
        let mut heads = self.heads()?;
        let (class, _) = heads.passing;
        let mut from = from;
        if !heads.is_ready && self.passing.needed(&heads).is_none() {
            // What must not pass a debt may pass a request that waits for room.
            from = from.max(self.limits.paced_until(true));
            heads.is_ready = true;
        }
        let needed = self.passing.needed(&heads)?;
        if !self.limits.has_free_concurrency(first) {
            return None;
        }
        let paced_until = self.limits.paced_until(false);
        // While the pace of requests blocks, the account is not known.
        let reached_at = if paced_until > self.limits.now() {
            paced_until
        } else {
            self.passing.reached_at(needed)
        };
        let (_, request) = self.queue.front(class)?;
        let left = self.classes.headroom_of_others(class);
        let at = self
            .limits
            .room_at(from.max(reached_at), &request.cost, left);
        at.filter(|at| *at < Time::NEVER)
    }

    /// Returns the first request and the one that may pass it.
    fn heads(&self) -> Option<Heads> {
        let passing = self.tags.first_to_finish()?;
        let owed = self.limits.paced_until(true).since(self.limits.now());
        let window = self.limits.paced_windows().min().unwrap_or_default();
        let headroom = self.classes.get(passing.0).class.headroom;
        Some(Heads {
            is_ready: owed == Nanos::ZERO,
            owed,
            first: self.tags.first()?,
            passing,
            headroom: Nanos(headroom.of(window.0)),
        })
    }

    /// Admits the first request of a class, whose turn was at a time.
    fn start(&mut self, class: ClassId, start: Start, turn: Time) -> Option<(u64, CountedAt)> {
        let (id, cost) = self.head(class)?;
        let request = self.queue.remove(class, id)?;
        match start {
            Start::InTurn => self.passing.started(class),
            Start::Passing => self.passing.pay(cost),
        }
        let next = self.head(class);
        Some((id, self.admit(class, &request.cost, turn, next)))
    }
}
