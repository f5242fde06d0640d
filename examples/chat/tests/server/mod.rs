//! A server on loopback that speaks as much HTTP as the tests need, and tells what it was sent.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use serde_json::Value;

/// What the server was sent.
pub struct Request {
    /// The first line, such as `POST /v1/chat/completions HTTP/1.1`.
    pub line: String,
    /// The header `authorization`.
    pub authorization: String,
    /// Other headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

pub struct Server {
    port: u16,
    requests: mpsc::Receiver<Request>,
}

impl Server {
    /// Starts a server that gives every request this answer, and then closes the connection.
    pub fn start(answer: impl Fn(&mut TcpStream) -> io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = mpsc::channel();
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                sender.send(read(&stream).unwrap()).unwrap();
                // A client may go away before it has the whole answer.
                let _ = answer(&mut stream);
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

/// Answers with a status and a body.
pub fn respond(
    stream: &mut TcpStream,
    status: &str,
    content_type: &str,
    body: &str,
) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\
         connection: close\r\n\r\n{body}",
        body.len()
    )
}

/// A body whose end is not known when it starts.
pub struct Chunks<'a>(&'a mut TcpStream);

impl<'a> Chunks<'a> {
    /// Begins an answer that is a stream of events.
    pub fn begin(stream: &'a mut TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
             transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )?;
        Ok(Self(stream))
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        write!(self.0, "{:x}\r\n", bytes.len())?;
        self.0.write_all(bytes)?;
        write!(self.0, "\r\n")
    }

    pub fn end(self) -> io::Result<()> {
        write!(self.0, "0\r\n\r\n")
    }
}

fn read(stream: &TcpStream) -> io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let header = |wanted: &str| {
        let header = headers.iter().find(|(name, _)| name == wanted);
        header.map_or(String::new(), |(_, value)| value.clone())
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(Request {
        line: line.trim_end().to_owned(),
        authorization: header("authorization"),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        headers,
    })
}
