//! A Redis server that is started for a measurement.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use redis::Client;

/// A `redis-server` on a free port, which is stopped when this is dropped.
pub(super) struct Server {
    child: Child,
    url: String,
}

impl Server {
    pub(super) fn start() -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr());
        let port = port.expect("there is a free port").port();
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
            .args(["--save", "", "--appendonly", "no"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("`redis-server` 6.2 or later is installed");
        let server = Self {
            child,
            url: format!("redis://127.0.0.1:{port}/"),
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "`redis-server` does not answer");
            thread::sleep(Duration::from_millis(10));
        }
        server
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the number of calls that clients made, and the microseconds that they took.
    pub(super) fn calls(&self) -> (f64, f64) {
        let connection = Client::open(self.url()).and_then(|client| client.get_connection());
        let info: redis::RedisResult<String> = connection.and_then(|mut connection| {
            redis::cmd("INFO")
                .arg("commandstats")
                .query(&mut connection)
        });
        let info = info.expect("the server answers");
        let (mut calls, mut busy) = (0.0, 0.0);
        for line in info.lines() {
            // The server counts the commands of a script too, but no script has these.
            let values = ["evalsha", "incrby"]
                .iter()
                .find_map(|command| line.strip_prefix(&format!("cmdstat_{command}:")));
            for value in values.into_iter().flat_map(|values| values.split(',')) {
                let number = |text: &str| text.parse::<f64>().expect("a count is a number");
                if let Some(count) = value.strip_prefix("calls=") {
                    calls += number(count);
                } else if let Some(usec) = value.strip_prefix("usec=") {
                    busy += number(usec);
                }
            }
        }
        (calls, busy)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
