//! An HTTP server on the loopback interface, which responds as a test says.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use serde_json::Value;

pub(crate) struct Server {
    pub(crate) url: String,
    requests: mpsc::Receiver<Request>,
}

#[derive(Debug)]
pub(crate) struct Request {
    /// The path and the query.
    pub(crate) target: String,
    /// The names are in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) at: Instant,
}

pub(crate) enum Response {
    Answer {
        status: u16,
        headers: String,
        body: String,
    },
    /// The connection stays open, without an answer.
    Silence,
    /// The connection is closed, without an answer.
    Close,
}

impl Response {
    /// A body that is a string is sent as it is, and another value as JSON.
    pub(crate) fn new(status: u16, body: impl Into<Value>) -> Self {
        Self::with_header(status, "", body)
    }

    /// `header` is empty or a line such as `Retry-After: 1`.
    pub(crate) fn with_header(status: u16, header: &str, body: impl Into<Value>) -> Self {
        let end = if header.is_empty() { "" } else { "\r\n" };
        Self::Answer {
            status,
            headers: format!("{header}{end}"),
            body: match body.into() {
                Value::String(text) => text,
                json => json.to_string(),
            },
        }
    }
}

impl Server {
    /// Starts a server, which runs until the process exits. `respond` gets each request and the number
    /// of requests before it.
    pub(crate) fn start(respond: impl Fn(&Request, usize) -> Response + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            let mut silent = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let request = read(&stream);
                let response = respond(&request, number);
                // Before the response, so that a client that has ended has no request that is
                // missing. This fails if the test has ended.
                let _ = sender.send(request);
                match response {
                    Response::Answer {
                        status,
                        headers,
                        body,
                    } => {
                        let length = body.len();
                        // A client may close the connection early.
                        let _ = write!(
                            stream,
                            "HTTP/1.1 {status} Text\r\n{headers}Content-Length: {length}\r\n\
                             Connection: close\r\n\r\n{body}"
                        );
                    }
                    Response::Silence => silent.push(stream),
                    Response::Close => {}
                }
            }
        });
        Self { url, requests }
    }

    /// Returns the requests received since the last call.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

fn read(stream: &TcpStream) -> Request {
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let line = lines.next().unwrap();
    let headers = lines.map_while(|line| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    });
    Request {
        headers: headers.collect(),
        target: line.split(' ').nth(1).unwrap().to_owned(),
        at: Instant::now(),
    }
}
