//! The system's clock, and a thread that waits for alarms.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::alarms::Alarms;
use crate::{Alarm, Clock};

/// The system's clock.
///
/// All system clocks of a process share one thread, which waits for the next alarm. It starts when a
/// limiter first has to wait, and ends when the last clock is dropped.
#[derive(Clone, Debug)]
pub struct SystemClock {
    handle: Arc<Handle>,
}

/// The handle that all clocks share. The thread only has the timer, so that it ends with the
/// handle.
static CURRENT: Mutex<Weak<Handle>> = Mutex::new(Weak::new());

#[derive(Debug, Default)]
struct Handle {
    timer: Arc<Timer>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.timer.lock().is_closed = true;
        self.timer.changed.notify_one();
    }
}

#[derive(Debug, Default)]
struct Timer {
    state: Mutex<TimerState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct TimerState {
    alarms: Alarms,
    is_running: bool,
    is_closed: bool,
}

impl SystemClock {
    /// Creates a clock.
    #[must_use]
    pub fn new() -> Self {
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = current.upgrade().unwrap_or_default();
        *current = Arc::downgrade(&handle);
        Self { handle }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[inline]
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn schedule(&self, at: Instant, alarm: Alarm) {
        let timer = &self.handle.timer;
        let mut state = timer.lock();
        let is_first = state.alarms.next_at().is_none_or(|next| at < next);
        state.alarms.push(at, alarm);
        if !state.is_running {
            let timer = Arc::clone(timer);
            let thread = thread::Builder::new().name("rate-limiter".to_owned());
            // If the operating system cannot start a thread now, the next alarm will try again.
            state.is_running = thread.spawn(move || timer.run()).is_ok();
        } else if is_first {
            timer.changed.notify_one();
        }
    }
}

impl Timer {
    /// Rings alarms until the timer is closed.
    fn run(&self) {
        let mut state = self.lock();
        while !state.is_closed {
            let now = Instant::now();
            if let Some((_, alarm)) = state.alarms.pop_due(now) {
                // Limiters schedule alarms while they hold their lock, so this lock is released.
                drop(state);
                // A waker that panics must not stop other limiters.
                let _ = panic::catch_unwind(AssertUnwindSafe(|| alarm.ring()));
                state = self.lock();
                continue;
            }
            // Without an alarm, the thread waits until it is notified.
            let wait = state.alarms.next_at().map_or(Duration::MAX, |at| at - now);
            let result = self.changed.wait_timeout(state, wait);
            state = result.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, TimerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Weak};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::{SystemClock, Timer};
    use model_studio_limits::Limits;

    use crate::time::Time;
    use crate::{Alarm, Clock as _, Limiter};

    #[test]
    fn the_thread_ends_with_the_last_clock() {
        // A timer that other tests do not keep alive.
        let clock = SystemClock {
            handle: Arc::default(),
        };
        let other = clock.clone();
        let timer: Weak<Timer> = Arc::downgrade(&clock.handle.timer);
        let limiter = Limiter::builder(Limits::new(&[]))
            .clock(clock.clone())
            .build();
        let alarm = Alarm::new(&limiter.shared, Time::START);
        clock.schedule(Instant::now() + Duration::from_secs(3_600), alarm);
        drop(limiter);
        assert_eq!(timer.strong_count(), 2, "the thread has the timer");
        drop(clock);
        assert_eq!(timer.strong_count(), 2);
        drop(other);
        for _ in 0..10_000 {
            if timer.strong_count() == 0 {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
        panic!("the thread still runs");
    }
}
