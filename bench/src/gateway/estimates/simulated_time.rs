//! Runs tasks in simulated time, which passes when all of them wait.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use model_studio_limiter::{Clock as _, ManualClock};

/// A clock, and the tasks that sleep.
#[derive(Default)]
pub(super) struct SimulatedTime {
    pub(super) clock: ManualClock,
    sleeping: RefCell<BTreeMap<Instant, Vec<Waker>>>,
}

impl SimulatedTime {
    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    pub(super) async fn sleep_until(&self, at: Instant) {
        poll_fn(|context| {
            if self.now() >= at {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            self.sleeping
                .borrow_mut()
                .entry(at)
                .or_default()
                .push(waker);
            Poll::Pending
        })
        .await;
    }

    /// Runs tasks until this time, or until all have ended.
    pub(super) fn run(&self, tasks: impl Iterator<Item = impl Future<Output = ()>>, end: Instant) {
        let mut tasks: Vec<_> = tasks.map(|task| Some(Box::pin(task))).collect();
        let woken = Arc::new(Mutex::new((0..tasks.len()).collect()));
        let waker = |index| {
            let woken = Arc::clone(&woken);
            Waker::from(Arc::new(WakeTask { index, woken }))
        };
        let wakers: Vec<Waker> = (0..tasks.len()).map(waker).collect();
        loop {
            let indices: Vec<usize> = mem::take(&mut *lock(&woken));
            for index in &indices {
                let mut context = Context::from_waker(&wakers[*index]);
                let task = tasks[*index].as_mut();
                if task.is_some_and(|task| task.as_mut().poll(&mut context).is_ready()) {
                    tasks[*index] = None;
                }
            }
            if indices.is_empty() && !self.advance(end) {
                return;
            }
        }
    }

    /// Advances to the next time at which a task may be woken. Returns `false` if there is none before
    /// the end.
    fn advance(&self, end: Instant) -> bool {
        let mut sleeping = self.sleeping.borrow_mut();
        let first = sleeping.first_key_value().map(|(at, _)| *at);
        let next = first.into_iter().chain(self.clock.next_alarm()).min();
        let Some(next) = next.filter(|next| *next < end) else {
            return false;
        };
        self.clock
            .advance(next.saturating_duration_since(self.now()));
        for waker in sleeping.remove(&next).into_iter().flatten() {
            waker.wake();
        }
        true
    }
}

/// Notes that a task was woken.
struct WakeTask {
    index: usize,
    woken: Arc<Mutex<Vec<usize>>>,
}

impl Wake for WakeTask {
    fn wake(self: Arc<Self>) {
        lock(&self.woken).push(self.index);
    }
}

fn lock(woken: &Mutex<Vec<usize>>) -> MutexGuard<'_, Vec<usize>> {
    woken.lock().unwrap_or_else(PoisonError::into_inner)
}
