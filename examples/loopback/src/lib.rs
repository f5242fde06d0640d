//! An HTTP server on the loopback interface, for tests. It records the requests it receives and
//! controls when each part of a response is sent.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use serde_json::Value;

/// A server that handles one request at a time, each on its own connection.
pub struct Server {
    base_url: String,
    requests: mpsc::Receiver<Request>,
}

impl Server {
    /// Starts a server that responds with `respond`. The server runs until the process exits.
    pub fn start(respond: impl Fn(&Request, &mut Response) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (sender, requests) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let request = Request::read(&stream);
                sender.send(request.clone()).unwrap();
                let mut response = Response(stream);
                respond(&request, &mut response);
                response.chunk("");
            }
        });
        Self { base_url, requests }
    }

    /// The base URL of the API on this server.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The requests received since the last call of this method or [`bodies`](Self::bodies).
    pub fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }

    /// The bodies of the requests received since the last call.
    pub fn bodies(&self) -> Vec<Value> {
        self.requests
            .try_iter()
            .map(|request| request.body)
            .collect()
    }
}

/// A request with a JSON body.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request line, such as `POST /v1/chat/completions HTTP/1.1`.
    pub line: String,
    /// The headers. Names are in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl Request {
    fn read(stream: &TcpStream) -> Self {
        let mut reader = BufReader::new(stream);
        let mut head = reader.by_ref().lines().map(Result::unwrap);
        let line = head.next().unwrap();
        let headers: BTreeMap<_, _> = head
            .map_while(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_ascii_lowercase(), value.to_owned()))
            })
            .collect();
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let body = serde_json::from_slice(&body).unwrap();
        Self {
            line,
            headers,
            body,
        }
    }
}

/// A response with a body that is sent in chunks.
///
/// Write errors are ignored because a client may close the connection early.
pub struct Response(TcpStream);

impl Response {
    /// Sends the status and the headers. The body of a successful response is an event stream,
    /// other bodies are JSON.
    pub fn begin(&mut self, status: &str) {
        let content_type = match status {
            "200 OK" => "text/event-stream",
            _ => "application/json",
        };
        self.0.set_nodelay(true).unwrap();
        let _ = write!(
            self.0,
            "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
    }

    /// Sends a part of the body at once.
    pub fn chunk(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let size = format!("{:x}\r\n", bytes.len());
        let _ = self
            .0
            .write_all(&[size.as_bytes(), bytes, b"\r\n"].concat());
    }

    /// Sends a whole response.
    pub fn send(&mut self, status: &str, body: impl AsRef<[u8]>) {
        self.begin(status);
        self.chunk(body);
    }
}
