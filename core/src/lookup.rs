//! Finds a name in a table with a perfect hash.
//!
//! A name is read as words of eight bytes. The first, the second and the last word may overlap, and
//! together cover names of up to 24 bytes. In longer names, the words between them are read too.
//! Each word is multiplied by a seed. The generator chooses the seeds so that no two names of the
//! table share a slot. A lookup computes the slot of a string and compares the string with the name
//! in that slot, the only one that can be equal.
//!
//! Names of 8 to 24 bytes take the same branches. When lengths vary, a branch that depends on the
//! length is often mispredicted, which costs as much as the rest of the lookup.
//!
//! For larger tables, it is not practical to find seeds that give every name its own slot. Instead,
//! a part of the hash selects a bucket. Each bucket has a *pilot*, a number that moves the names of
//! the bucket to free slots.

/// The maximum number of names in a table, including aliases. With this maximum, slots and pilots
/// fit into 16 bits, and enough slots are free for the generator to find pilots.
pub const MAX_NAMES: usize = 50_000;

/// The multipliers for the three words of a name and for its length.
pub type Seeds = [u64; 4];

/// Names, and the parameters of the hash function that finds them.
///
/// The generator chooses the parameters. The lengths of `index` and `pilots` are powers of two.
#[derive(Debug)]
pub struct Lookup<'a> {
    /// The multipliers.
    pub seeds: Seeds,
    /// The pilot of each bucket, which is combined with the slot by XOR. Empty for a small table.
    pub pilots: &'a [u16],
    /// For each slot, the position of the only name with this slot, or 0 if there is none.
    pub index: &'a [u16],
    /// The keys of the names, so that short names do not have to be read. Empty for a large table,
    /// where compiling the keys would take too long.
    pub keys: &'a [NameKey],
    /// The names, at least one.
    pub names: &'a [&'a str],
    /// The length of the longest name.
    pub longest: usize,
}

impl Lookup<'_> {
    /// Returns the position of `name` in `names`.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "the parameters become constants in the caller"
    )]
    #[must_use]
    pub const fn find(&self, name: &str) -> Option<usize> {
        let name = name.as_bytes();
        if name.len() > self.longest {
            return None;
        }
        let sought = name_key(name);
        let position = self.index[self.slot(hash(name, &sought, &self.seeds))] as usize;
        let candidate = self.names[position].as_bytes();
        let is_equal = if self.keys.is_empty() {
            name.len() == candidate.len() && same(&sought, &name_key(candidate))
        } else {
            same(&sought, &self.keys[position])
        };
        if is_equal && same_between(name, candidate) {
            Some(position)
        } else {
            None
        }
    }

    /// Returns the slot for a hash, a position in `index`.
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

/// Returns the position of the pilot for a hash. The multiplication mixes in the lower bits, so
/// that names in the same slot can have different pilots.
#[inline]
#[must_use]
pub const fn bucket(hash: u64, pilots: usize) -> usize {
    top_bits(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15), pilots)
}

/// Returns the highest bits of a hash, a number below `len`, which is a power of two greater than
/// 1.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "at most 16 bits remain")]
#[must_use]
pub const fn top_bits(hash: u64, len: usize) -> usize {
    (hash >> (64 - len.trailing_zeros())) as usize
}

/// The first, the second and the last word of a name, and its length. Names of up to 24 bytes are
/// equal if and only if their keys are equal.
pub type NameKey = [u64; 4];

/// Returns the key of a name.
#[inline]
#[must_use]
pub const fn name_key(name: &[u8]) -> NameKey {
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

/// Returns the hash of a name, whose key is `key`. The first, second and last word and the
/// length have their own multipliers; the words in between reuse the first two after a rotation.
#[inline]
#[must_use]
pub const fn hash(name: &[u8], key: &NameKey, seeds: &Seeds) -> u64 {
    let mut hash = key[0]
        .wrapping_mul(seeds[0])
        .wrapping_add(key[1].wrapping_mul(seeds[1]))
        .wrapping_add(key[2].wrapping_mul(seeds[2]))
        .wrapping_add(key[3].wrapping_mul(seeds[3]));
    let mut i = 16;
    while i + 8 < name.len() {
        hash = hash
            .rotate_left(29)
            .wrapping_add(word(name, i).wrapping_mul(seeds[0]))
            .wrapping_add(word(name, next(name, i)).wrapping_mul(seeds[1]));
        i += 16;
    }
    hash
}

#[inline]
const fn same(a: &NameKey, b: &NameKey) -> bool {
    a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3]
}

/// Compares the bytes of two names of the same length that are not covered by their keys.
#[inline]
const fn same_between(a: &[u8], b: &[u8]) -> bool {
    let mut i = 16;
    while i + 8 < a.len() {
        let next = next(a, i);
        if word(a, i) != word(b, i) || word(a, next) != word(b, next) {
            return false;
        }
        i += 16;
    }
    true
}

/// Returns the start of the word after the one at `start`, but at most that of the last word.
#[inline]
const fn next(name: &[u8], start: usize) -> usize {
    let last = name.len() - 8;
    if start + 8 < last { start + 8 } else { last }
}

/// Returns the eight bytes at `start`. Callers ensure that there are enough; otherwise returns 0.
#[inline]
const fn word(name: &[u8], start: usize) -> u64 {
    match name.split_at(start).1.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => 0,
    }
}

/// Returns the four bytes at `start`. Callers ensure that there are enough; otherwise returns 0.
#[inline]
const fn half_word(name: &[u8], start: usize) -> u64 {
    match name.split_at(start).1.first_chunk() {
        Some(bytes) => u32::from_le_bytes(*bytes) as u64,
        None => 0,
    }
}
