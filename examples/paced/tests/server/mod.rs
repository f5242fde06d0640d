//! A server on loopback that speaks as much HTTP as the tests need, and tells what it was sent.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};

/// What the server was sent.
pub struct Request {
    /// The first line, such as `POST /v1/chat/completions HTTP/1.1`.
    pub line: String,
    pub authorization: String,
    pub body: Value,
}

impl Request {
    pub fn prompt(&self) -> &str {
        self.body["messages"][0]["content"].as_str().unwrap()
    }
}

/// A status, and a body.
pub type Response = (&'static str, String);

pub struct Server {
    port: u16,
    requests: mpsc::Receiver<Request>,
}

impl Server {
    /// Starts a server that gives this response to a request.
    pub fn start(respond: impl Fn(&Request) -> Response + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = mpsc::channel();
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = read(&stream).unwrap();
                let (status, body) = respond(&request);
                sender.send(request).unwrap();
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                )
                .unwrap();
            }
        });
        Self { port, requests }
    }

    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// The requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.try_iter().collect()
    }
}

/// An answer in two parts, and what it cost.
pub fn answer(text: &str, tokens: u32) -> Response {
    let (first, second) = text.split_at(text.len() / 2);
    let part = |text: &str| json!({ "choices": [{ "delta": { "content": text } }], "usage": null });
    let usage = json!({ "choices": [], "usage": { "total_tokens": tokens } });
    let events = [part(first), part(second), usage].map(|event| format!("data: {event}\n\n"));
    ("200 OK", format!("{}data: [DONE]\n\n", events.concat()))
}

/// An error as the API puts it.
pub fn error(status: &'static str, message: &str) -> Response {
    (
        status,
        json!({ "error": { "message": message } }).to_string(),
    )
}

fn read(stream: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let (mut authorization, mut length) = (String::new(), 0);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => value.clone_into(&mut authorization),
            "content-length" => length = value.parse().map_err(io::Error::other)?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Request {
        line: line.trim_end().to_owned(),
        authorization,
        body: serde_json::from_slice(&body)?,
    })
}
