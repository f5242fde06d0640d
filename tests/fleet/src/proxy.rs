//! A proxy between clients and a server that delays, loses and cuts.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A proxy on a port of its own. Its threads end with the process.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// The port of the server.
    server: u16,
    delay: Duration,
    is_cut: bool,
    /// Whether the next reply is lost, with its connection.
    loses_reply: bool,
    connections: Vec<TcpStream>,
}

impl Proxy {
    /// Starts a proxy for a server on a port of 127.0.0.1.
    ///
    /// # Panics
    ///
    /// Panics if no port is free.
    #[must_use]
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            server,
            ..State::default()
        }));
        let proxy = Self {
            port,
            state: Arc::clone(&state),
        };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = state.lock().unwrap().server;
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                let mut guard = state.lock().unwrap();
                if !guard.is_cut {
                    guard.connections.push(client.try_clone().unwrap());
                    connect(client, server, &state);
                }
            }
        });
        proxy
    }

    /// Returns the URL to connect to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Delays every reply from now on.
    ///
    /// # Panics
    ///
    /// Panics if a thread of the proxy has panicked.
    pub fn delay(&self, delay: Duration) {
        self.state.lock().unwrap().delay = delay;
    }

    /// Closes the connection instead of passing on the next reply. The server has executed the
    /// command then.
    ///
    /// # Panics
    ///
    /// Panics if a thread of the proxy has panicked.
    pub fn lose_reply(&self) {
        self.state.lock().unwrap().loses_reply = true;
    }

    /// Returns whether the reply that was to be lost is still to come.
    ///
    /// # Panics
    ///
    /// Panics if a thread of the proxy has panicked.
    #[must_use]
    pub fn will_lose_reply(&self) -> bool {
        self.state.lock().unwrap().loses_reply
    }

    /// Closes all connections, and accepts none until [`restore`](Self::restore).
    ///
    /// # Panics
    ///
    /// Panics if a thread of the proxy has panicked.
    pub fn cut(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_cut = true;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Loses the next reply, and accepts no connection from then on until
    /// [`restore`](Self::restore).
    ///
    /// # Panics
    ///
    /// Panics if a thread of the proxy has panicked.
    pub fn lose_reply_and_cut(&self) {
        let mut state = self.state.lock().unwrap();
        state.loses_reply = true;
        state.is_cut = true;
    }

    /// Closes all connections, and connects to another server from now on.
    ///
    /// # Panics
    ///
    /// Panics if a thread of the proxy has panicked.
    pub fn switch(&self, server: u16) {
        let mut state = self.state.lock().unwrap();
        state.server = server;
        for connection in state.connections.drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Accepts connections again.
    ///
    /// # Panics
    ///
    /// Panics if a thread of the proxy has panicked.
    pub fn restore(&self) {
        self.state.lock().unwrap().is_cut = false;
    }
}

/// Starts the threads of a connection.
fn connect(client: TcpStream, server: TcpStream, state: &Arc<Mutex<State>>) {
    let (mut requests, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut requests, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let state = Arc::clone(state);
    thread::spawn(move || {
        let _ = pass_replies(server, &client, &state);
        let _ = client.shutdown(Shutdown::Both);
    });
}

fn pass_replies(
    mut server: TcpStream,
    mut client: &TcpStream,
    state: &Mutex<State>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = server.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        let mut guard = state.lock().unwrap();
        if std::mem::take(&mut guard.loses_reply) {
            return server.shutdown(Shutdown::Both);
        }
        let delay = guard.delay;
        drop(guard);
        thread::sleep(delay);
        client.write_all(&buffer[..length])?;
    }
}
