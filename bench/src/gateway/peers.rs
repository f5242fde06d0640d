//! The proxies that are compared, each as a program of its own with the settings that suit it best.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::http::Connection;
use super::install;
use super::process::Process;

/// How long a proxy may take until it answers.
const MAX_START: Duration = Duration::from_mins(3);

/// Where calls are sent.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// The header fields that a proxy needs.
    header: String,
}

/// A proxy, or nothing for a direct connection.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) process: Option<Process>,
    pub(crate) calls: Target,
    pub(crate) streams: Target,
}

impl Target {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let header = String::new();
        Self { address, header }
    }

    /// Returns a request with a body in JSON.
    pub(crate) fn request(&self, header: &str, body: &str) -> Vec<u8> {
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {}\r\n{}{header}authorization: Bearer \
             sk-bench\r\nuser-agent: bench\r\naccept: application/json\r\ncontent-type: \
             application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            self.header,
            body.len()
        )
        .into_bytes()
    }
}

/// A direct connection to the provider.
pub(crate) fn direct(provider: SocketAddr) -> Peer {
    Peer {
        name: "direct",
        process: None,
        calls: Target::new(provider),
        streams: Target::new(provider),
    }
}

/// Starts nginx, with a server that collects answers and one that does not.
pub(crate) async fn nginx(provider: SocketAddr) -> io::Result<Peer> {
    let folder = folder("nginx")?;
    let [calls, streams] = [free_address()?, free_address()?];
    let server = |listen, buffering| {
        format!(
            "server {{ listen {listen}; keepalive_requests 1000000000; location / {{
                proxy_pass http://provider; proxy_http_version 1.1; proxy_buffering {buffering};
                proxy_set_header Connection ''; }} }}"
        )
    };
    let config = format!(
        "daemon off; worker_processes 2; pid nginx.pid; error_log stderr error;
        events {{ worker_connections 8192; }}
        http {{
            access_log off; tcp_nodelay on;
            client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi; scgi_temp_path scgi;
            upstream provider {{
                server {provider}; keepalive 256; keepalive_requests 1000000000;
            }}
            {}
            {}
        }}",
        server(calls, "on"),
        server(streams, "off"),
    );
    fs::write(folder.join("nginx.conf"), config)?;
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(&folder)
        .args(["-c", "nginx.conf", "-e", "stderr"]);
    start("nginx", command, Target::new(calls), Target::new(streams)).await
}

/// Starts a proxy that only passes calls on.
pub(crate) fn hyper(provider: SocketAddr) -> io::Result<Peer> {
    let (process, address) = Process::start_server(&["hyper-proxy", &provider.to_string()])?;
    Ok(Peer {
        name: "hyper",
        process: Some(process),
        calls: Target::new(address),
        streams: Target::new(address),
    })
}

/// Starts the gateway, with a configuration in addition to the addresses.
pub(crate) async fn gateway(provider: SocketAddr, config: &str) -> io::Result<Peer> {
    let program = install::gateway()?;
    let folder = folder("gateway")?;
    let address = free_address()?;
    let path = folder.join("gateway.toml");
    let addresses = format!(
        "region = \"singapore\"\nupstream = \"http://{provider}\"\ncomplete_paths = false\nlisten = \
         \"{address}\"\n{config}\n"
    );
    fs::write(&path, addresses)?;
    let mut command = Command::new(program);
    command.arg("--config").arg(path);
    let target = Target::new(address);
    start("model-studio-gateway", command, target.clone(), target).await
}

/// Starts Portkey's gateway.
pub(crate) async fn portkey(provider: SocketAddr) -> io::Result<Peer> {
    let script = install::portkey()?;
    let address = free_address()?;
    let mut command = Command::new("node");
    command.env("NODE_ENV", "production").arg(script);
    command
        .arg("--headless")
        .arg(format!("--port={}", address.port()));
    let header =
        format!("x-portkey-provider: openai\r\nx-portkey-custom-host: http://{provider}/v1\r\n");
    let target = Target { address, header };
    start("Portkey", command, target.clone(), target).await
}

/// Starts `LiteLLM`'s proxy.
pub(crate) async fn litellm(provider: SocketAddr) -> io::Result<Peer> {
    let program = install::litellm()?;
    let path = folder("litellm")?.join("config.yaml");
    let address = free_address()?;
    fs::write(
        &path,
        format!(
            "model_list:
- model_name: qwen3.7-plus
  litellm_params: {{ model: openai/qwen3.7-plus, api_base: 'http://{provider}/v1', api_key: sk-bench }}
litellm_settings: {{ telemetry: false, set_verbose: false, num_retries: 0 }}
general_settings: {{ disable_spend_logs: true }}
"
        ),
    )?;
    let mut command = Command::new(program);
    // As its documentation recommends for production: a worker for each core.
    command
        .env("LITELLM_MODE", "PRODUCTION")
        .env("LITELLM_LOG", "ERROR");
    command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    // Without keys, it has less to do.
    command.env(
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY",
        "true",
    );
    command
        .args(["--host", "127.0.0.1", "--num_workers", "2", "--config"])
        .arg(path);
    command.arg("--port").arg(address.port().to_string());
    let target = Target::new(address);
    start("LiteLLM", command, target.clone(), target).await
}

/// Starts a proxy, and waits until it passes a call on.
async fn start(
    name: &'static str,
    command: Command,
    calls: Target,
    streams: Target,
) -> io::Result<Peer> {
    let log = folder("logs")?.join(format!("{name}.log"));
    let mut process = Process::start(command, &log)?;
    let end = Instant::now() + MAX_START;
    while !answers(&calls).await {
        let has_ended = !process.is_running();
        if has_ended || Instant::now() > end {
            let log = fs::read_to_string(log).unwrap_or_default();
            let log = log.trim_end().lines().last().unwrap_or_default().to_owned();
            let what = if has_ended {
                "has ended"
            } else {
                "does not answer"
            };
            return Err(io::Error::other(format!("{name} {what}: {log}")));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let process = Some(process);
    Ok(Peer {
        name,
        process,
        calls,
        streams,
    })
}

async fn answers(target: &Target) -> bool {
    let call = target.request(
        "",
        r#"{"model":"qwen3.7-plus","messages":[{"role":"user","content":"Hello"}]}"#,
    );
    let answer = async {
        let mut connection = Connection::open(target.address).await?;
        connection.write(&call).await?;
        connection.read(|_| {}).await
    };
    matches!(answer.await, Ok(Some(head)) if head.status() == 200)
}

/// Returns a folder for the files of a proxy.
fn folder(name: &str) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/peers/run")
        .join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.local_addr()
}
