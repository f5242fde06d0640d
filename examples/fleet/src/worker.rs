//! A worker process: sends requests as fast as its limiter allows.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use model_studio_limiter::{Account, RedisStore, Refusal};
use model_studio_limits::{Limits, Model, model};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The requests that can wait or run at the same time.
const SENDERS: usize = 32;

const MODEL: Model = model!("qwen-plus");

/// Sends requests until it is killed. Without the URL of a store, the limiter knows only the requests
/// of this process.
pub(crate) async fn run(
    index: u32,
    provider: SocketAddr,
    store: Option<&str>,
    limits: Limits,
) -> anyhow::Result<()> {
    let account = Account::<Model>::builder().limits(MODEL, limits);
    let account = match store {
        Some(url) => {
            let store = RedisStore::connect(url, "my-account").await;
            account
                .store(store.context("cannot connect to Redis")?)
                .build()?
        }
        None => account.build(),
    };
    let account = Arc::new(account);
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        senders.spawn(send(index, provider, Arc::clone(&account)));
    }
    while let Some(result) = senders.join_next().await {
        result??;
    }
    Ok(())
}

/// Sends one request after another.
async fn send(
    index: u32,
    provider: SocketAddr,
    account: Arc<Account<Model>>,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(provider).await?;
    stream.set_nodelay(true)?;
    let (reader, mut writer) = stream.split();
    let mut answers = BufReader::new(reader).lines();
    let request = format!("{index}\n");
    loop {
        let permit = account.acquire(MODEL, 0).await?;
        writer.write_all(request.as_bytes()).await?;
        let Some(answer) = answers.next_line().await? else {
            bail!("the provider has closed the connection");
        };
        match answer.parse()? {
            200 => permit.settle(0),
            status => permit.refused(Refusal::classify(status, "", "")),
        }
    }
}
