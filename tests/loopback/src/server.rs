//! An HTTP server. It records the requests it receives, controls when each part of a response is
//! sent, and can enforce a limit of requests.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A server that handles each request on its own connection and thread.
pub struct Server {
    url: String,
    base_url: String,
    requests: mpsc::Receiver<Request>,
}

impl Server {
    /// Starts a server that responds with `respond`. The server runs until the process exits.
    ///
    /// # Panics
    ///
    /// Panics if there is no port for the server.
    pub fn start(respond: impl Fn(&Request, &mut Response) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let base_url = format!("{url}/v1");
        let (sender, requests) = mpsc::channel();
        let respond = Arc::new(respond);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let stream = stream.unwrap();
                let (respond, sender) = (Arc::clone(&respond), sender.clone());
                thread::spawn(move || {
                    let request = Request::read(number, &stream);
                    // Before the response, so that no request is missing when a client has ended.
                    // This fails if the test has ended.
                    let _ = sender.send(request.clone());
                    let mut response = Response::new(stream);
                    respond(&request, &mut response);
                    response.end();
                });
            }
        });
        Self {
            url,
            base_url,
            requests,
        }
    }

    /// Starts a server that admits at most `count` requests in any `window` of its own clock, and
    /// responds to them with `respond`. It refuses other requests with a 429.
    ///
    /// # Panics
    ///
    /// Panics if there is no port for the server.
    pub fn start_limited(
        count: usize,
        window: Duration,
        respond: impl Fn(&Request, &mut Response) + Send + Sync + 'static,
    ) -> Self {
        let admitted = Mutex::new(VecDeque::new());
        let admit = move || {
            let mut admitted = admitted.lock().unwrap();
            let now = Instant::now();
            while admitted.front().is_some_and(|at| now - *at >= window) {
                admitted.pop_front();
            }
            let is_admitted = admitted.len() < count;
            if is_admitted {
                admitted.push_back(now);
            }
            is_admitted
        };
        Self::start(move |request, response| {
            if admit() {
                respond(request, response);
            } else {
                response.refuse("limit_requests", "You exceeded your current requests list.");
            }
        })
    }

    /// The URL of the server, without a path.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The base URL of an OpenAI-compatible API on the server.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The requests received since the last call of this method or [`bodies`](Self::bodies).
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// The bodies of the requests received since the last call.
    #[must_use]
    pub fn bodies(&self) -> Vec<Value> {
        self.requests
            .try_iter()
            .map(|request| request.body)
            .collect()
    }
}

/// A request, which has a JSON body or none.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of requests before this one.
    pub number: usize,
    /// When the request was received.
    pub at: Instant,
    /// The request line, such as `POST /v1/chat/completions HTTP/1.1`.
    pub line: String,
    /// The headers. Names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body, or null.
    pub body: Value,
}

impl Request {
    fn read(number: usize, stream: &TcpStream) -> Self {
        let mut reader = BufReader::new(stream);
        let mut head = reader.by_ref().lines().map(Result::unwrap);
        let line = head.next().unwrap();
        let headers: BTreeMap<_, _> = head
            .map_while(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_ascii_lowercase(), value.to_owned()))
            })
            .collect();
        let body = headers.get("content-length").map_or(Value::Null, |length| {
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            serde_json::from_slice(&body).unwrap()
        });
        Self {
            number,
            at: Instant::now(),
            line,
            headers,
            body,
        }
    }
}

/// A response with a body that is sent in chunks. If nothing is sent, the connection is closed.
///
/// Write errors are ignored because a client may close the connection early.
pub struct Response {
    stream: TcpStream,
    headers: String,
    has_begun: bool,
}

impl Response {
    fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            headers: "transfer-encoding: chunked\r\nconnection: close\r\n".to_owned(),
            has_begun: false,
        }
    }

    fn end(mut self) {
        if self.has_begun {
            let _ = self.stream.write_all(b"0\r\n\r\n");
        }
    }

    /// Adds a header. Has no effect after [`begin`](Self::begin).
    pub fn header(&mut self, name: &str, value: &str) -> &mut Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }

    /// Sends the status and the headers. The body of a successful response is an event stream,
    /// other bodies are JSON.
    pub fn begin(&mut self, status: u16) {
        let content_type = match status {
            200 => "text/event-stream",
            _ => "application/json",
        };
        self.has_begun = true;
        let _ = write!(
            self.stream,
            "HTTP/1.1 {status} \r\ncontent-type: {content_type}\r\n{}\r\n",
            self.headers
        );
    }

    /// Sends a part of the body at once.
    pub fn chunk(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        // An empty chunk would end the body.
        if bytes.is_empty() {
            return;
        }
        let size = format!("{:x}\r\n", bytes.len());
        let _ = self
            .stream
            .write_all(&[size.as_bytes(), bytes, b"\r\n"].concat());
    }

    /// Sends a whole response. A body that is a string is sent as it is, and another value as JSON.
    pub fn send(&mut self, status: u16, body: impl Into<Value>) {
        self.begin(status);
        match body.into() {
            Value::String(text) => self.chunk(text),
            json => self.chunk(json.to_string()),
        }
    }

    /// Sends a 429 with this code and message.
    pub fn refuse(&mut self, code: &str, message: &str) {
        let error = json!({ "message": message, "type": code, "param": null, "code": code });
        self.send(429, json!({ "error": error, "request_id": "1" }));
    }

    /// Keeps the connection open and never responds.
    pub fn hang(&self) -> ! {
        loop {
            thread::park();
        }
    }
}
