//! Compares what proxies add to calls that do not have to wait.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::http::Connection;
use super::load::{Throughput, at_once, one_by_one};
use super::peers::{self, Peer, Target};
use super::process::Process;
use super::provider::{PACED, SHORT};
use crate::measure::float;

/// Connections of the measurements with many of them.
const CONNECTIONS: usize = 64;

/// Limits that no client reaches.
const CONFIG: &str = "[limits]\n\"qwen3.7-plus\" = { rpm = 100_000_000, tpm = 1_000_000_000_000 }\n\
                      [log]\nlevel = \"warn\"";

/// The prompt of a call has this sentence eight times.
const SENTENCE: &str = "How do many programs keep the limits of an account at the same time, if each of \
                        them only knows what it has sent itself? ";

/// The calls that wait when their memory is measured.
const WAITING: usize = 3_000;

/// What was measured of whole answers in one round.
struct Calls {
    /// Milliseconds of a call on one connection.
    p50: f64,
    p99: f64,
    per_second: f64,
    cpu: f64,
}

/// What was measured of streams in one round.
struct Streams {
    /// Milliseconds on one connection.
    first_event: f64,
    events_per_second: f64,
    event_cpu: f64,
    paced_event_cpu: f64,
}

/// A proxy and its figures, or why there are none.
struct Row {
    peer: Peer,
    idle: f64,
    calls: io::Result<Vec<Calls>>,
    streams: io::Result<Vec<Streams>>,
}

pub(crate) async fn run(quick: bool) -> io::Result<()> {
    let (_provider, address) = Process::start_server(&["gateway-provider"])?;
    let mut rows = Vec::new();
    let starts = [
        ("nginx", peers::nginx(address).await),
        ("hyper", peers::hyper(address)),
        (
            "model-studio-gateway",
            peers::gateway(address, CONFIG).await,
        ),
        ("Portkey", peers::portkey(address).await),
        ("LiteLLM", peers::litellm(address).await),
    ];
    rows.push(Row::new(peers::direct(address)));
    for (name, peer) in starts {
        match peer {
            Ok(peer) => rows.push(Row::new(peer)),
            Err(error) => println!("{name} could not be measured: {error}\n"),
        }
    }
    let (rounds, time) = if quick { (1, 300) } else { (5, 1_200) };
    for _ in 0..rounds {
        for row in &mut rows {
            let time = Duration::from_millis(time);
            add(&mut row.calls, measure_calls(&row.peer, time).await);
            add(&mut row.streams, measure_streams(&row.peer, time).await);
        }
    }
    print(&rows);
    drop(rows);
    print_waiting(address).await
}

/// Adds the figures of a round, unless one has failed.
fn add<T>(rounds: &mut io::Result<Vec<T>>, round: io::Result<T>) {
    match (rounds.as_mut(), round) {
        (Ok(rounds), Ok(round)) => rounds.push(round),
        (Ok(_), Err(error)) => *rounds = Err(error),
        (Err(_), _) => {}
    }
}

async fn measure_calls(peer: &Peer, time: Duration) -> io::Result<Calls> {
    let call = call(&peer.calls, "", false);
    let mut latencies = one_by_one(&peer.calls, &call, time).await?;
    let (done, cpu) = measure_cpu(peer, &peer.calls, &call, time).await?;
    Ok(Calls {
        p50: latencies.quantile(0.5),
        p99: latencies.quantile(0.99),
        per_second: float(done.calls) / done.seconds,
        cpu: cpu / float(done.calls),
    })
}

async fn measure_streams(peer: &Peer, time: Duration) -> io::Result<Streams> {
    let call = |mark| call(&peer.streams, mark, true);
    let mut latencies = one_by_one(&peer.streams, &call(SHORT), time).await?;
    let (fast, fast_cpu) = measure_cpu(peer, &peer.streams, &call(""), time).await?;
    let (paced, paced_cpu) = measure_cpu(peer, &peer.streams, &call(PACED), time).await?;
    Ok(Streams {
        first_event: latencies.quantile(0.5),
        events_per_second: float(fast.events) / fast.seconds,
        event_cpu: fast_cpu / float(fast.events),
        paced_event_cpu: paced_cpu / float(paced.events),
    })
}

/// Sends calls on many connections. Returns also the microseconds of the processor that the proxy has
/// used.
async fn measure_cpu(
    peer: &Peer,
    target: &Target,
    call: &Rc<[u8]>,
    time: Duration,
) -> io::Result<(Throughput, f64)> {
    let cpu = || peer.process.as_ref().map_or(0.0, Process::cpu_seconds);
    let mut before = 0.0;
    let times = (time / 4, time * 2);
    let done = at_once(target, call, CONNECTIONS, times, || before = cpu()).await?;
    Ok((done, (cpu() - before) * 1e6))
}

fn print(rows: &[Row]) {
    println!(
        "| | added p50, ms | added p99, ms | calls/s | CPU per call, µs | first event later, ms \
         | events/s | CPU per event, µs | with pauses, µs | idle, MB |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    let direct = &rows[0];
    for row in rows {
        let is_direct = row.peer.process.is_none();
        print!("| {} ", row.peer.name);
        match (&row.calls, &direct.calls) {
            (Ok(own), Ok(direct)) => print!(
                "| {} | {} | {:.0} | {:.1} ",
                added(own, direct, is_direct, |it| it.p50),
                added(own, direct, is_direct, |it| it.p99),
                median(own.iter().map(|it| it.per_second)),
                median(own.iter().map(|it| it.cpu)),
            ),
            _ => print!("| failed | | | "),
        }
        match (&row.streams, &direct.streams) {
            (Ok(own), Ok(direct)) => print!(
                "| {} | {:.0} | {:.2} | {:.1} ",
                added(own, direct, is_direct, |it| it.first_event),
                median(own.iter().map(|it| it.events_per_second)),
                median(own.iter().map(|it| it.event_cpu)),
                median(own.iter().map(|it| it.paced_event_cpu)),
            ),
            _ => print!("| failed | | | "),
        }
        println!("| {:.1} |", row.idle);
    }
    println!();
    for row in rows {
        let errors = [row.calls.as_ref().err(), row.streams.as_ref().err()];
        for error in errors.into_iter().flatten() {
            println!("{}: {error}\n", row.peer.name);
        }
    }
}

/// Returns the median of what a proxy adds to the direct connection, in the same rounds. That of the
/// direct connection itself is in parentheses.
fn added<T>(own: &[T], direct: &[T], is_direct: bool, of: fn(&T) -> f64) -> String {
    if is_direct {
        return format!("({:.3})", median(own.iter().map(of)));
    }
    let pairs = own.iter().zip(direct);
    format!(
        "{:.3}",
        median(pairs.map(|(own, direct)| of(own) - of(direct)))
    )
}

/// Prints the memory of the gateway when many calls wait.
async fn print_waiting(provider: SocketAddr) -> io::Result<()> {
    let config = "[limits]\n\"qwen3.7-plus\" = { rpm = 1 }\n[log]\nlevel = \"warn\"";
    let gateway = peers::gateway(provider, config).await?;
    let process = gateway.process.as_ref().expect("it is a program");
    let idle = process.megabytes();
    let call = call(&gateway.calls, "", false);
    let mut connections = Vec::new();
    for _ in 0..WAITING {
        let mut connection = Connection::open(gateway.calls.address).await?;
        connection.write(&call).await?;
        connections.push(connection);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    println!(
        "model-studio-gateway uses {idle:.1} MB when it is idle, and {:.1} MB when {WAITING} calls \
         of {} bytes wait.",
        process.megabytes(),
        call.len(),
    );
    Ok(())
}

/// Returns a call whose prompt contains a mark for the provider.
fn call(target: &Target, mark: &str, streams: bool) -> Rc<[u8]> {
    let prompt = SENTENCE.repeat(8) + mark;
    let body = format!(
        r#"{{"model":"qwen3.7-plus","stream":{streams},"messages":[{{"role":"user","content":"{prompt}"}}]}}"#
    );
    target.request("", &body).into()
}

impl Row {
    fn new(peer: Peer) -> Self {
        let idle = peer.process.as_ref().map_or(0.0, Process::megabytes);
        Self {
            peer,
            idle,
            calls: Ok(Vec::new()),
            streams: Ok(Vec::new()),
        }
    }
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}
