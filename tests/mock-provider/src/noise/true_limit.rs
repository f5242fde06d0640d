//! The limit that the provider applies, which can differ from the printed one.

use fastrand::Rng;

/// The fraction of the printed limit that the provider allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TrueLimit {
    /// Always the same fraction.
    Constant(f64),
    /// One fraction in one minute, the other in the next.
    Alternating(f64, f64),
    /// A fraction that moves by at most `step` every minute.
    Walk {
        /// The smallest fraction.
        least: f64,
        /// The largest fraction.
        most: f64,
        /// The largest change.
        step: f64,
    },
}

impl TrueLimit {
    /// Returns the fraction in the first minute.
    pub(crate) fn first(self) -> f64 {
        match self {
            Self::Constant(fraction) | Self::Alternating(fraction, _) => fraction,
            Self::Walk { least, most, .. } => f64::midpoint(least, most),
        }
    }

    /// Returns the fraction in the minute after `minute`, which had this `fraction`.
    pub(crate) fn next(self, minute: u32, fraction: f64, rng: &mut Rng) -> f64 {
        match self {
            Self::Constant(fraction) => fraction,
            Self::Alternating(even, odd) => {
                if minute % 2 == 0 {
                    odd
                } else {
                    even
                }
            }
            Self::Walk { least, most, step } => {
                (fraction + step * (2.0 * rng.f64() - 1.0)).clamp(least, most)
            }
        }
    }
}
