//! What a request costs.

use std::array;

use model_studio_limits::LimitKind;

const KINDS: usize = LimitKind::ALL.len();

/// What a request uses of each kind of limit.
///
/// An integer converts into a cost. It counts toward every limit on an amount: tokens, input
/// tokens, output tokens, characters and seconds of audio. Most models are limited in only one of
/// these, and the integer is in that unit. The request also counts as one request, one submission
/// and one image, and as one concurrent request or task while it runs.
///
/// ```
/// use model_studio_limiter::Cost;
/// use model_studio_limits::LimitKind;
///
/// let cost = Cost::from(1_200);
/// assert_eq!(cost.amount(LimitKind::Tokens), 1_200);
/// assert_eq!(cost.amount(LimitKind::Requests), 1);
///
/// let cost = Cost::input_output(800, 400);
/// assert_eq!(cost.amount(LimitKind::Tokens), 1_200);
/// assert_eq!(cost.amount(LimitKind::OutputTokens), 400);
///
/// // A task that creates four images.
/// let cost = Cost::default().with(LimitKind::Images, 4);
/// assert_eq!(cost.amount(LimitKind::Images), 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cost {
    /// By the position of the kind in `LimitKind::ALL`.
    amounts: [u64; KINDS],
}

impl Cost {
    /// Creates the cost of a request with this number of input and output tokens.
    #[must_use]
    pub fn input_output(input: u64, output: u64) -> Self {
        Self::from(input.saturating_add(output))
            .with(LimitKind::InputTokens, input)
            .with(LimitKind::OutputTokens, output)
    }

    /// Replaces the amount of a kind.
    #[must_use]
    pub fn with(mut self, kind: LimitKind, amount: u64) -> Self {
        self.amounts[kind.index()] = amount;
        self
    }

    /// Returns the amount of a kind.
    #[inline]
    #[must_use]
    pub fn amount(&self, kind: LimitKind) -> u64 {
        self.amounts[kind.index()]
    }

    /// Returns the final cost of a request with this estimate that is settled with `actual`.
    ///
    /// Settling only changes amounts such as tokens. If only the estimate is split into input and
    /// output tokens, the total of `actual` is split with the same number of input tokens.
    #[inline]
    pub(crate) fn settled(&self, actual: &Self) -> Self {
        let mut cost = *actual;
        if let (Some((input, _)), None) = (self.split(), actual.split()) {
            let total = actual.amount(LimitKind::Tokens);
            let input = input.min(total);
            cost = Self::input_output(input, total - input);
        }
        for kind in LimitKind::ALL.iter().filter(|kind| !kind.is_measured()) {
            cost.amounts[kind.index()] = self.amount(*kind);
        }
        cost
    }

    /// Returns the input and output tokens, if their sum is the total.
    #[inline]
    pub(crate) fn split(&self) -> Option<(u64, u64)> {
        let input = self.amount(LimitKind::InputTokens);
        let output = self.amount(LimitKind::OutputTokens);
        let total = input.saturating_add(output);
        (total > 0 && total == self.amount(LimitKind::Tokens)).then_some((input, output))
    }

    /// Returns `true` if a request of another cost may start in place of one of this cost: it uses no
    /// more tokens and the like, and the same of all other kinds.
    #[cfg(feature = "redis")]
    pub(crate) fn covers(&self, other: &Self) -> bool {
        LimitKind::ALL.iter().all(|kind| {
            let (amount, needed) = (self.amount(*kind), other.amount(*kind));
            amount == needed || (kind.is_measured() && amount > needed)
        })
    }

    /// Returns the larger amount of each kind. If both costs have input and output tokens, the
    /// total is the sum of the larger ones.
    pub(crate) fn max(mut self, other: &Self) -> Self {
        let is_split = self.split().is_some() && other.split().is_some();
        for (amount, other) in self.amounts.iter_mut().zip(other.amounts) {
            *amount = (*amount).max(other);
        }
        if is_split {
            let output = self.amount(LimitKind::OutputTokens);
            let total = self.amount(LimitKind::InputTokens).saturating_add(output);
            self = self.with(LimitKind::Tokens, total);
        }
        self
    }
}

impl From<u64> for Cost {
    #[inline]
    fn from(amount: u64) -> Self {
        Self {
            amounts: array::from_fn(|index| {
                let is_measured = LimitKind::ALL[index].is_measured();
                if is_measured { amount } else { 1 }
            }),
        }
    }
}

/// The cost of a request that uses no tokens.
impl Default for Cost {
    fn default() -> Self {
        Self::from(0)
    }
}

/// The sum of the costs of several requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Total([u128; KINDS]);

impl Total {
    #[inline]
    pub(crate) fn add(&mut self, cost: &Cost) {
        for (sum, amount) in self.0.iter_mut().zip(cost.amounts) {
            *sum += u128::from(amount);
        }
    }

    /// Removes the cost of a request that was added before.
    #[inline]
    pub(crate) fn remove(&mut self, cost: &Cost) {
        for (sum, amount) in self.0.iter_mut().zip(cost.amounts) {
            *sum -= u128::from(amount);
        }
    }

    #[inline]
    pub(crate) fn amount(&self, kind: LimitKind) -> u128 {
        self.0[kind.index()]
    }

    /// Adds only the measured amounts, because nothing reads the total of the others.
    #[inline]
    pub(crate) fn add_measured(&mut self, cost: &Cost) {
        for kind in LimitKind::ALL.iter().filter(|kind| kind.is_measured()) {
            self.0[kind.index()] += u128::from(cost.amount(*kind));
        }
    }

    /// Removes the amounts that [`add_measured`](Self::add_measured) added.
    #[inline]
    pub(crate) fn remove_measured(&mut self, cost: &Cost) {
        for kind in LimitKind::ALL.iter().filter(|kind| kind.is_measured()) {
            self.0[kind.index()] -= u128::from(cost.amount(*kind));
        }
    }
}

/// The kinds without a window, which a request occupies while it runs.
pub(crate) const CONCURRENCY: [LimitKind; 2] =
    [LimitKind::ConcurrentRequests, LimitKind::ConcurrentTasks];
