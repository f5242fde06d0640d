//! Estimates output tokens.

use std::collections::VecDeque;

/// The number of recent observations on which an estimate is based.
const SAMPLES: usize = 64;

/// The number of observations from which on they are used.
const MIN_SAMPLES: usize = 16;

/// Estimates the output tokens of a request from those of recent requests.
///
/// Good estimates matter more than any other setting: if estimates are four times too high and
/// requests take 30 seconds, a limiter reaches only half of the limit.
///
/// The estimate is a quantile of the last 64 observations, by default the 0.9 quantile. It is never
/// above the upper bound that the caller passes, and equals that bound until there are 16
/// observations.
///
/// About one in ten requests costs more than the 0.9 quantile. After such a request has completed,
/// later ones wait until the excess has expired, but the provider may refuse a request before that.
/// If your requests vary a lot, use a separate estimator for each kind of request, or a higher
/// quantile.
///
/// ```
/// use model_studio_limiter::Estimator;
///
/// let mut estimator = Estimator::new(0.9);
/// assert_eq!(estimator.estimate(2_000), 2_000);
/// for tokens in 101..=200 {
///     estimator.observe(tokens);
/// }
/// assert_eq!(estimator.estimate(2_000), 194);
/// assert_eq!(estimator.estimate(50), 50);
/// ```
#[derive(Clone, Debug)]
pub struct Estimator {
    quantile: f64,
    /// The observations, oldest first.
    recent: VecDeque<u32>,
}

impl Estimator {
    /// Creates an estimator of this quantile. It is clamped to the range from 0 to 1.
    #[must_use]
    pub fn new(quantile: f64) -> Self {
        Self {
            quantile: if quantile.is_nan() {
                1.0
            } else {
                quantile.clamp(0.0, 1.0)
            },
            recent: VecDeque::new(),
        }
    }

    /// Adds an observation: the output tokens of a request.
    pub fn observe(&mut self, output_tokens: u64) {
        if self.recent.len() == SAMPLES {
            self.recent.pop_front();
        }
        let tokens = u32::try_from(output_tokens).unwrap_or(u32::MAX);
        self.recent.push_back(tokens);
    }

    /// Returns the estimated output tokens of a request, at most `upper_bound`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the rank is between 0 and the number of samples"
    )]
    pub fn estimate(&self, upper_bound: u64) -> u64 {
        let len = self.recent.len();
        if len < MIN_SAMPLES {
            return upper_bound;
        }
        let mut samples = [0; SAMPLES];
        for (sample, tokens) in samples.iter_mut().zip(&self.recent) {
            *sample = *tokens;
        }
        let rank = (self.quantile * len as f64).ceil() as usize;
        let (_, tokens, _) = samples[..len].select_nth_unstable(rank.clamp(1, len) - 1);
        u64::from(*tokens).min(upper_bound)
    }
}

/// An estimator of the 0.9 quantile.
impl Default for Estimator {
    fn default() -> Self {
        Self::new(0.9)
    }
}
