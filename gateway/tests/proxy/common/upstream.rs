//! A provider whose every byte a test decides.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::LONG;
use super::raw::{chunked_end, content_length, field, head_end};

/// What the upstream does next with a connection.
pub(crate) enum Step {
    Send(Vec<u8>),
    /// Waits until the test notifies it, or the gateway closes the connection.
    Wait(Arc<Notify>),
    /// Waits until the gateway closes the connection.
    Hang,
    /// Resets the connection.
    Reset,
    Close,
}

/// A request that the upstream has received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// The request line and the header fields.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    /// Returns the only value of a header field. Panics if there are several.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// A server that does what a function returns for each request. It stops when this is dropped.
pub(crate) struct TestUpstream {
    address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Received>,
    /// The requests that the gateway has ended by closing the connection.
    abandoned: Arc<AtomicUsize>,
    /// The bytes that the gateway has taken.
    sent: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl TestUpstream {
    /// Starts a server. `steps` gets each request with its number, from 0.
    pub(crate) async fn start<F>(steps: F) -> Self
    where
        F: Fn(&Received, usize) -> Vec<Step> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::unbounded_channel();
        let connection = Connection {
            steps: Arc::new(steps),
            count: Arc::default(),
            requests: sender,
            abandoned: Arc::default(),
            sent: Arc::default(),
        };
        let (abandoned, sent) = (connection.abandoned.clone(), connection.sent.clone());
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(connection.clone().serve(stream));
            }
        });
        Self {
            address,
            requests,
            abandoned,
            sent,
            connections,
            task,
        }
    }

    /// Starts a server that gives the same answer to all requests.
    pub(crate) async fn answering(answer: Vec<u8>) -> Self {
        Self::start(move |_, _| vec![Step::Send(answer.clone())]).await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the next request.
    pub(crate) async fn next(&mut self) -> Received {
        let request = timeout(LONG, self.requests.recv()).await;
        request.expect("a request arrives in time").unwrap()
    }

    /// Returns the requests that have arrived and were not taken.
    pub(crate) fn rest(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }

    pub(crate) fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Returns the number of connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

impl Drop for TestUpstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Returns what to do for a request with its number.
type Steps = dyn Fn(&Received, usize) -> Vec<Step> + Send + Sync;

#[derive(Clone)]
struct Connection {
    steps: Arc<Steps>,
    count: Arc<AtomicUsize>,
    requests: mpsc::UnboundedSender<Received>,
    abandoned: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
}

impl Connection {
    async fn serve(self, mut stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let mut buffer = Vec::new();
        while let Some(request) = read_request(&mut stream, &mut buffer).await {
            let number = self.count.fetch_add(1, Ordering::SeqCst);
            let steps = (self.steps)(&request, number);
            // The test may have ended.
            let _ = self.requests.send(request);
            for step in steps {
                let goes_on = match step {
                    Step::Send(bytes) => self.send(&mut stream, &bytes).await,
                    Step::Wait(event) => tokio::select! {
                        () = event.notified() => true,
                        () = closed(&mut stream) => false,
                    },
                    Step::Hang => {
                        closed(&mut stream).await;
                        false
                    }
                    Step::Reset => {
                        stream.set_zero_linger().unwrap();
                        return;
                    }
                    Step::Close => return,
                };
                if !goes_on {
                    self.abandoned.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
        }
    }

    /// Returns `false` if the gateway has closed the connection.
    async fn send(&self, stream: &mut TcpStream, bytes: &[u8]) -> bool {
        for part in bytes.chunks(64 << 10) {
            if stream.write_all(part).await.is_err() {
                return false;
            }
            self.sent.fetch_add(part.len(), Ordering::SeqCst);
        }
        true
    }
}

async fn closed(stream: &mut TcpStream) {
    let mut byte = [0];
    while stream.read(&mut byte).await.is_ok_and(|count| count > 0) {}
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    let mut part = vec![0; 64 << 10];
    loop {
        if let Some(end) = head_end(buffer) {
            let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
            let end = match field(&head, "transfer-encoding") {
                Some(_) => chunked_end(buffer, end),
                None => Some(end + content_length(&head).unwrap_or(0)),
            };
            if let Some(end) = end.filter(|end| buffer.len() >= *end) {
                let body = buffer[head.len()..end].to_vec();
                buffer.drain(..end);
                return Some(Received { head, body });
            }
        }
        let count = stream.read(&mut part).await.ok()?;
        if count == 0 {
            return None;
        }
        buffer.extend_from_slice(&part[..count]);
    }
}

/// Returns a response with a body of a known length.
pub(crate) fn response(status: &str, fields: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{fields}\r\n{body}").into_bytes()
}

/// Returns a response with JSON and status 200.
pub(crate) fn ok(body: &str) -> Vec<u8> {
    response("200 OK", "Content-Type: application/json\r\n", body)
}

/// Returns a response with events, which ends with the connection.
pub(crate) fn events(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n{body}")
        .into_bytes()
}
