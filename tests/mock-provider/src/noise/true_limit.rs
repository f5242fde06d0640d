//! The limit that a provider really applies.

use fastrand::Rng;

/// The part of the printed limit that the provider allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrueLimit {
    /// Always the same part.
    Constant(f64),
    /// One part in a minute, the other in the next.
    Alternating(f64, f64),
    /// A part that moves by at most `step` every minute.
    Walk {
        /// The smallest part.
        least: f64,
        /// The greatest part.
        most: f64,
        /// The greatest change.
        step: f64,
    },
}

impl TrueLimit {
    /// Returns the part in the first minute.
    pub(crate) fn first(self) -> f64 {
        match self {
            Self::Constant(part) | Self::Alternating(part, _) => part,
            Self::Walk { least, most, .. } => f64::midpoint(least, most),
        }
    }

    /// Returns the part in the minute after one.
    pub(crate) fn next(self, minute: u32, part: f64, rng: &mut Rng) -> f64 {
        match self {
            Self::Constant(part) => part,
            Self::Alternating(even, odd) => {
                if minute % 2 == 0 {
                    odd
                } else {
                    even
                }
            }
            Self::Walk { least, most, step } => {
                (part + step * (2.0 * rng.f64() - 1.0)).clamp(least, most)
            }
        }
    }
}
