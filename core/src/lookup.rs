//! Finds a name among the names of a catalogue, with a perfect hash.
//!
//! A name is read in words of eight bytes: its first, its second and its last, which may overlap
//! and together cover names of up to 24 bytes, and the words between them of longer names. Each
//! word is multiplied with a seed that the generator drew so that no two names of the catalogue
//! share a slot; the slot gives the one name that can be equal, and comparing words tells whether
//! it is. Up to 24 bytes, the length decides no branch but the one for names below eight bytes:
//! a branch that goes one way for this name and another for the next costs as much as all the rest.
//!
//! Beyond some number of names no seeds can be found that keep all slots apart. Then a part of
//! the hash chooses a *pilot*, a number that moves the slots of the names that share it to where
//! nobody else is.

/// The most names, aliases included, that a catalogue can hold: so many that slots and pilots
/// still fit 16 bits, with room for the generator to find pilots.
pub const MAX_NAMES: usize = 50_000;

/// The multipliers of the three words of a name and of its length.
pub type Seeds = [u64; 4];

/// A table of names, and how to find one of them.
///
/// The generator chooses `seeds`, `pilots` and `index`; the number of slots and the number of
/// pilots are powers of two.
#[derive(Debug)]
pub struct Lookup<'a> {
    /// Multipliers for which each name has a slot of its own.
    pub seeds: Seeds,
    /// What is added (exclusive or) to the slots of names that share a bucket; empty in a small
    /// catalogue, whose seeds keep all slots apart.
    pub pilots: &'a [u16],
    /// By slot, the position of the only name that can have the slot. Where no name has it, any.
    pub index: &'a [u16],
    /// The keys of the names in a small catalogue, to compare without a step to the name itself.
    /// Empty in a large one, for rustc takes its time over them.
    pub keys: &'a [Key],
    /// The names, at least one.
    pub names: &'a [&'a str],
    /// The length of the longest name.
    pub longest: usize,
}

impl Lookup<'_> {
    /// The position of `name` among the names.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the numbers of a catalogue become part of the code"
    )]
    #[must_use]
    pub const fn find(&self, name: &str) -> Option<usize> {
        let name = name.as_bytes();
        if name.len() > self.longest {
            return None;
        }
        let sought = key(name);
        let at = self.index[self.slot(hash(name, &sought, &self.seeds))] as usize;
        let candidate = self.names[at].as_bytes();
        let is_equal = if self.keys.is_empty() {
            name.len() == candidate.len() && same(&sought, &key(candidate))
        } else {
            same(&sought, &self.keys[at])
        };
        if is_equal && same_between(name, candidate) {
            Some(at)
        } else {
            None
        }
    }

    /// The slot of a hash, below the length of `index`.
    #[inline]
    const fn slot(&self, hash: u64) -> usize {
        let slot = top_bits(hash, self.index.len());
        if self.pilots.is_empty() {
            slot
        } else {
            slot ^ self.pilots[bucket(hash, self.pilots.len())] as usize
        }
    }
}

/// Which pilot a hash takes. The multiplication makes it depend on other bits of the hash than
/// the slot does.
#[inline]
#[must_use]
pub const fn bucket(hash: u64, pilots: usize) -> usize {
    top_bits(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15), pilots)
}

/// The highest bits of a hash, as many as number `len` values; `len` is a power of two above one.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "at most 16 bits are left")]
#[must_use]
pub const fn top_bits(hash: u64, len: usize) -> usize {
    (hash >> (64 - len.trailing_zeros())) as usize
}

/// The first, the second and the last word of a name, and its length: all of a name of up to 24
/// bytes.
pub type Key = [u64; 4];

/// Reads the key of a name.
#[inline]
#[must_use]
pub const fn key(name: &[u8]) -> Key {
    let len = name.len();
    let (first, second, last) = match len {
        0 => (0, 0, 0),
        1..4 => (name[0] as u64, name[len / 2] as u64, name[len - 1] as u64),
        4..8 => (half_word(name, 0), 0, half_word(name, len - 4)),
        _ => (
            word(name, 0),
            word(name, next(name, 0)),
            word(name, len - 8),
        ),
    };
    [first, second, last, len as u64]
}

/// The hash of a name, whose key is `key`. Each word has a multiplier of its own, so that other
/// seeds part any two names.
#[inline]
#[must_use]
pub const fn hash(name: &[u8], key: &Key, seeds: &Seeds) -> u64 {
    let mut hash = key[0]
        .wrapping_mul(seeds[0])
        .wrapping_add(key[1].wrapping_mul(seeds[1]))
        .wrapping_add(key[2].wrapping_mul(seeds[2]))
        .wrapping_add(key[3].wrapping_mul(seeds[3]));
    let mut at = 16;
    while at + 8 < name.len() {
        hash = hash
            .rotate_left(29)
            .wrapping_add(word(name, at).wrapping_mul(seeds[0]))
            .wrapping_add(word(name, next(name, at)).wrapping_mul(seeds[1]));
        at += 16;
    }
    hash
}

#[inline]
const fn same(a: &Key, b: &Key) -> bool {
    a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]
}

/// Whether two names of one length are the same between the words of their keys.
#[inline]
const fn same_between(a: &[u8], b: &[u8]) -> bool {
    let mut at = 16;
    while at + 8 < a.len() {
        let next = next(a, at);
        if word(a, at) != word(b, at) || word(a, next) != word(b, next) {
            return false;
        }
        at += 16;
    }
    true
}

/// Where the word after the one at `at` begins: where that one ends or, to stay in the name, before.
#[inline]
const fn next(name: &[u8], at: usize) -> usize {
    let last = name.len() - 8;
    if at + 8 < last { at + 8 } else { last }
}

/// The eight bytes at `at`; zero where the name is too short, which no caller asks for.
#[inline]
const fn word(name: &[u8], at: usize) -> u64 {
    match name.split_at(at).1.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => 0,
    }
}

/// The four bytes at `at`, likewise.
#[inline]
const fn half_word(name: &[u8], at: usize) -> u64 {
    match name.split_at(at).1.first_chunk() {
        Some(bytes) => u32::from_le_bytes(*bytes) as u64,
        None => 0,
    }
}
