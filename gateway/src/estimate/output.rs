//! What answers are expected to use, learned from recent ones.

use std::collections::VecDeque;
use std::time::Duration;

/// The number of recent answers on which an estimate is based. With half as many, chance changes it
/// so much that less of a limit can be used.
const ANSWERS: usize = 128;

/// The number of answers that an estimate needs.
const MIN_ANSWERS: usize = 16;

/// The part of the answers that the usual number of tokens covers.
const PART: f64 = 0.9;

/// The output tokens of recent answers, and the time that they took.
#[derive(Debug, Default)]
pub(super) struct OutputEstimate {
    /// Oldest first.
    recent: VecDeque<Answer>,
}

#[derive(Debug)]
struct Answer {
    tokens: u32,
    milliseconds: u32,
}

impl OutputEstimate {
    /// Adds an answer.
    pub(super) fn observe(&mut self, tokens: u64, time: Duration) {
        if self.recent.len() == ANSWERS {
            self.recent.pop_front();
        }
        self.recent.push_back(Answer {
            tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
            milliseconds: milliseconds(time),
        });
    }

    /// Returns the tokens that nine in ten answers do not exceed. Returns `None` if there were too few
    /// answers.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "the rank is between 0 and the number of answers"
    )]
    pub(super) fn usual(&self) -> Option<u64> {
        let len = self.known()?;
        let mut sorted = [0; ANSWERS];
        for (tokens, answer) in sorted.iter_mut().zip(&self.recent) {
            *tokens = answer.tokens;
        }
        let rank = (PART * len as f64).ceil() as usize;
        let (_, tokens, _) = sorted[..len].select_nth_unstable(rank.clamp(1, len) - 1);
        Some(u64::from(*tokens))
    }

    /// Returns the tokens that an answer is expected to use if it has not ended after this time: the
    /// mean of the answers that took longer, or the most of all answers if none did. Returns `None`
    /// if there were too few answers.
    ///
    /// Long answers run for longer than short ones, so of those that run at some time, far more than
    /// one in ten exceeds what is usual.
    pub(super) fn after(&self, time: Duration) -> Option<u64> {
        self.known()?;
        let time = milliseconds(time);
        let longer = self
            .recent
            .iter()
            .filter(|answer| answer.milliseconds > time);
        let tokens = |answer: &Answer| u64::from(answer.tokens);
        let (count, sum) = longer.fold((0, 0), |(count, sum), answer| {
            (count + 1, sum + tokens(answer))
        });
        if count == 0 {
            return self.recent.iter().map(tokens).max();
        }
        Some(sum / count)
    }

    /// Returns the number of answers, if there are enough of them.
    fn known(&self) -> Option<usize> {
        let len = self.recent.len();
        (len >= MIN_ANSWERS).then_some(len)
    }
}

/// Saturates after seven weeks. No answer takes as long as that.
fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ANSWERS, MIN_ANSWERS, OutputEstimate};

    /// Returns an estimate from answers that took a second for each token.
    fn learned(tokens: impl IntoIterator<Item = u64>) -> OutputEstimate {
        let mut estimate = OutputEstimate::default();
        for tokens in tokens {
            estimate.observe(tokens, Duration::from_secs(tokens));
        }
        estimate
    }

    fn after(estimate: &OutputEstimate, seconds: u64) -> Option<u64> {
        estimate.after(Duration::from_secs(seconds))
    }

    #[test]
    fn too_few_answers_say_nothing() {
        let few = learned(1..MIN_ANSWERS as u64);
        assert_eq!((few.usual(), after(&few, 0)), (None, None));
        let enough = learned(1..=MIN_ANSWERS as u64);
        assert_eq!((enough.usual(), after(&enough, 0)), (Some(15), Some(8)));
    }

    #[test]
    fn nine_in_ten_answers_are_usual() {
        assert_eq!(learned(1..=100).usual(), Some(90));
    }

    #[test]
    fn a_call_that_runs_for_longer_is_expected_to_use_more() {
        // Nineteen answers in twenty are short.
        let estimate = learned((1..=100).map(|number| if number % 20 == 0 { 400 } else { 10 }));
        assert_eq!(estimate.usual(), Some(10));
        assert_eq!(after(&estimate, 0), Some((95 * 10 + 5 * 400) / 100));
        assert_eq!(after(&estimate, 10), Some(400));
        // No answer took so long.
        assert_eq!(after(&estimate, 1_000), Some(400));
    }

    #[test]
    fn old_answers_are_forgotten() {
        let short = std::iter::repeat_n(10, ANSWERS);
        let estimate = learned([9_000; ANSWERS].into_iter().chain(short));
        assert_eq!(
            (estimate.usual(), after(&estimate, 10)),
            (Some(10), Some(10))
        );
    }
}
