//! The ways to find a model by its name.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::hint::black_box;

use crate::queries::Queries;

/// Looks up all of the queries so many times.
pub type Run = Box<dyn Fn(&Queries, usize)>;

/// A way to look names up.
pub struct Peer {
    pub name: &'static str,
    pub run: Run,
}

/// Names, and the peers that know them: first the floor, then ours.
pub struct Set {
    pub names: &'static [&'static str],
    pub peers: Vec<Peer>,
}

/// The names and aliases of the built-in table.
mod built_in {
    pub use model_studio_limits::Model;
    include!(concat!(env!("OUT_DIR"), "/built_in.rs"));
}

mod thousand {
    model_studio_limits::include_models!("models_1000.rs");
    include!(concat!(env!("OUT_DIR"), "/peers_1000.rs"));
}

mod ten_thousand {
    model_studio_limits::include_models!("models_10000.rs");
    include!(concat!(env!("OUT_DIR"), "/peers_10000.rs"));
}

pub fn of_built_in() -> Set {
    let mut peers = common(built_in::NAMES, built_in::Model::from_name, built_in::phf);
    peers.insert(2, peer("hashify", built_in::hashify));
    peers.insert(3, peer("match", built_in::matched));
    peers.insert(4, peer("strum", built_in::strum));
    Set {
        names: built_in::NAMES,
        peers,
    }
}

pub fn of_1000() -> Set {
    let mut peers = common(thousand::NAMES, thousand::Model::from_name, thousand::phf);
    peers.insert(2, peer("hashify", thousand::hashify));
    Set {
        names: thousand::NAMES,
        peers,
    }
}

pub fn of_10000() -> Set {
    let (ours, phf) = (ten_thousand::Model::from_name, ten_thousand::phf);
    Set {
        names: ten_thousand::NAMES,
        peers: common(ten_thousand::NAMES, ours, phf),
    }
}

/// The floor, ours, and the peers that compile quickly for any number of names.
fn common<T: 'static>(
    names: &'static [&'static str],
    ours: impl Fn(&str) -> Option<T> + 'static,
    phf: impl Fn(&str) -> Option<u16> + 'static,
) -> Vec<Peer> {
    let standard: HashMap<&str, u16> = positions(names).collect();
    let hashbrown: hashbrown::HashMap<&str, u16> = positions(names).collect();
    let fx: hashbrown::HashMap<&str, u16, rustc_hash::FxBuildHasher> = positions(names).collect();
    vec![
        Peer {
            name: "floor",
            run: Box::new(compare),
        },
        peer("ours", ours),
        map_of_hashbrown("hashbrown-fx", fx),
        map_of_hashbrown("hashbrown", hashbrown),
        peer("phf", phf),
        peer("std-hashmap", move |name| standard.get(name).copied()),
    ]
}

fn map_of_hashbrown<S: BuildHasher + 'static>(
    name: &'static str,
    map: hashbrown::HashMap<&'static str, u16, S>,
) -> Peer {
    peer(name, move |name| map.get(name).copied())
}

fn positions(names: &'static [&'static str]) -> impl Iterator<Item = (&'static str, u16)> {
    names.iter().copied().zip(0..)
}

fn peer<T>(name: &'static str, find: impl Fn(&str) -> T + 'static) -> Peer {
    Peer {
        name,
        run: Box::new(move |queries, passes| look_up(queries, passes, &find)),
    }
}

/// A loop for each peer, into which its lookup can be inlined as into a user's code.
#[inline(never)]
fn look_up<T>(queries: &Queries, passes: usize, find: &impl Fn(&str) -> T) {
    for _ in 0..passes {
        for (query, _) in &queries.pairs {
            black_box(find(black_box(query)));
        }
    }
}

/// The least that a lookup can do: compare the name with the one that it turns out to be.
#[inline(never)]
fn compare(queries: &Queries, passes: usize) {
    for _ in 0..passes {
        for (query, name) in &queries.pairs {
            black_box(*black_box(query) == *black_box(name));
        }
    }
}
