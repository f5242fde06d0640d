//! Nanoseconds to find a model by its name, beside what else one could use.
//!
//! `--quick` is a short run. `--count PEER N` looks up N of the 67 names with one peer and measures
//! nothing: for a tool that counts instructions, such as callgrind, run it for two N and subtract.

#![forbid(unsafe_code)]

mod peers;
mod queries;

use std::time::Instant;
use std::{env, process};

use model_studio_limits_bench::machine;
use model_studio_limits_bench::table::{self, Figures};

use peers::{Set, of_1000, of_10000, of_built_in};
use queries::{Kind, Order, Queries};

/// A round of one peer is so many lookups, or one pass over the queries if those are more.
const LOOKUPS: usize = 100_000;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => measure(101),
        ["--quick"] => measure(5),
        ["--count", peer, count] if count.parse::<usize>().is_ok() => {
            look_up(peer, count.parse().unwrap_or(0));
        }
        _ => {
            eprintln!("usage: lookup [--quick | --count PEER N]");
            process::exit(2);
        }
    }
}

fn look_up(peer: &str, count: usize) {
    let set = of_built_in();
    let Some(peer) = set.peers.iter().find(|known| known.name == peer) else {
        let names: Vec<&str> = set.peers.iter().map(|known| known.name).collect();
        eprintln!("no peer `{peer}`; there are: {}", names.join(", "));
        process::exit(2);
    };
    let queries = Queries::new(set.names, Kind::Hit, Order::Drawn);
    (peer.run)(&queries.first(count % queries.len()), 1);
    (peer.run)(&queries, count / queries.len());
}

fn measure(rounds: usize) {
    machine::print();
    let orders = [Order::Drawn, Order::Shuffled, Order::Hot];
    for (set, orders) in [
        (of_built_in(), &orders[..]),
        (of_1000(), &orders[..2]),
        (of_10000(), &orders[..2]),
    ] {
        for order in orders {
            println!("{} names, {}:\n", set.names.len(), order.words());
            print_hits(&set, &figures(&set, Kind::Hit, *order, rounds));
        }
        println!(
            "{} names, misses, {}:\n",
            set.names.len(),
            Order::Drawn.words()
        );
        let misses = Kind::MISSES.map(|kind| figures(&set, kind, Order::Drawn, rounds));
        print_misses(&set, &misses);
    }
}

/// Nanoseconds of a lookup by each peer. The peers take turns, so that a slow moment of the machine
/// is everyone's.
fn figures(set: &Set, kind: Kind, order: Order, rounds: usize) -> Vec<Figures> {
    let queries = Queries::new(set.names, kind, order);
    let passes = (LOOKUPS / queries.len()).max(1);
    let lookups = u32::try_from(passes * queries.len()).expect("few enough");
    let mut figures = vec![Figures::default(); set.peers.len()];
    for round in 0..=rounds {
        for turn in 0..set.peers.len() {
            // Nobody always comes after the same other one, and finds the caches as that left them.
            let at = (turn + round) % set.peers.len();
            let start = Instant::now();
            (set.peers[at].run)(&queries, passes);
            let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / f64::from(lookups);
            // The first round is to warm up.
            if round > 0 {
                figures[at].push(nanoseconds);
            }
        }
    }
    figures
}

fn print_hits(set: &Set, figures: &[Figures]) {
    let [floor, ours, ..] = figures else {
        unreachable!("the floor and ours come first");
    };
    let rows = set.peers.iter().zip(figures).map(|(peer, figures)| {
        let words = figures.words(1);
        let (to_ours, to_floor) = (figures.ratio(ours), figures.ratio(floor));
        vec![peer.name.to_owned(), words, to_ours, to_floor]
    });
    let headings = ["peer", "ns, median (min–max)", "to ours", "to the floor"];
    table::print(&headings, &rows.collect::<Vec<_>>());
}

/// The kinds side by side: the floor is a row, so its column would say little more.
fn print_misses(set: &Set, figures: &[Vec<Figures>]) {
    let mut headings = vec!["peer"];
    for kind in Kind::MISSES {
        headings.extend([kind.words(), "to ours"]);
    }
    let rows = set.peers.iter().enumerate().map(|(at, peer)| {
        let cells = figures.iter().flat_map(|of_kind| {
            let figures = &of_kind[at];
            [figures.words(1), figures.ratio(&of_kind[1])]
        });
        [peer.name.to_owned()].into_iter().chain(cells).collect()
    });
    table::print(&headings, &rows.collect::<Vec<_>>());
}
