//! Measures the time to find a model by its name, with `Model::from_name` and with other crates.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::hint::black_box;

use divan::{Bencher, Divan};
use fastrand::Rng;
use model_studio_limits::beijing;

/// The names and aliases of the built-in table.
mod built_in {
    pub use model_studio_limits::Model;
    include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
}

/// A table of 1,000 models.
mod thousand {
    model_studio_limits::include_models!("thousand_models.rs");
    include!(concat!(env!("OUT_DIR"), "/thousand.rs"));
}

/// The last two are left out for 1,000 names, because they would take minutes to compile.
const PEERS: [&str; 8] = [
    "floor",
    "from_name",
    "hashbrown",
    "hashify",
    "phf",
    "std",
    "match",
    "strum",
];

fn main() {
    let divan = Divan::default().sample_size(10_000);
    divan.config_with_args().main();
}

#[divan::bench(args = PEERS)]
fn built_in_hits(bencher: Bencher, peer: &str) {
    bench_built_in(bencher, peer, &hits(built_in::NAMES));
}

#[divan::bench(args = PEERS)]
fn built_in_misses(bencher: Bencher, peer: &str) {
    bench_built_in(bencher, peer, &misses(built_in::NAMES));
}

#[divan::bench(args = PEERS)]
fn built_in_one_name(bencher: Bencher, peer: &str) {
    bench_built_in(bencher, peer, &hits(&built_in::NAMES[..1]));
}

#[divan::bench(args = &PEERS[..6])]
fn thousand_hits(bencher: Bencher, peer: &str) {
    bench_thousand(bencher, peer, &hits(thousand::NAMES));
}

#[divan::bench(args = &PEERS[..6])]
fn thousand_misses(bencher: Bencher, peer: &str) {
    bench_thousand(bencher, peer, &misses(thousand::NAMES));
}

#[divan::bench(args = ["floor", "from_name"])]
fn beijing_hits(bencher: Bencher, peer: &str) {
    let names: Vec<&str> = beijing::Model::names().map(|(name, _)| name).collect();
    let queries = hits(&names);
    match peer {
        "from_name" => bench(bencher, &queries, |query, _| {
            beijing::Model::from_name(query)
        }),
        _ => bench_any(bencher, peer, &queries, &names),
    }
}

fn bench_built_in(bencher: Bencher, peer: &str, queries: &[Query]) {
    use built_in::{Model, NAMES, hashify, matched, phf, strum};
    match peer {
        "from_name" => bench(bencher, queries, |query, _| Model::from_name(query)),
        "hashify" => bench(bencher, queries, |query, _| hashify(query)),
        "match" => bench(bencher, queries, |query, _| matched(query)),
        "phf" => bench(bencher, queries, |query, _| phf(query)),
        "strum" => bench(bencher, queries, |query, _| strum(query)),
        _ => bench_any(bencher, peer, queries, NAMES),
    }
}

fn bench_thousand(bencher: Bencher, peer: &str, queries: &[Query]) {
    use thousand::{Model, NAMES, hashify, phf};
    match peer {
        "from_name" => bench(bencher, queries, |query, _| Model::from_name(query)),
        "hashify" => bench(bencher, queries, |query, _| hashify(query)),
        "phf" => bench(bencher, queries, |query, _| phf(query)),
        _ => bench_any(bencher, peer, queries, NAMES),
    }
}

/// Runs a peer that needs no generated code.
fn bench_any(bencher: Bencher, peer: &str, queries: &[Query], names: &[&str]) {
    let entries = names.iter().copied().zip(0_u16..);
    if peer == "floor" {
        // A lookup must at least compare the query with the only name that it can be.
        bench(bencher, queries, |query, name| query == name);
    } else if peer == "std" {
        let map: HashMap<_, _> = entries.collect();
        bench(bencher, queries, |query, _| map.get(query).copied());
    } else {
        let map: hashbrown::HashMap<_, _> = entries.collect();
        bench(bencher, queries, |query, _| map.get(query).copied());
    }
}

/// Measures one lookup of a random query. A new query is drawn for each lookup, so that the branch
/// predictor cannot learn their order, and passed through a `black_box`, so that no result is
/// computed in advance.
fn bench<T>(bencher: Bencher, queries: &[Query], find: impl Fn(&str, &str) -> T) {
    let mut rng = Rng::with_seed(1);
    bencher
        .with_inputs(|| queries[rng.usize(..queries.len())])
        .bench_local_values(|(query, name)| find(black_box(query), black_box(name)));
}

/// A name to look up, and the name in the table that it was made from.
type Query = (&'static str, &'static str);

fn hits(names: &[&'static str]) -> Vec<Query> {
    queries(names, |name| vec![name.to_owned()])
}

/// Returns names with one wrong letter, cut short, extended, and in upper case.
fn misses(names: &[&'static str]) -> Vec<Query> {
    let mut rng = Rng::with_seed(1);
    queries(names, |name| {
        let (at, end) = (rng.usize(..name.len()), name.len() - rng.usize(1..5));
        let mut misses = vec![
            format!("{}_{}", &name[..at], &name[at + 1..]),
            name[..end].to_owned(),
            format!("{name}-latest"),
            name.to_ascii_uppercase(),
        ];
        misses.retain(|miss| !names.contains(&miss.as_str()));
        misses
    })
}

fn queries(names: &[&'static str], mut make: impl FnMut(&str) -> Vec<String>) -> Vec<Query> {
    let queries = names.iter().flat_map(|name| {
        let texts = make(name).into_iter();
        texts.map(|text| (&*text.leak(), *name))
    });
    queries.collect()
}
