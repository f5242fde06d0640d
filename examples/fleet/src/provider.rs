//! A mock provider with a limit on requests.
//!
//! A client sends a line with the number of its worker for each request. The answer is a line with an
//! HTTP status: 200, or 429 if the request exceeds the limit.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    record: Arc<Mutex<Record>>,
}

impl Provider {
    /// Starts a provider that accepts at most this number of requests in any window of this number
    /// of seconds.
    pub(crate) async fn start(limit: NonZeroU32, window: NonZeroU32) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let record = Arc::new(Mutex::new(Record {
            limit: limit.get() as usize,
            window: Duration::from_secs(window.get().into()),
            accepted_at: VecDeque::new(),
            start: None,
            counts: HashMap::new(),
        }));
        let shared = Arc::clone(&record);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { address, record })
    }

    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().expect("no task panics")
    }
}

async fn serve(mut stream: TcpStream, record: Arc<Mutex<Record>>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    while let Some(line) = lines.next_line().await? {
        let worker = line.parse().map_err(io::Error::other)?;
        let is_accepted = record
            .lock()
            .expect("no task panics")
            .request(worker, Instant::now());
        let status = if is_accepted { "200\n" } else { "429\n" };
        writer.write_all(status.as_bytes()).await?;
    }
    Ok(())
}

/// What the provider has accepted and refused.
pub(crate) struct Record {
    limit: usize,
    window: Duration,
    /// The requests of the last window.
    accepted_at: VecDeque<Instant>,
    /// The time of the first request.
    start: Option<Instant>,
    /// By worker and by second since the first request.
    counts: HashMap<(u32, u64), Count>,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) accepted: u32,
    pub(crate) refused: u32,
}

impl Record {
    pub(crate) fn is_empty(&self) -> bool {
        self.start.is_none()
    }

    /// Returns the requests of a worker in a second after the first request.
    pub(crate) fn count(&self, worker: u32, second: u32) -> Count {
        let count = self.counts.get(&(worker, second.into()));
        count.copied().unwrap_or_default()
    }

    /// Returns whether a request is accepted. One that is refused does not count.
    fn request(&mut self, worker: u32, now: Instant) -> bool {
        let is_expired = |at: &Instant| now.duration_since(*at) >= self.window;
        while self.accepted_at.front().is_some_and(is_expired) {
            self.accepted_at.pop_front();
        }
        let second = (now - *self.start.get_or_insert(now)).as_secs();
        let count = self.counts.entry((worker, second)).or_default();
        let is_accepted = self.accepted_at.len() < self.limit;
        if is_accepted {
            self.accepted_at.push_back(now);
            count.accepted += 1;
        } else {
            count.refused += 1;
        }
        is_accepted
    }
}
