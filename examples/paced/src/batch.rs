//! Sends requests as soon as a limiter allows.

use std::io;
use std::slice;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use model_studio_limiter::{
    AcquireError, Builder, Clock as _, Cost, Limiter, LimiterLimits, ManualClock, Permit,
};

use crate::endpoint::{Answer, Refused, Request};

/// How many requests run at the same time.
///
/// Each has a thread and a connection. Many systems allow a process 1,024 open files.
pub const MAX_IN_FLIGHT: usize = 500;

/// How often a request is sent.
///
/// If the window of a limit per minute is full, the pauses of the limiter between seven attempts add
/// up to a minute: the second refusal in a row pauses for 2 seconds, and each further one for twice as
/// long.
const MAX_ATTEMPTS: usize = 7;

/// What became of a request.
pub struct Outcome<'a> {
    pub request: &'a Request,
    /// The estimated cost of the first attempt.
    pub estimate: Cost,
    /// How long the first attempt waited for the limits.
    pub waited: Duration,
    pub result: anyhow::Result<Answer>,
}

/// Sends each request with `ask` as soon as the limits allow, without waiting for earlier answers.
///
/// Refused requests are repeated if that can help. Calls `report` with each outcome when it is known.
///
/// # Errors
///
/// Returns an error if the operating system cannot start a thread.
pub fn send_all(
    limiter: &Limiter,
    requests: &[Request],
    ask: impl Fn(&Request) -> anyhow::Result<Answer> + Sync,
    mut report: impl FnMut(Outcome),
) -> io::Result<()> {
    let queue = Mutex::new(requests.iter());
    let (sender, outcomes) = mpsc::channel();
    thread::scope(|scope| {
        for started in 0..requests.len().min(MAX_IN_FLIGHT) {
            let (queue, ask, sender) = (&queue, &ask, sender.clone());
            let work = move || {
                while let Some(outcome) = send_next(limiter, queue, ask) {
                    // The receiver exists until all senders are dropped.
                    let _ = sender.send(outcome);
                }
            };
            match thread::Builder::new().spawn_scoped(scope, work) {
                Ok(_) => {}
                Err(error) if started == 0 => return Err(error),
                // Fewer threads can send the batch too.
                Err(_) => break,
            }
        }
        drop(sender);
        outcomes.into_iter().for_each(&mut report);
        Ok(())
    })
}

/// Sends the next request of the queue. Returns `None` if there is none.
fn send_next<'a>(
    limiter: &Limiter,
    queue: &Mutex<slice::Iter<'a, Request>>,
    ask: impl Fn(&Request) -> anyhow::Result<Answer>,
) -> Option<Outcome<'a>> {
    // The lock is held while the request waits for the limits. So requests are sent in order, and
    // each is estimated only when it is the next one, from the latest answers.
    let mut requests = queue.lock().unwrap_or_else(PoisonError::into_inner);
    let request = requests.next()?;
    let estimate = request.estimate(limiter);
    let start = Instant::now();
    let permit = limiter.blocking_acquire(estimate);
    let waited = start.elapsed();
    drop(requests);
    let result = permit
        .map_err(anyhow::Error::from)
        .and_then(|permit| send(limiter, request, permit, ask));
    Some(Outcome {
        request,
        estimate,
        waited,
        result,
    })
}

/// Sends a request, and repeats it if it is refused.
fn send(
    limiter: &Limiter,
    request: &Request,
    mut permit: Permit,
    ask: impl Fn(&Request) -> anyhow::Result<Answer>,
) -> anyhow::Result<Answer> {
    let mut attempt = 1;
    loop {
        let error = match ask(request) {
            Ok(answer) => {
                // Without a cost, the permit is dropped, and the estimate stays counted.
                if let Some(cost) = answer.cost {
                    permit.settle(cost);
                }
                return Ok(answer);
            }
            Err(error) => error,
        };
        // After other errors, the request may have been answered. It is not repeated.
        let Some(refused) = error.downcast_ref::<Refused>() else {
            return Err(error);
        };
        match refused.retry_after {
            Some(delay) => permit.refused_with_retry_after(refused.refusal, delay),
            None => permit.refused(refused.refusal),
        }
        if attempt == MAX_ATTEMPTS || !refused.refusal.is_retryable() {
            return Err(error);
        }
        attempt += 1;
        // The limiter waits as long as the refusal requires.
        permit = limiter.blocking_acquire(request.estimate(limiter))?;
    }
}

/// Returns when each request would be sent, and its estimated cost, if every answer used all of its
/// estimate. Does not wait.
pub fn plan(
    builder: Builder<LimiterLimits>,
    requests: &[Request],
) -> impl Iterator<Item = (&Request, Result<(Duration, Cost), AcquireError>)> {
    let clock = ManualClock::new();
    let start = clock.now();
    let limiter = builder.clock(clock.clone()).build();
    requests.iter().map(move |request| {
        let cost = request.estimate(&limiter);
        let result = loop {
            match limiter.try_acquire(cost) {
                // A permit that is dropped leaves its estimate counted.
                Ok(_) => break Ok((clock.now() - start, cost)),
                Err(AcquireError::NotYet { at }) => clock.advance(at - clock.now()),
                Err(error) => break Err(error),
            }
        };
        (request, result)
    })
}
