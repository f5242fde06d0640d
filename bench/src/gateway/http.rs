//! Messages of HTTP/1.1, read and written with as little work as possible: the clients and the
//! provider use the same cores as what is measured.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const BUFFER: usize = 64 << 10;

/// A connection on which messages are read one after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    /// What was received and not consumed.
    buffer: BytesMut,
}

/// The first line and the header of a message.
pub(crate) struct Head(Bytes);

/// Where a body ends.
enum Length {
    Bytes(usize),
    Chunked,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        Self::new(TcpStream::connect(address).await?)
    }

    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let buffer = BytesMut::with_capacity(BUFFER);
        Ok(Self { stream, buffer })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads a message, and calls `part` with the parts of its body. Returns `None` if the connection
    /// was closed before.
    pub(crate) async fn read(&mut self, mut part: impl FnMut(&[u8])) -> io::Result<Option<Head>> {
        let Some(head) = self.read_head().await? else {
            return Ok(None);
        };
        match head.length()? {
            Length::Bytes(length) => self.read_bytes(length, &mut part).await?,
            Length::Chunked => loop {
                let length = self.read_chunk_size().await?;
                self.read_bytes(length, &mut part).await?;
                // The end of the line after each chunk.
                self.read_bytes(2, &mut |_| {}).await?;
                if length == 0 {
                    break;
                }
            },
        }
        Ok(Some(head))
    }

    async fn read_head(&mut self) -> io::Result<Option<Head>> {
        loop {
            if let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") {
                let head = self.buffer.split_to(end).freeze();
                self.buffer.advance(4);
                return Ok(Some(Head(head)));
            }
            if !self.fill().await? {
                let is_complete = self.buffer.is_empty();
                return if is_complete { Ok(None) } else { Err(closed()) };
            }
        }
    }

    async fn read_chunk_size(&mut self) -> io::Result<usize> {
        loop {
            if let Some(end) = memmem::find(&self.buffer, b"\r\n") {
                let line = String::from_utf8_lossy(&self.buffer[..end]);
                let size = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16);
                let size = size.map_err(|_| invalid("the size of a chunk", &line))?;
                self.buffer.advance(end + 2);
                return Ok(size);
            }
            if !self.fill().await? {
                return Err(closed());
            }
        }
    }

    async fn read_bytes(&mut self, length: usize, part: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            if self.buffer.is_empty() && !self.fill().await? {
                return Err(closed());
            }
            let count = left.min(self.buffer.len());
            part(&self.buffer[..count]);
            self.buffer.advance(count);
            left -= count;
        }
        Ok(())
    }

    /// Receives more. Returns `false` if the connection was closed.
    async fn fill(&mut self) -> io::Result<bool> {
        self.buffer.reserve(BUFFER / 2);
        Ok(self.stream.read_buf(&mut self.buffer).await? > 0)
    }
}

impl Head {
    /// Returns the status of a response.
    pub(crate) fn status(&self) -> u16 {
        let status = self.0.get(9..12).and_then(|it| str::from_utf8(it).ok());
        status.and_then(|it| it.parse().ok()).unwrap_or(0)
    }

    fn length(&self) -> io::Result<Length> {
        let head = str::from_utf8(&self.0).map_err(io::Error::other)?;
        for line in head.split("\r\n").skip(1) {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                let value = value.trim().parse();
                return value
                    .map(Length::Bytes)
                    .map_err(|_| invalid("a length", line));
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Ok(Length::Chunked);
            }
        }
        Ok(Length::Bytes(0))
    }
}

fn closed() -> io::Error {
    io::Error::new(
        ErrorKind::UnexpectedEof,
        "the connection was closed in a message",
    )
}

fn invalid(expected: &str, found: &str) -> io::Error {
    io::Error::other(format!("expected {expected}, found `{found}`"))
}
