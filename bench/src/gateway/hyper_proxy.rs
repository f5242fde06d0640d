//! A proxy of hyper's parts that only passes calls on, to show what the gateway adds to them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

type ProxyClient = Client<HttpConnector, Full<Bytes>>;

/// Passes calls on to a provider until the process ends. Prints the address first.
pub(crate) async fn serve(provider: SocketAddr) -> io::Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: ProxyClient = Client::builder(TokioExecutor::new()).build(connector);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let client = client.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| pass(&client, provider, request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // This fails if the client leaves in the middle of an answer.
            _ = connection.await;
        });
    }
}

async fn pass(
    client: &ProxyClient,
    provider: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Incoming>, io::Error> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let url = format!("http://{provider}{}", parts.uri.path());
    parts.uri = url.parse::<Uri>().map_err(io::Error::other)?;
    parts.headers.remove(HOST);
    let request = Request::from_parts(parts, Full::new(body));
    client.request(request).await.map_err(io::Error::other)
}
