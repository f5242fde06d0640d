//! Finds a name among the names of a catalogue, with a perfect hash.
//!
//! A name is read as three words of eight bytes: its first, its last, and one between, which
//! together cover names of up to 24 bytes. Each word is multiplied with a seed that the generator
//! drew so that no two names of the catalogue share a slot; the slot gives the one name that can
//! be equal, and comparing words tells whether it is. Longer names have their remaining words
//! hashed and compared one by one.
//!
//! Beyond some number of names no seeds can be found that keep all slots apart. Then a part of
//! the hash chooses a *pilot*, a number that moves the slots of the names that share it to where
//! nobody else is.

/// The most names, aliases included, that a catalogue can hold: so many that slots and pilots
/// still fit 16 bits, with room for the generator to find pilots.
pub const MAX_NAMES: usize = 50_000;

/// What the index of a [`Lookup`] holds where no name has its slot.
pub const EMPTY: u16 = u16::MAX;

/// The multipliers of the three words of a name and of its length.
pub type Seeds = [u64; 4];

/// A table of names, and how to find one of them.
///
/// The generator chooses `seeds`, `pilots` and `index`; the number of slots and the number of
/// pilots are powers of two.
#[derive(Debug)]
pub struct Lookup<'a> {
    /// Multipliers for which [`Lookup::slot`] is different for each name.
    pub seeds: Seeds,
    /// What is added (exclusive or) to the slots of names that share a bucket; empty in a small
    /// catalogue, whose seeds keep all slots apart.
    pub pilots: &'a [u16],
    /// By slot, the position in `keys` of the only name that has the slot, or [`EMPTY`].
    pub index: &'a [u16],
    /// The names as words.
    pub keys: &'a [Key<'a>],
}

impl Lookup<'_> {
    /// The position of `name` among the keys.
    #[inline]
    #[must_use]
    pub const fn find(&self, name: &str) -> Option<usize> {
        let sought = Key::new(name);
        let at = self.index[self.slot(&sought)];
        if at != EMPTY && sought.equals(&self.keys[at as usize]) {
            Some(at as usize)
        } else {
            None
        }
    }

    /// The slot of a name, below the length of `index`.
    #[inline]
    #[must_use]
    pub const fn slot(&self, key: &Key<'_>) -> usize {
        let hash = key.hash(&self.seeds);
        let slot = top_bits(hash, self.index.len());
        if self.pilots.is_empty() {
            slot
        } else {
            slot ^ self.pilots[Self::bucket(hash, self.pilots.len())] as usize
        }
    }

    /// Which pilot a hash takes. The multiplication makes it depend on other bits of the hash than
    /// the slot does.
    #[inline]
    #[must_use]
    pub const fn bucket(hash: u64, pilots: usize) -> usize {
        top_bits(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15), pilots)
    }
}

/// The highest bits of a hash, as many as number `len` values; `len` is a power of two above one.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "at most 16 bits are left")]
const fn top_bits(hash: u64, len: usize) -> usize {
    (hash >> (64 - len.trailing_zeros())) as usize
}

/// A name, and its words.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    first: u64,
    middle: u64,
    last: u64,
    name: &'a [u8],
}

impl<'a> Key<'a> {
    /// Reads the words of a name.
    #[inline]
    #[must_use]
    pub const fn new(name: &'a str) -> Self {
        let name = name.as_bytes();
        let len = name.len();
        let (first, middle, last) = match len {
            0 => (0, 0, 0),
            // Together with the length, these say all of the name: its bytes overlap.
            1..4 => (name[0] as u64, name[len / 2] as u64, name[len - 1] as u64),
            4..8 => (half_word(name, 0), 0, half_word(name, len - 4)),
            8..16 => (word(name, 0), 0, word(name, len - 8)),
            _ => (word(name, 0), word(name, 8), word(name, len - 8)),
        };
        Self {
            first,
            middle,
            last,
            name,
        }
    }

    /// The hash of the name. Each word has a multiplier of its own, so that other seeds part any
    /// two names.
    #[inline]
    #[must_use]
    pub const fn hash(&self, seeds: &Seeds) -> u64 {
        let mut hash = self
            .first
            .wrapping_mul(seeds[0])
            .wrapping_add(self.middle.wrapping_mul(seeds[1]))
            .wrapping_add(self.last.wrapping_mul(seeds[2]))
            .wrapping_add((self.name.len() as u64).wrapping_mul(seeds[3]));
        let mut at = 16;
        while at + 8 < self.name.len() {
            hash = (hash.rotate_left(29) ^ word(self.name, at)).wrapping_mul(seeds[1]);
            at += 8;
        }
        hash
    }

    #[inline]
    const fn equals(&self, other: &Key<'_>) -> bool {
        if self.name.len() != other.name.len()
            || self.first != other.first
            || self.middle != other.middle
            || self.last != other.last
        {
            return false;
        }
        let mut at = 16;
        while at + 8 < self.name.len() {
            if word(self.name, at) != word(other.name, at) {
                return false;
            }
            at += 8;
        }
        true
    }
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
