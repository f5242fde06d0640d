//! Starts a Redis server.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Starts `redis-server` on a free port, and returns its URL. The server is stopped when the process
/// is dropped.
pub(crate) async fn start() -> anyhow::Result<(Child, String)> {
    // Another program could take the port before the server does. Then the server exits.
    let port = TcpListener::bind(("127.0.0.1", 0))
        .await?
        .local_addr()?
        .port();
    let mut server = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        // It keeps nothing on disk.
        .args(["--save", "", "--appendonly", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context(
            "cannot start `redis-server` 6.2 or later, which you can install for example with \
             `apt-get install redis-server` or `brew install redis`",
        )?;
    let connect = async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        status = server.wait() => bail!("`redis-server` did not start: {}", status?),
        result = timeout(Duration::from_secs(10), connect) => {
            result.context("`redis-server` does not accept connections")?;
        }
    }
    Ok((server, format!("redis://127.0.0.1:{port}/")))
}
