//! Finds the parameters of the perfect hash: seeds and pilots that give every name its own slot.

use model_studio_limits_core::{NameKey, Seeds, bucket, hash, name_key, top_bits};

/// The parameters of a [`Lookup`](model_studio_limits_core::Lookup).
pub(crate) struct Parameters {
    pub(crate) seeds: Seeds,
    pub(crate) pilots: Vec<u16>,
    pub(crate) index: Vec<u16>,
    pub(crate) keys: Vec<NameKey>,
}

/// The maximum number of names for which no pilots are used. With `n²/9` slots, about one in a
/// hundred random choices of seeds gives every name its own slot. For 150 names, the index takes 8
/// KB.
const MAX_WITHOUT_PILOTS: usize = 150;

/// Marks a free slot while the index is being filled.
const FREE: u16 = u16::MAX;

/// Returns the parameters for distinct names, at most [`MAX_NAMES`].
///
/// [`MAX_NAMES`]: model_studio_limits_core::MAX_NAMES
pub(crate) fn find(names: &[&str]) -> Parameters {
    let mut random = Random(0);
    loop {
        let seeds = [(); 4].map(|()| random.next() | 1);
        let found = if names.len() <= MAX_WITHOUT_PILOTS {
            without_pilots(names, seeds)
        } else {
            with_pilots(names, seeds)
        };
        if let Some(mut found) = found {
            // A lookup that hits a free slot compares with the first name.
            for at in found.index.iter_mut().filter(|at| **at == FREE) {
                *at = 0;
            }
            return found;
        }
    }
}

fn without_pilots(names: &[&str], seeds: Seeds) -> Option<Parameters> {
    let slots = (names.len() * names.len() / 9).max(2 * names.len());
    let slots = slots.next_power_of_two();
    let mut index = vec![FREE; slots];
    for (i, name) in names.iter().enumerate() {
        let slot = top_bits(hash_of(name, &seeds), slots);
        if index[slot] != FREE {
            return None;
        }
        index[slot] = position(i);
    }
    Some(Parameters {
        seeds,
        pilots: Vec::new(),
        index,
        keys: names.iter().map(|name| name_key(name.as_bytes())).collect(),
    })
}

/// Puts the names into buckets of two to three on average, and searches, largest bucket first, for
/// a pilot that moves the names of the bucket to free slots.
fn with_pilots(names: &[&str], seeds: Seeds) -> Option<Parameters> {
    let slots = (names.len() + names.len() / 4).next_power_of_two();
    let mut buckets = vec![Vec::new(); slots / 4];
    let mut index = vec![FREE; slots];
    for (i, name) in names.iter().enumerate() {
        let hash = hash_of(name, &seeds);
        let bucket = bucket(hash, buckets.len());
        buckets[bucket].push((i, top_bits(hash, slots)));
    }
    let mut order: Vec<usize> = (0..buckets.len()).collect();
    order.sort_by_key(|bucket| std::cmp::Reverse(buckets[*bucket].len()));
    let mut pilots = vec![0; buckets.len()];
    for bucket in order {
        let names = &buckets[bucket];
        let share = |i: usize| names[..i].iter().any(|(_, slot)| *slot == names[i].1);
        if (1..names.len()).any(share) {
            return None;
        }
        let free = |pilot: &usize| names.iter().all(|(_, slot)| index[slot ^ pilot] == FREE);
        let pilot = (0..slots).find(free)?;
        for (i, slot) in names {
            index[slot ^ pilot] = position(*i);
        }
        pilots[bucket] = position(pilot);
    }
    Some(Parameters {
        seeds,
        pilots,
        index,
        keys: Vec::new(),
    })
}

fn hash_of(name: &str, seeds: &Seeds) -> u64 {
    let name = name.as_bytes();
    hash(name, &name_key(name), seeds)
}

/// Converts a position among names or slots to `u16`. There are at most 2¹⁶ of them.
fn position(i: usize) -> u16 {
    u16::try_from(i).expect("a table has at most 50,000 names")
}

/// A `SplitMix64` generator. The seed is fixed, so that the same table always gives the same code.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use model_studio_limits_core::Lookup;
    use proptest::collection::hash_set;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    /// Checks that every name is found at its position, and that similar strings are not found.
    fn check(names: &[&str]) {
        let found = find(names);
        let lookup = Lookup {
            seeds: found.seeds,
            pilots: &found.pilots,
            index: &found.index,
            keys: &found.keys,
            names,
            longest: names.iter().map(|name| name.len()).max().unwrap(),
        };
        let positions: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        for (i, name) in names.iter().enumerate() {
            assert_eq!(lookup.find(name), Some(i), "{name}");
        }
        // Each name has hundreds of similar strings, so only a sample of the names is checked.
        for name in names.iter().step_by(names.len().div_ceil(100)) {
            for similar in similar(name) {
                let expected = positions.get(similar.as_str()).copied();
                assert_eq!(lookup.find(&similar), expected, "{similar}");
            }
        }
        assert_eq!(lookup.find(""), positions.get("").copied());
    }

    /// Returns strings that differ from a name by an edit, a prefix, an extension or case.
    fn similar(name: &str) -> Vec<String> {
        let mut similar = vec![name.to_uppercase(), name.to_lowercase(), name.repeat(9)];
        similar.extend(["x", "-", "\0", " "].map(|end| format!("{name}{end}")));
        for (at, character) in name.char_indices() {
            let (before, rest) = name.split_at(at);
            let after = &rest[character.len_utf8()..];
            similar.push(before.to_owned());
            similar.push(rest.to_owned());
            similar.push(format!("{before}{after}"));
            similar.push(format!("{before}x{rest}"));
            similar.push(format!("{before}x{after}"));
            similar.push(format!("{before}\0{after}"));
            if let Some(next) = after.chars().next() {
                let after = &after[next.len_utf8()..];
                similar.push(format!("{before}{next}{character}{after}"));
            }
        }
        similar
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z]{1,4}(-[a-z0-9.]{1,4}){0,3}",
            "(qwen|llama|gpt)-?[0-9](\\.[0-9])?-(max|plus|instruct|chat)?-[0-9]{1,4}",
            "accounts/[a-z]{4}/models/[a-z]{3}-[0-9]{1,3}b-(instruct|chat|vision)-[0-9]{4}",
            "[ab]{20,40}",
            "\\PC{1,12}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 60,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(1),
            ..ProptestConfig::default()
        })]

        #[test]
        fn names_of_small_tables_are_found(names in hash_set(name(), 1..300)) {
            check(&names.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 6,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(1),
            ..ProptestConfig::default()
        })]

        #[test]
        fn names_of_large_tables_are_found(names in hash_set(name(), 300..5_000)) {
            check(&names.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    #[test]
    fn names_are_found_in_tables_of_any_size() {
        let names: Vec<String> = (0..model_studio_limits_core::MAX_NAMES)
            .map(|n| format!("provider/model-{}b-{n}-instruct-2025", n % 90))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for count in (1..=160).chain([names.len()]) {
            check(&names[..count]);
        }
    }
}
