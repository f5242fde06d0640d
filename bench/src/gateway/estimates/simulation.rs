//! The calls, the limiter, the gateway's estimates and the provider, in simulated time.

use std::cell::{Cell, RefCell};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model_studio_limiter::{Builder, Class, Cost, Limiter, LimiterLimits, Permit, Refusal};
use model_studio_limits::{Limit, LimitKind};

use super::super::replay::{CLASSES, Call, MODEL};
use super::super::saturating_calls::{LIMITS, MEASURED, WARM_UP, calls};
use super::estimate::{Estimates, PERIOD, Size};
use super::meter::{Amounts, Meter};
use super::simulated_time::SimulatedTime;
use crate::measure::float;

/// The time that a call takes to the provider, and a refusal back.
const TRAVEL: Duration = Duration::from_millis(1);

/// The gateway's default of `assumed_output`.
const ASSUMED_OUTPUT: u64 = 4_096;

/// What differs between the rows of the table.
#[derive(Clone, Copy)]
pub(super) struct Settings {
    pub(super) lengths: Lengths,
    pub(super) counting: Counting,
    /// Changes the settings of the limiter.
    pub(super) limiter: fn(Builder<LimiterLimits>) -> Builder<LimiterLimits>,
}

/// What is known of the length of an answer before it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lengths {
    Known,
    Estimated,
}

/// When the provider counts tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    AtArrival,
    /// Also the input at arrival and the output at the end, in another sum.
    InBothWays,
}

/// The figures of a seed.
pub(super) struct Outcome {
    /// The part of the limit on requests or on tokens, whichever is greater, without the warm-up.
    pub(super) used: f64,
    /// The calls that the provider has refused.
    pub(super) refused: u64,
    /// The most tokens in a second, as a multiple of 1/60 of the limit.
    pub(super) largest_second: f64,
}

/// Sends the calls that a seed gives.
pub(super) fn simulate(settings: Settings, seed: u64) -> Outcome {
    let simulation = Simulation::new(settings);
    let calls = calls(WARM_UP + MEASURED, seed);
    let calls = calls.into_iter().map(|call| simulation.send(call));
    let end = simulation.start + WARM_UP + MEASURED;
    simulation.time.run(calls, end);
    simulation.outcome()
}

struct Simulation {
    settings: Settings,
    time: SimulatedTime,
    start: Instant,
    limiter: Limiter,
    model: Arc<str>,
    estimates: Estimates,
    meter: RefCell<Meter>,
    /// The requests and tokens since the warm-up.
    used: Cell<(u64, u64)>,
}

impl Simulation {
    fn new(settings: Settings) -> Self {
        let per_minute = |kind, count| Limit {
            kind,
            count: NonZeroU64::new(count).expect("the limits are not 0"),
            per: Some(Duration::from_mins(1)),
        };
        let limits = [
            per_minute(LimitKind::Requests, LIMITS.requests),
            per_minute(LimitKind::Tokens, LIMITS.tokens),
        ];
        let time = SimulatedTime::default();
        let mut limiter = Limiter::builder(limits).clock(time.clock.clone());
        for (class, weight) in CLASSES {
            limiter = limiter.class(class, Class::weight(weight));
        }
        Self {
            settings,
            start: time.now(),
            time,
            limiter: (settings.limiter)(limiter).build(),
            model: MODEL.into(),
            estimates: Estimates::default(),
            meter: RefCell::new(Meter::new(&limits)),
            used: Cell::default(),
        }
    }

    /// Sends a call as the gateway does: when the limiter admits it, and again if it is refused.
    async fn send(&self, call: Call) {
        self.time.sleep_until(self.start + call.at).await;
        // A token has four bytes.
        let size = Size {
            text: call.input * 4,
            binary_parts: 0,
            max_output: None,
            answers: 1,
        };
        let (input, output) = match self.settings.lengths {
            Lengths::Known => (call.input, call.output),
            Lengths::Estimated => self
                .estimates
                .estimate(MODEL, call.class, size, ASSUMED_OUTPUT),
        };
        let limiter = self.limiter.class(call.class);
        loop {
            let permit = limiter.acquire(Cost::input_output(input, output)).await;
            let permit = permit.expect("no call is larger than the limits");
            let sent = self.time.now();
            self.time.sleep_until(sent + TRAVEL).await;
            match self.arrive(call) {
                Ok(()) => return self.answer(call, size, output, permit, sent).await,
                Err(refusal) => {
                    self.time.sleep_until(self.time.now() + TRAVEL).await;
                    permit.refused(refusal);
                }
            }
        }
    }

    /// Lets the provider accept or refuse a call.
    fn arrive(&self, call: Call) -> Result<(), Refusal> {
        let amounts = Amounts {
            input: call.input,
            output: call.output,
            is_task: false,
        };
        let now = self.time.now().into();
        let arrived = self.meter.borrow_mut().arrive(now, amounts);
        arrived.map_err(|kind| match kind {
            LimitKind::Requests => Refusal::Requests,
            _ => Refusal::Tokens,
        })?;
        self.count(1, call.input);
        Ok(())
    }

    /// Waits for the answer, and raises the estimate meanwhile.
    async fn answer(
        &self,
        call: Call,
        size: Size,
        mut output: u64,
        mut permit: Permit,
        sent: Instant,
    ) {
        let end = self.time.now() + call.answer_time();
        let mut tick = sent + PERIOD;
        while tick < end {
            self.time.sleep_until(tick).await;
            // This is `None` if lengths are known, because nothing was learned then.
            let raised = self
                .estimates
                .output_after(MODEL, call.class, size, tick - sent);
            if let Some(raised) = raised.filter(|raised| *raised > output) {
                output = raised;
                permit.report(Cost::input_output(0, output));
            }
            tick += PERIOD;
        }
        self.time.sleep_until(end).await;
        // Without output, the sum of the input and of the output at the end never exceeds the other.
        let counted = match self.settings.counting {
            Counting::AtArrival => 0,
            Counting::InBothWays => call.output,
        };
        self.meter.borrow_mut().end(end.into(), counted, true);
        self.count(0, call.output);
        permit.settle(Cost::input_output(call.input, call.output));
        if self.settings.lengths == Lengths::Estimated {
            let usage = (call.input, call.output);
            self.estimates
                .observe(&self.model, call.class, size, usage, end - sent);
        }
    }

    fn count(&self, requests: u64, tokens: u64) {
        if self.time.now() >= self.start + WARM_UP {
            let used = self.used.get();
            self.used.set((used.0 + requests, used.1 + tokens));
        }
    }

    fn outcome(&self) -> Outcome {
        let counts = self.meter.borrow().counts();
        let (requests, tokens) = self.used.get();
        let minutes = MEASURED.as_secs_f64() / 60.0;
        let of_requests = float(requests) / float(LIMITS.requests) / minutes;
        let of_tokens = float(tokens) / float(LIMITS.tokens) / minutes;
        Outcome {
            used: of_requests.max(of_tokens),
            refused: counts.refused,
            largest_second: float(counts.tokens_in_a_second) * 60.0 / float(LIMITS.tokens),
        }
    }
}
