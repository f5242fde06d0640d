//! Accepts connections, and stops gracefully.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::config::Config;
use crate::proxy::respond;
use crate::shared::Shared;

/// The delay after an error of `accept`, such as too many open files.
const ACCEPT_DELAY: Duration = Duration::from_millis(50);

/// The most requests that one connection of HTTP/2 can have at the same time.
const MAX_STREAMS: u32 = 1_000;

/// The smallest buffer that hyper accepts.
const MIN_BUFFER: usize = 8 << 10;

/// Answers clients until `stop` completes, and then waits for the requests that run.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) {
    let config = &shared.settings().config;
    let builder = builder(config);
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(config.bounds.connections));
    let accept = async {
        loop {
            // Beyond the bound, clients wait in the queue of the operating system.
            let permit = Arc::clone(&connections).acquire_owned().await;
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_DELAY).await;
                    continue;
                }
            };
            let shared = Arc::clone(shared);
            let has_request = Arc::new(AtomicBool::new(false));
            let begins = Arc::clone(&has_request);
            let service = service_fn(move |request| {
                begins.store(true, Ordering::Relaxed);
                respond(Arc::clone(&shared), request)
            });
            let io = with_timeout(stream, config.timeouts.body);
            let connection = builder.serve_connection(io, service).into_owned();
            let connection = graceful.watch(connection);
            let longest = config.timeouts.header;
            tokio::spawn(async move {
                let mut connection = pin!(connection);
                // The timeout of hyper begins only when the version of HTTP is known.
                let ended = match timeout(longest, connection.as_mut()).await {
                    Ok(ended) => ended,
                    Err(_) if has_request.load(Ordering::Relaxed) => connection.await,
                    Err(_) => {
                        tracing::debug!("a client has connected and sent no request");
                        return;
                    }
                };
                // An error means that the client has left, or has sent something that is not HTTP.
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection has ended with an error");
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
