//! Columns of values, which the generator writes.

use core::fmt;
use core::num::NonZeroU64;
use core::time::Duration;

use crate::{Limit, LimitKind, Limits};

/// A value of each model, or of some models.
///
/// Arrays of integers compile several times as fast as arrays of structs. Therefore each distinct
/// value is written once, and models refer to it by its position.
pub struct Column<T: 'static> {
    /// The position of each model's value in `values`, counted from 1. 0 means that the model has no
    /// value. Trailing zeros are left out.
    pub positions: &'static [u16],
    /// The distinct values.
    pub values: &'static [T],
}

/// The limits of each model.
#[derive(Debug)]
pub struct LimitColumn {
    /// The position of each model's list of limits in `ends`.
    pub positions: &'static [u16],
    /// The end of each list in `limits`.
    pub ends: &'static [u32],
    /// The limits of all lists.
    pub limits: &'static [Limit],
}

/// Writes no values, of which a table can have thousands.
impl<T> fmt::Debug for Column<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column").finish_non_exhaustive()
    }
}

impl<T> Column<T> {
    /// Returns a reference to the value of the model at `index`, if it has one.
    pub(crate) fn get_ref(&self, index: usize) -> Option<&'static T> {
        let position = usize::from(*self.positions.get(index)?);
        Some(&self.values[position.checked_sub(1)?])
    }
}

impl<T: Copy> Column<T> {
    /// Returns the value of the model at `index`, if it has one.
    #[inline]
    #[must_use]
    pub const fn get(&self, index: usize) -> Option<T> {
        if index >= self.positions.len() {
            return None;
        }
        match self.positions[index] {
            0 => None,
            position => Some(self.values[position as usize - 1]),
        }
    }

    /// Returns the value of the model at `index`.
    ///
    /// # Panics
    ///
    /// Panics if the model has no value.
    #[inline]
    #[must_use]
    pub const fn require(&self, index: usize) -> T {
        self.values[self.positions[index] as usize - 1]
    }
}

impl LimitColumn {
    /// Returns the limits of the model at `index`.
    #[inline]
    #[must_use]
    pub const fn get(&self, index: usize) -> Limits {
        let position = self.positions[index] as usize;
        let start = if position == 0 {
            0
        } else {
            self.ends[position - 1]
        };
        let before_end = self.limits.split_at(self.ends[position] as usize).0;
        Limits::new(before_end.split_at(start as usize).1)
    }
}

/// Creates limits from the indexes of the kinds, the counts, and the windows in seconds. A window is 0
/// for a limit without one. The generator has checked the numbers.
///
/// The compiler interprets this for every limit of a table, so it does as little as possible.
///
/// # Panics
///
/// Panics if a count is 0.
#[must_use]
pub const fn limits<const N: usize>(
    kinds: &[u8; N],
    counts: &[u64; N],
    seconds: &[u64; N],
) -> [Limit; N] {
    let all = LimitKind::ALL;
    let mut limits = [Limit {
        kind: LimitKind::Requests,
        count: NonZeroU64::MIN,
        per: None,
    }; N];
    let mut index = 0;
    while index < N {
        limits[index] = Limit {
            kind: all[kinds[index] as usize],
            count: match NonZeroU64::new(counts[index]) {
                Some(count) => count,
                None => panic!("a count is at least 1"),
            },
            per: match seconds[index] {
                0 => None,
                seconds => Some(Duration::from_secs(seconds)),
            },
        };
        index += 1;
    }
    limits
}
