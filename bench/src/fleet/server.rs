//! A Redis server that is started for a measurement.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, InfoDict};

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
        let info = connection.and_then(|mut connection| {
            let mut info = redis::cmd("INFO");
            info.arg("commandstats").query(&mut connection)
        });
        let info: InfoDict = info.expect("the server answers");
        // The server counts the commands of a script too, but no script has these.
        let statistics = ["cmdstat_evalsha", "cmdstat_incrby"].map(|command| {
            let statistics: Option<String> = info.get(command);
            statistics.unwrap_or_default()
        });
        let sum = |name: &str| {
            let fields = statistics.iter().flat_map(|fields| fields.split(','));
            let numbers = fields.filter_map(|field| field.strip_prefix(name)?.parse::<f64>().ok());
            numbers.sum()
        };
        (sum("calls="), sum("usec="))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
