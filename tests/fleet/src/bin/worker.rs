//! A process of a fleet: sends requests as fast as the limits allow, and prints when.

use std::env;
use std::io::{self, Write as _};
use std::time::Duration;

use fleet_tests::{MODEL, Work, account, connect, now};
use model_studio_limiter::{Class, ClassKey, Limiter};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = env::args().collect();
    let [_, url, work] = arguments.as_slice() else {
        panic!("expected the URL of the server and the work");
    };
    let work: Work = serde_json::from_str(work).unwrap();
    // TLS needs a provider of cryptography, which a program chooses.
    let provider = rustls::crypto::ring::default_provider();
    provider.install_default().expect("it is the only one");
    let mut store = connect(url).await;
    if work.fallback > 0 {
        store = store.fallback(1, work.fallback);
    }
    let mut account = account(store, work.limits());
    if work.guard > Duration::ZERO {
        account = account.guard(work.guard);
    }
    let class = if work.class > 0 {
        ClassKey::from(work.class)
    } else {
        ClassKey::default()
    };
    let account = account.class(&class, Class::weight(work.weight));
    let limiter = account.build().unwrap().limiter(MODEL).class(class);
    let mut tasks = JoinSet::new();
    for _ in 0..work.tasks {
        tasks.spawn(run(limiter.clone(), work));
    }
    let _ = timeout(work.duration, tasks.join_all()).await;
}

async fn run(limiter: Limiter, work: Work) {
    loop {
        let permit = limiter.acquire(work.estimate).await.unwrap();
        if print(now(), work.cost).is_err() {
            return;
        }
        if work.latency > Duration::ZERO {
            sleep(work.latency).await;
        }
        permit.settle(work.cost);
    }
}

/// Prints the time and the cost of a request. Flushes it, so that nothing is lost if the process is killed.
fn print(sent_at: u64, cost: u64) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{sent_at} {cost};")?;
    output.flush()
}
