//! Starts Redis servers for tests, benchmarks and examples. They need the command `redis-server`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redis::{Cmd, Connection, FromRedisValue, InfoDict, cmd};

/// The file in the directory of a server to which it writes its log.
const LOG: &str = "log";

/// A server on a free port of 127.0.0.1, with an empty database. It is stopped when this is dropped.
#[derive(Debug)]
pub struct RedisServer {
    port: u16,
    cluster_port: u16,
    options: Vec<String>,
    directory: PathBuf,
    process: Child,
}

impl RedisServer {
    /// Starts a server that keeps nothing on disk.
    ///
    /// # Panics
    ///
    /// Panics if the command `redis-server` is missing or fails.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&["--appendonly", "no"])
    }

    /// Starts a server with options.
    ///
    /// # Panics
    ///
    /// Panics if the command `redis-server` is missing or fails.
    #[must_use]
    pub fn start_with(options: &[&str]) -> Self {
        Self::start_in(new_directory(), options)
    }

    /// Starts a Sentinel that watches a master, which has the name `fleet`.
    ///
    /// # Panics
    ///
    /// Panics if the command `redis-server` is missing or fails.
    #[must_use]
    pub fn start_sentinel(master: &Self) -> Self {
        let directory = new_directory();
        let path = directory.join("sentinel.conf");
        let monitor = format!("sentinel monitor fleet 127.0.0.1 {} 1\n", master.port);
        fs::write(&path, monitor).unwrap();
        Self::start_in(directory, &[path.to_str().unwrap(), "--sentinel"])
    }

    fn start_in(directory: PathBuf, options: &[&str]) -> Self {
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        // Another program can take a free port before the server does.
        for _ in 0..10 {
            let (port, cluster_port) = (free_port(), free_port());
            if let Some(process) = spawn(port, cluster_port, &options, &directory) {
                return Self {
                    port,
                    cluster_port,
                    options,
                    directory,
                    process,
                };
            }
        }
        let log = directory.join(LOG);
        panic!("`redis-server` did not start, see {}", log.display());
    }

    /// Makes the server a replica of another one, and waits until it has the same data.
    ///
    /// # Panics
    ///
    /// Panics if that fails.
    pub fn follow(&self, primary: &Self) {
        let mut follow = cmd("REPLICAOF");
        let _: String = self.run(follow.arg("127.0.0.1").arg(primary.port));
        wait_until("the replica follows", || {
            let info: String = self.run(cmd("INFO").arg("replication"));
            info.contains("master_link_status:up")
        });
    }

    /// Returns the port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the port on which the nodes of a cluster communicate.
    #[must_use]
    pub fn cluster_port(&self) -> u16 {
        self.cluster_port
    }

    /// Returns the URL to connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Returns the directory of the server, which is removed when it ends.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Kills the server, and starts it again on the same port.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    pub fn restart(&mut self) {
        self.kill();
        let process = spawn(self.port, self.cluster_port, &self.options, &self.directory);
        self.process = process.expect("the server starts again");
    }

    /// Sends a signal, such as `STOP`.
    ///
    /// # Panics
    ///
    /// Panics if that fails.
    pub fn signal(&self, signal: &str) {
        send_signal(&self.process, signal);
    }

    fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Runs a command.
    ///
    /// # Panics
    ///
    /// Panics if it fails.
    #[expect(
        clippy::must_use_candidate,
        reason = "most commands are run for their effect"
    )]
    pub fn run<T: FromRedisValue>(&self, command: &Cmd) -> T {
        command.query(&mut self.connection()).unwrap()
    }

    /// Connects to the server.
    ///
    /// # Panics
    ///
    /// Panics if it does not accept the connection.
    #[must_use]
    pub fn connection(&self) -> Connection {
        connect(self.port).expect("the server accepts connections")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Sends a signal, such as `STOP`, to a process.
///
/// # Panics
///
/// Panics if that fails.
pub fn send_signal(process: &Child, signal: &str) {
    let mut kill = Command::new("kill");
    kill.arg(format!("-{signal}")).arg(process.id().to_string());
    assert!(kill.status().unwrap().success());
}

/// Waits until a condition holds.
///
/// # Panics
///
/// Panics if it does not hold within 20 seconds.
pub fn wait_until(name: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "not yet: {name}");
        sleep(Duration::from_millis(20));
    }
}

fn new_directory() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("redis-server-{}-{count}", id()));
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Returns a port on which nothing listens.
///
/// # Panics
///
/// Panics if no port is free.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn connect(port: u16) -> Option<Connection> {
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    let timeout = Duration::from_secs(10);
    let connection = client.get_connection_with_timeout(timeout).ok()?;
    connection.set_read_timeout(Some(timeout)).unwrap();
    Some(connection)
}

/// Starts a server and waits until it answers. Returns `None` if it ends before that.
fn spawn(port: u16, cluster_port: u16, options: &[String], directory: &Path) -> Option<Child> {
    let mut command = Command::new("redis-server");
    // A file of options has to come first.
    command
        .args(options)
        .args(["--bind", "127.0.0.1", "--port"]);
    command.arg(port.to_string()).arg("--dir").arg(directory);
    command.args(["--logfile", LOG]);
    let has_option = |name: &str| options.iter().any(|option| option == name);
    if !has_option("--sentinel") {
        command.args(["--save", ""]);
    }
    if has_option("--cluster-enabled") {
        // By default, the second port is 10,000 higher, and may not exist.
        command.args(["--cluster-port", &cluster_port.to_string()]);
    }
    command.stdout(Stdio::null());
    let mut process = command
        .spawn()
        .expect("cannot start `redis-server`; install Redis 7 or newer");
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if process.try_wait().unwrap().is_some() {
            return None;
        }
        // The server on the port can be that of another test.
        let info = connect(port).and_then(|mut connection| {
            let info: InfoDict = cmd("INFO").arg("server").query(&mut connection).ok()?;
            info.get::<u32>("process_id")
        });
        if info == Some(process.id()) {
            return Some(process);
        }
        sleep(Duration::from_millis(20));
    }
    let _ = process.kill();
    let _ = process.wait();
    None
}
