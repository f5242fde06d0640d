//! Accepts connections, and stops gracefully.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::admin::{self, Place};
use crate::config::Config;
use crate::proxy::respond;
use crate::proxy::response::{Body, BoxError};
use crate::shared::Shared;

/// The delay after an error of `accept`, such as too many open files.
const ACCEPT_DELAY: Duration = Duration::from_millis(50);

/// The most requests that one connection of HTTP/2 can have at the same time.
const MAX_STREAMS: u32 = 1_000;

/// The smallest buffer that hyper accepts.
const MIN_BUFFER: usize = 8 << 10;

/// The most connections at the address for operators.
const MAX_ADMIN_CONNECTIONS: usize = 100;

/// An address on which the gateway listens.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listener {
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Waits for a connection.
    async fn accept(&self) -> TcpStream {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_DELAY).await;
                }
            }
        }
    }
}

/// Answers clients until `stop` completes, and then waits for the requests that run. Answers operators
/// until this has ended.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    clients: Listener,
    admin: Option<Listener>,
    stop: impl Future<Output = ()>,
) {
    let admin = async {
        match admin {
            Some(admin) => serve_admin(shared, admin).await,
            None => pending().await,
        }
    };
    tokio::select! {
        () = serve_clients(shared, clients, stop) => {}
        () = admin => {}
    }
}

async fn serve_clients(shared: &Arc<Shared>, listener: Listener, stop: impl Future<Output = ()>) {
    let config = &shared.settings().config;
    let builder = builder(config);
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(config.bounds.connections));
    let place = Place {
        address: listener.address,
        is_admin: false,
    };
    let mut tasks = JoinSet::new();
    let accept = async {
        loop {
            while tasks.try_join_next().is_some() {}
            // Beyond the bound, clients wait in the queue of the operating system.
            let permit = Arc::clone(&connections).acquire_owned().await;
            let stream = listener.accept().await;
            let shared = Arc::clone(shared);
            let has_request = Arc::new(AtomicBool::new(false));
            let begins = Arc::clone(&has_request);
            let service = service_fn(move |request| {
                begins.store(true, Ordering::Relaxed);
                answer(Arc::clone(&shared), place, request)
            });
            let io = with_timeout(stream, config.timeouts.body);
            let connection = builder.serve_connection(io, service).into_owned();
            let connection = graceful.watch(connection);
            let longest = config.timeouts.header;
            tasks.spawn(async move {
                let mut connection = pin!(connection);
                // The timeout of hyper begins only when the version of HTTP is known.
                match timeout(longest, connection.as_mut()).await {
                    Ok(ended) => log_end(ended),
                    Err(_) if has_request.load(Ordering::Relaxed) => log_end(connection.await),
                    Err(_) => tracing::debug!("a client has connected and sent no request"),
                }
                drop(permit);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = stop => {}
    }
    drop(listener);
    shared.stop();
    if timeout(config.timeouts.shutdown, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still running when the gateway stopped");
    }
    // The permits of these requests end before the store is informed for the last time.
    tasks.shutdown().await;
}

/// Answers operators until the future is dropped. The connections are not those of clients, so that the
/// gateway can be watched when it has too many of these, and while it stops.
async fn serve_admin(shared: &Arc<Shared>, listener: Listener) {
    let config = &shared.settings().config;
    let builder = builder(config);
    let place = Place {
        address: listener.address,
        is_admin: true,
    };
    // Dropping the set ends all connections.
    let mut connections = JoinSet::new();
    loop {
        let stream = listener.accept().await;
        while connections.len() >= MAX_ADMIN_CONNECTIONS {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        let shared = Arc::clone(shared);
        let service = service_fn(move |request| answer(Arc::clone(&shared), place, request));
        let io = with_timeout(stream, config.timeouts.body);
        let connection = builder.serve_connection(io, service).into_owned();
        connections.spawn(async move { log_end(connection.await) });
    }
}

async fn answer(
    shared: Arc<Shared>,
    place: Place,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    match admin::respond(&shared, place, &request).await {
        Some(response) => Ok(response),
        None => respond(shared, request).await,
    }
}

/// An error means that the client has left, or has sent something that is not HTTP.
fn log_end(result: Result<(), BoxError>) {
    if let Err(error) = result {
        tracing::debug!(error, "a connection has ended with an error");
    }
}

fn builder(config: &Config) -> Builder<TokioExecutor> {
    let header = config.bounds.header;
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(config.timeouts.header)
        .max_buf_size(header.max(MIN_BUFFER));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(config.timeouts.header)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(u32::try_from(header).unwrap_or(u32::MAX));
    builder
}

/// Ends a connection whose client does not read what is sent to it.
fn with_timeout(stream: TcpStream, write: Duration) -> TokioIo<Pin<Box<TimeoutStream<TcpStream>>>> {
    // Without it, small parts of a stream wait for an acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(write));
    TokioIo::new(Box::pin(stream))
}
