//! Decides when a worker sends its request.

use model_studio_limiter::{Builder, LimiterLimits};

/// What decides when a worker sends its request.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there are only a few of them")]
pub enum Pacer {
    /// The limiter of this project. A refused request waits for a new permit at once.
    Limiter(Builder<LimiterLimits>),
    /// Governor. Workers wait in a queue, and the first one waits until the earliest possible time.
    /// A refused request is retried after a random backoff, which doubles.
    ///
    /// Governor allows a second's requests at once and refills the rest of the limit over a minute,
    /// so that no minute exceeds the limit.
    Governor,
}
