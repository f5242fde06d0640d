//! Sends calls, and measures how long they take.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

use memchr::memmem;
use tokio::task::JoinSet;

use super::http::Connection;
use super::peers::Target;

/// What the calls of some time have taken.
#[derive(Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    /// Returns the milliseconds below which this part of the calls has ended.
    pub(crate) fn quantile(&mut self, part: f64) -> f64 {
        self.0.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "the numbers are small"
        )]
        let index = (self.0.len().saturating_sub(1) as f64 * part).round() as usize;
        self.0
            .get(index)
            .map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }
}

/// What many connections have done.
pub(crate) struct Throughput {
    pub(crate) calls: u64,
    pub(crate) events: u64,
    pub(crate) seconds: f64,
}

/// Sends calls on one connection, one after the other, and returns their latencies: until the first
/// event of a stream has arrived, and otherwise until the end of the answer.
pub(crate) async fn one_by_one(
    target: &Target,
    call: &[u8],
    duration: Duration,
) -> io::Result<Latencies> {
    let mut connection = Connection::open(target.address).await?;
    // The first calls open connections to the provider.
    for _ in 0..20 {
        send(&mut connection, call).await?;
    }
    let mut latencies = Vec::new();
    let end = Instant::now() + duration;
    while Instant::now() < end {
        let started = Instant::now();
        let first_event = send(&mut connection, call).await?;
        let arrived = first_event.unwrap_or_else(Instant::now);
        latencies.push(arrived - started);
    }
    Ok(Latencies(latencies))
}

/// Sends calls on many connections at the same time, each one after the other. What happens before
/// `warm_up` has passed does not count. Calls `started` then.
pub(crate) async fn at_once(
    target: &Target,
    call: &Rc<[u8]>,
    connections: usize,
    (warm_up, duration): (Duration, Duration),
    started: impl FnOnce(),
) -> io::Result<Throughput> {
    let counts = Rc::new((Cell::new(0_u64), Cell::new(0_u64)));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (call, counts) = (Rc::clone(call), Rc::clone(&counts));
        let mut connection = Connection::open(target.address).await?;
        tasks.spawn_local(async move {
            loop {
                let (calls, events) = &*counts;
                let sent = send_counting(&mut connection, &call, events).await;
                if let Err(error) = sent {
                    return error;
                }
                calls.set(calls.get() + 1);
            }
        });
    }
    let mut pause = async |time| {
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            Some(error) = tasks.join_next() => Err(error.unwrap_or_else(io::Error::other)),
        }
    };
    pause(warm_up).await?;
    started();
    let start = Instant::now();
    let before = (counts.0.get(), counts.1.get());
    pause(duration).await?;
    Ok(Throughput {
        calls: counts.0.get() - before.0,
        events: counts.1.get() - before.1,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Sends a call, and returns when the first event of its answer has arrived.
async fn send(connection: &mut Connection, call: &[u8]) -> io::Result<Option<Instant>> {
    let mut events = EventCounter::default();
    let mut first_event = None;
    exchange(connection, call, |part| {
        if events.count(part) > 0 {
            first_event.get_or_insert_with(Instant::now);
        }
    })
    .await?;
    Ok(first_event)
}

async fn send_counting(
    connection: &mut Connection,
    call: &[u8],
    total: &Cell<u64>,
) -> io::Result<()> {
    let mut events = EventCounter::default();
    exchange(connection, call, |part| {
        total.set(total.get() + events.count(part));
    })
    .await
}

/// Sends a call and reads its answer.
async fn exchange(
    connection: &mut Connection,
    call: &[u8],
    mut part: impl FnMut(&[u8]),
) -> io::Result<()> {
    connection.write(call).await?;
    let mut start = Vec::new();
    let head = connection.read(|bytes| {
        if start.len() < 200 {
            start.extend_from_slice(&bytes[..bytes.len().min(200)]);
        }
        part(bytes);
    });
    let head = head.await?;
    match head.map(|head| head.status()) {
        Some(200) => Ok(()),
        Some(status) => {
            let body = String::from_utf8_lossy(&start).into_owned();
            Err(io::Error::other(format!(
                "a call was answered with {status}: {body}"
            )))
        }
        None => Err(io::Error::other("a connection was closed")),
    }
}

/// Counts the events of a stream, which parts of the body can divide.
#[derive(Default)]
struct EventCounter {
    /// The last bytes of the part before.
    rest: Vec<u8>,
}

impl EventCounter {
    fn count(&mut self, part: &[u8]) -> u64 {
        const MARK: &[u8] = b"data: {";
        self.rest
            .extend_from_slice(&part[..part.len().min(MARK.len() - 1)]);
        let across = memmem::find(&self.rest, MARK).is_some();
        let within = memmem::find_iter(part, MARK).count();
        self.rest
            .extend_from_slice(&part[part.len().min(MARK.len() - 1)..]);
        let kept = self.rest.len().min(MARK.len() - 1);
        self.rest.drain(..self.rest.len() - kept);
        within as u64 + u64::from(across)
    }
}
