//! A client that sends bytes, whether or not they are HTTP.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::LONG;

/// A connection on which a test sends bytes.
pub(crate) struct RawClient {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response as it was received.
#[derive(Clone, Debug)]
pub(crate) struct RawResponse {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl RawClient {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a `POST` request.
    pub(crate) async fn post(&mut self, path: &str, fields: &str, body: impl AsRef<[u8]>) {
        let length = body.as_ref().len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gateway\r\nContent-Length: {length}\r\n{fields}\r\n"
        );
        self.send(head).await;
        self.send(body).await;
    }

    /// Returns the next bytes, or none at the end of the connection.
    pub(crate) async fn read(&mut self) -> Vec<u8> {
        if !self.buffer.is_empty() {
            return std::mem::take(&mut self.buffer);
        }
        let mut part = vec![0; 64 << 10];
        let read = timeout(LONG, self.stream.read(&mut part)).await;
        let count = read.expect("bytes arrive in time").unwrap_or(0);
        part.truncate(count);
        part
    }

    /// Returns the bytes up to and with a text. Panics if the connection ends before.
    pub(crate) async fn read_until(&mut self, text: &str) -> Vec<u8> {
        let mut read = Vec::new();
        loop {
            if let Some(start) = find(&read, text.as_bytes()) {
                let rest = read.split_off(start + text.len());
                self.buffer.splice(..0, rest);
                return read;
            }
            let part = self.read().await;
            let so_far = String::from_utf8_lossy(&read);
            assert!(!part.is_empty(), "the connection ended after {so_far:?}");
            read.extend(part);
        }
    }

    /// Returns all bytes until the connection ends.
    pub(crate) async fn read_to_end(&mut self) -> Vec<u8> {
        let mut read = Vec::new();
        loop {
            let part = self.read().await;
            if part.is_empty() {
                return read;
            }
            read.extend(part);
        }
    }

    /// Returns the next response, or `None` if the connection ends before its end.
    pub(crate) async fn response(&mut self) -> Option<RawResponse> {
        let mut read = Vec::new();
        loop {
            if let Some(start) = head_end(&read) {
                let head = String::from_utf8(read[..start].to_vec()).unwrap();
                let end = match content_length(&head) {
                    Some(length) => Some(start + length),
                    None => chunked_end(&read, start),
                };
                if let Some(end) = end.filter(|end| read.len() >= *end) {
                    let rest = read.split_off(end);
                    self.buffer.splice(..0, rest);
                    let body = read.split_off(start);
                    return Some(RawResponse { head, body });
                }
            }
            let part = self.read().await;
            if part.is_empty() {
                return None;
            }
            read.extend(part);
        }
    }
}

impl RawResponse {
    pub(crate) fn status(&self) -> u16 {
        self.head["HTTP/1.1 ".len()..][..3].parse().unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Returns the only value of a header field. Panics if there are several.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut values = fields.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    let value = values.next().map(|(_, value)| value.trim());
    assert_eq!(values.next(), None, "{name} is there twice");
    value
}

pub(crate) fn content_length(head: &str) -> Option<usize> {
    Some(field(head, "content-length")?.parse().unwrap())
}

/// Returns the end of a header.
pub(crate) fn head_end(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|start| start + 4)
}

/// Returns the end of a chunked body without trailers.
pub(crate) fn chunked_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut position = start;
    loop {
        let line = find(&bytes[position..], b"\r\n")?;
        let size = std::str::from_utf8(&bytes[position..position + line]).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        position += line + 2 + size + 2;
        if position > bytes.len() {
            return None;
        }
        if size == 0 {
            return Some(position);
        }
    }
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}
