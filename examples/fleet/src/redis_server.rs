//! Starts and stops a Redis server.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

/// A `redis-server` on a free port, which is stopped when this is dropped.
pub(crate) struct RedisServer {
    child: Child,
    url: String,
}

impl RedisServer {
    pub(crate) fn start() -> anyhow::Result<Self> {
        // Another program could take the port before the server does. Then the server exits.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            // It keeps nothing on disk.
            .args(["--save", "", "--appendonly", "no"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let child = match child {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "`redis-server` is not installed: install Redis 6.2 or later, for example with \
                 `apt-get install redis-server` or `brew install redis`"
            ),
            child => child.context("cannot start `redis-server`")?,
        };
        let mut server = Self {
            child,
            url: format!("redis://127.0.0.1:{port}/"),
        };
        server.wait(port)?;
        Ok(server)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Waits until the server accepts connections.
    fn wait(&mut self, port: u16) -> anyhow::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("`redis-server` did not start: {status}");
            }
            if Instant::now() > deadline {
                bail!("`redis-server` does not accept connections");
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
