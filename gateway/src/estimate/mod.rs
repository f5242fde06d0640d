//! What calls are expected to cost, learned from what earlier ones have cost.

mod output;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use output::OutputEstimate;

/// How often the estimate of a call that runs is compared with the time that its answer takes.
pub(crate) const PERIOD: Duration = Duration::from_millis(500);

/// The most clients of which the answers to one model are remembered. If there are more, those that
/// have been idle the longest are forgotten.
const MAX_CLIENTS: usize = 1_000;

/// The tokens per byte of text before the first answer. English text has about 0.25, and Chinese
/// text in UTF-8 about 0.3.
const FIRST_RATIO: f64 = 0.3;

/// The number of bytes that count as one observation of [`FIRST_RATIO`].
const FIRST_BYTES: f64 = 4_000.0;

/// The tokens of an image or another part that is not text, before the first answer.
const FIRST_PART: f64 = 1_000.0;

/// The factor by which each observation discounts the earlier ones. The last 50 or so count.
const DECAY: f64 = 0.98;

/// What was learned of all models.
#[derive(Debug, Default)]
pub(crate) struct Estimates {
    models: Mutex<HashMap<Arc<str>, ModelEstimates>>,
}

/// What the gateway knows of a call before it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// The bytes of text.
    pub(crate) text: u64,
    /// The number of images and other parts that are not text.
    pub(crate) binary_parts: u64,
    /// The most output tokens, if the client has set it.
    pub(crate) max_output: Option<u64>,
    /// The number of answers.
    pub(crate) answers: u64,
}

#[derive(Debug, Default)]
struct ModelEstimates {
    input: InputEstimate,
    /// The output tokens of the answers to all clients.
    output: OutputEstimate,
    by_client: HashMap<Box<str>, ClientEstimate>,
    /// Counts the calls.
    now: u64,
}

#[derive(Debug, Default)]
struct ClientEstimate {
    output: OutputEstimate,
    last_used: u64,
}

/// Weighted sums of what was observed.
#[derive(Debug)]
struct InputEstimate {
    bytes: f64,
    tokens_of_text: f64,
    parts: f64,
    tokens_of_parts: f64,
}

impl Estimates {
    /// Returns the input and output tokens that a call is expected to use. `assumed_output` is what an
    /// answer uses if nothing is known.
    pub(crate) fn estimate(
        &self,
        model: &str,
        client: &str,
        size: Size,
        assumed_output: u64,
    ) -> (u64, u64) {
        let models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(model) = models.get(model) else {
            let output = size.max_output.unwrap_or(assumed_output);
            let input = InputEstimate::default().tokens(size);
            return (input, output.saturating_mul(size.answers));
        };
        let learned = model.output_of(client, OutputEstimate::usual);
        let bound = size.max_output;
        let output = match learned {
            Some(learned) => learned.min(bound.unwrap_or(u64::MAX)),
            None => bound.unwrap_or(assumed_output),
        };
        (
            model.input.tokens(size),
            output.saturating_mul(size.answers),
        )
    }

    /// Returns the output tokens that a call is expected to use if it has not ended after this time.
    /// Returns `None` if too little is known.
    pub(crate) fn output_after(
        &self,
        model: &str,
        client: &str,
        size: Size,
        time: Duration,
    ) -> Option<u64> {
        let models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let model = models.get(model)?;
        let output = model.output_of(client, |output| output.after(time))?;
        let output = output.min(size.max_output.unwrap_or(u64::MAX));
        Some(output.saturating_mul(size.answers))
    }

    /// Learns from the usage of a call, whose answer ended this long after the call was sent.
    pub(crate) fn observe(
        &self,
        model: &Arc<str>,
        client: &str,
        size: Size,
        usage: (u64, u64),
        time: Duration,
    ) {
        let (input, output) = usage;
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let model = models.entry(Arc::clone(model)).or_default();
        model.now += 1;
        model.input.observe(size, input);
        let output = output / size.answers.max(1);
        model.output.observe(output, time);
        if let Some(known) = model.by_client.get_mut(client) {
            known.observe(output, time, model.now);
            return;
        }
        model.forget_idle_clients();
        let known = model.by_client.entry(client.into()).or_default();
        known.observe(output, time, model.now);
    }
}

impl ModelEstimates {
    /// Returns what is known of the answers to a client, or else of those to all clients.
    fn output_of(
        &self,
        client: &str,
        known: impl Fn(&OutputEstimate) -> Option<u64>,
    ) -> Option<u64> {
        let of_client = self.by_client.get(client);
        of_client
            .and_then(|client| known(&client.output))
            .or_else(|| known(&self.output))
    }

    /// Forgets half of the clients if there are too many.
    fn forget_idle_clients(&mut self) {
        if self.by_client.len() < MAX_CLIENTS {
            return;
        }
        let mut times: Vec<u64> = self
            .by_client
            .values()
            .map(|client| client.last_used)
            .collect();
        let middle = times.len() / 2;
        let (_, median, _) = times.select_nth_unstable(middle);
        let median = *median;
        self.by_client.retain(|_, client| client.last_used > median);
    }
}

impl ClientEstimate {
    fn observe(&mut self, output: u64, time: Duration, now: u64) {
        self.output.observe(output, time);
        self.last_used = now;
    }
}

impl Default for InputEstimate {
    fn default() -> Self {
        Self {
            bytes: FIRST_BYTES,
            tokens_of_text: FIRST_BYTES * FIRST_RATIO,
            parts: 1.0,
            tokens_of_parts: FIRST_PART,
        }
    }
}

impl InputEstimate {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts of floating point numbers saturate, and the numbers are not negative"
    )]
    fn tokens(&self, size: Size) -> u64 {
        self.of_text(size).round() as u64 + self.of_parts(size).round() as u64
    }

    fn observe(&mut self, size: Size, input: u64) {
        let input = to_f64(input);
        if size.binary_parts == 0 {
            self.bytes = self.bytes * DECAY + to_f64(size.text);
            self.tokens_of_text = self.tokens_of_text * DECAY + input;
        } else {
            let of_parts = (input - self.of_text(size)).max(0.0);
            self.parts = self.parts * DECAY + to_f64(size.binary_parts);
            self.tokens_of_parts = self.tokens_of_parts * DECAY + of_parts;
        }
    }

    fn of_text(&self, size: Size) -> f64 {
        to_f64(size.text) * self.tokens_of_text / self.bytes
    }

    fn of_parts(&self, size: Size) -> f64 {
        to_f64(size.binary_parts) * self.tokens_of_parts / self.parts
    }
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn to_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Estimates, MAX_CLIENTS, Size};

    const SIZE: Size = Size {
        text: 4_000,
        binary_parts: 0,
        max_output: None,
        answers: 1,
    };

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_first_estimate_is_assumed() {
        let estimates = Estimates::default();
        assert_eq!(estimates.estimate("m", "a", SIZE, 500), (1_200, 500));
        let size = Size {
            max_output: Some(100),
            answers: 3,
            ..SIZE
        };
        assert_eq!(estimates.estimate("m", "a", size, 500), (1_200, 300));
    }

    #[test]
    fn tokens_per_byte_are_learned_from_text() {
        let estimates = Estimates::default();
        let model = Arc::from("m");
        for _ in 0..2_000 {
            estimates.observe(&model, "a", SIZE, (800, 10), SECOND);
        }
        // An image does not change what text costs.
        let image = Size {
            binary_parts: 2,
            ..SIZE
        };
        for _ in 0..2_000 {
            estimates.observe(&model, "a", image, (4_800, 10), SECOND);
        }
        assert_eq!(estimates.estimate("m", "a", SIZE, 500).0, 800);
        assert_eq!(estimates.estimate("m", "a", image, 500).0, 4_800);
    }

    #[test]
    fn output_is_learned_for_each_client() {
        let estimates = Estimates::default();
        let model = Arc::from("m");
        for _ in 0..16 {
            estimates.observe(&model, "short", SIZE, (800, 10), SECOND);
            estimates.observe(&model, "long", SIZE, (800, 9_000), SECOND);
        }
        assert_eq!(estimates.estimate("m", "short", SIZE, 500).1, 10);
        assert_eq!(estimates.estimate("m", "long", SIZE, 500).1, 9_000);
        // A new client is assumed to be like all others together.
        assert_eq!(estimates.estimate("m", "new", SIZE, 500).1, 9_000);
        let size = Size {
            max_output: Some(700),
            ..SIZE
        };
        assert_eq!(estimates.estimate("m", "long", size, 500).1, 700);
    }

    #[test]
    fn idle_clients_are_forgotten() {
        let estimates = Estimates::default();
        let model = Arc::from("m");
        for client in 0..3 * MAX_CLIENTS {
            for _ in 0..16 {
                estimates.observe(&model, "busy", SIZE, (800, 10), SECOND);
            }
            estimates.observe(&model, &client.to_string(), SIZE, (800, 9_000), SECOND);
        }
        let models = estimates.models.lock().unwrap();
        let clients = &models[&model].by_client;
        assert!(clients.len() <= MAX_CLIENTS);
        assert!(clients.contains_key("busy"));
    }
}
