//! Events for `tracing`. Without that feature, these functions do nothing.

use std::time::Duration;

use crate::Refusal;

/// A request was admitted after it had waited.
pub(crate) fn waited(wait: Duration) {
    #[cfg(feature = "tracing")]
    tracing::debug!(
        wait_ms = milliseconds(wait),
        "a request had to wait for the rate limits"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = wait;
}

/// The provider refused a request. `pause` is how long the limiter pauses, or zero.
pub(crate) fn refused(refusal: Refusal, pause: Duration) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        ?refusal,
        pause_ms = milliseconds(pause),
        "the provider refused a request"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = (refusal, pause);
}

/// A permit was dropped before it was settled, so its estimate stays counted.
pub(crate) fn unsettled() {
    #[cfg(feature = "tracing")]
    tracing::debug!("a permit was dropped before it was settled, so its estimate stays counted");
}

/// A server deletes keys when its memory is full.
#[cfg(feature = "redis")]
pub(crate) fn may_evict(policy: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(
        policy,
        "the server of the rate limits deletes keys when its memory is full, so that limits can be \
         exceeded: set `maxmemory-policy` to `noeviction`"
    );
    #[cfg(not(feature = "tracing"))]
    let _ = policy;
}

#[cfg(feature = "tracing")]
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
