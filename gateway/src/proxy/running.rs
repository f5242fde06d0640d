//! A call that was sent and has not ended.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;

use model_studio_limiter::Cost;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::plan::Plan;
use crate::admission::CallPermit;
use crate::estimate::{PERIOD, Size};
use crate::shared::Shared;

/// A call that was sent and has not ended, with its permit.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) permit: CallPermit,
    shared: Arc<Shared>,
    /// The name of the model's estimates, which is empty if nothing is learned of the model.
    model: Arc<str>,
    /// Identifies the client whose lengths of answers are learned.
    client: Arc<str>,
    size: Size,
    /// The output tokens that the call is expected to use.
    output: u64,
    /// When the call was sent, or when the answer has begun if that can be seen.
    started: Instant,
    /// `None` if nothing is learned of the call.
    ticks: Option<Interval>,
}

impl Running {
    /// Starts a call with a permit for a candidate.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        plan: &Plan,
        candidate: usize,
        permit: CallPermit,
    ) -> Self {
        let candidate = &plan.candidates[candidate];
        let is_learned = !candidate.name.is_empty() && !plan.is_task;
        let ticks = is_learned.then(|| {
            let mut ticks = interval_at(Instant::now() + PERIOD, PERIOD);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        Self {
            permit,
            shared: Arc::clone(shared),
            model: Arc::clone(&candidate.name),
            client: Arc::clone(&plan.caller.id),
            size: plan.size,
            output: candidate.output,
            started: Instant::now(),
            ticks,
        }
    }

    /// Waits for a part of the answer, and raises the estimate meanwhile.
    pub(crate) async fn wait_for<T>(&mut self, part: impl Future<Output = T>) -> T {
        let mut part = pin!(part);
        poll_fn(|context| {
            self.poll_estimate(context);
            part.as_mut().poll(context)
        })
        .await
    }

    /// Notes that the first event of a stream has arrived. The provider can hold a call before it
    /// answers, which does not mean that the answer is long.
    pub(crate) fn begins(&mut self) {
        self.started = Instant::now();
        if let Some(ticks) = &mut self.ticks {
            ticks.reset();
        }
    }

    /// Raises the estimate if the answer takes longer than others that it was based on, because it is
    /// then longer too. The task is woken for the next comparison.
    pub(crate) fn poll_estimate(&mut self, context: &mut Context<'_>) {
        let Some(ticks) = &mut self.ticks else {
            return;
        };
        while ticks.poll_tick(context).is_ready() {
            let (estimates, time) = (&self.shared.estimates, self.started.elapsed());
            let output = estimates.output_after(&self.model, &self.client, self.size, time);
            if let Some(output) = output.filter(|output| *output > self.output) {
                self.output = output;
                self.permit.report(Cost::input_output(0, output));
            }
        }
    }

    /// Learns from the usage of the answer, which has ended. Its time includes that in which the client
    /// did not read it.
    pub(crate) fn learn(&self, input: u64, output: u64) {
        if self.model.is_empty() {
            return;
        }
        let (estimates, time) = (&self.shared.estimates, self.started.elapsed());
        estimates.observe(&self.model, &self.client, self.size, (input, output), time);
    }
}
