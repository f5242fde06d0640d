//! What changes while a mock provider runs.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model_studio_limits::LimitKind;
use tokio::time::Instant;

use super::meter::{Amounts, Counts, Meter};
use super::settings::{Settings, TaskEnd};

/// The settings and the state, which all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// By the name of the quota.
    meters: HashMap<String, Meter>,
    tasks: HashMap<String, Task>,
    random: fastrand::Rng,
    /// The number of requests so far.
    requests: u64,
}

#[derive(Debug)]
struct Task {
    quota: String,
    submitted: Instant,
    polls: u32,
    has_ended: bool,
}

/// An accepted call. It ends when it is dropped, and counts as cancelled unless `complete` was called
/// before.
#[derive(Debug)]
pub(super) struct RunningCall {
    shared: Arc<Shared>,
    quota: String,
    sent: u64,
    is_complete: bool,
}

impl Shared {
    pub(super) fn new(settings: Settings) -> Self {
        let state = State {
            meters: HashMap::new(),
            tasks: HashMap::new(),
            random: fastrand::Rng::with_seed(settings.seed),
            requests: 0,
        };
        Self {
            settings,
            state: Mutex::new(state),
        }
    }

    /// Returns an ID for a request.
    pub(super) fn request_id(&self) -> String {
        let mut state = self.lock();
        state.requests += 1;
        format!("{:016x}", state.requests)
    }

    /// Draws the output tokens of an answer, and the time until it begins.
    pub(super) fn draw(&self) -> (u64, Duration) {
        let random = &mut self.lock().random;
        let output = self.settings.output.sample(random).round();
        let latency = self.settings.latency.sample(random) / 1_000.0;
        let latency = Duration::try_from_secs_f64(latency).unwrap_or(Duration::MAX);
        // Saturates. No answer is as long as that.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it saturates"
        )]
        (output as u64, latency)
    }

    /// Accepts a call, or returns the kind of the limit that it would exceed.
    pub(super) fn arrive(
        self: &Arc<Self>,
        model: &str,
        amounts: Amounts,
    ) -> Result<RunningCall, LimitKind> {
        let mut state = self.lock();
        let now = Instant::now();
        if amounts.is_task {
            state.end_tasks(now, self.settings.task_end);
        }
        let quota = self.settings.quota(model);
        state.meter(quota, &self.settings).arrive(now, amounts)?;
        drop(state);
        Ok(RunningCall {
            shared: Arc::clone(self),
            quota: quota.to_owned(),
            sent: 0,
            is_complete: false,
        })
    }

    /// Starts a task that was accepted.
    pub(super) fn start_task(&self, id: &str, model: &str) {
        let task = Task {
            quota: self.settings.quota(model).to_owned(),
            submitted: Instant::now(),
            polls: 0,
            has_ended: false,
        };
        self.lock().tasks.insert(id.to_owned(), task);
    }

    /// Reads the state of a task, as the provider names it.
    pub(super) fn poll_task(&self, id: &str) -> &'static str {
        let mut state = self.lock();
        let Some(task) = state.tasks.get_mut(id) else {
            return "UNKNOWN";
        };
        task.polls += 1;
        state.end_tasks(Instant::now(), self.settings.task_end);
        if state.tasks[id].has_ended {
            "SUCCEEDED"
        } else {
            "RUNNING"
        }
    }

    /// Returns what was counted, by the name of the quota.
    pub(super) fn counts(&self) -> BTreeMap<String, Counts> {
        let state = self.lock();
        let counts = |(quota, meter): (&String, &Meter)| (quota.clone(), meter.counts());
        state.meters.iter().map(counts).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn meter(&mut self, quota: &str, settings: &Settings) -> &mut Meter {
        if !self.meters.contains_key(quota) {
            let limits = settings.limits.get(quota).map_or(&[][..], Vec::as_slice);
            self.meters.insert(quota.to_owned(), Meter::new(limits));
        }
        self.meters.get_mut(quota).expect("it was inserted above")
    }

    /// Ends the tasks whose time has come.
    fn end_tasks(&mut self, now: Instant, end: TaskEnd) {
        for task in self.tasks.values_mut().filter(|task| !task.has_ended) {
            let is_over = match end {
                TaskEnd::After(duration) => now.duration_since(task.submitted) >= duration,
                TaskEnd::AtPoll(polls) => task.polls >= polls,
            };
            if is_over {
                task.has_ended = true;
                if let Some(meter) = self.meters.get_mut(&task.quota) {
                    meter.end_task();
                }
            }
        }
    }
}

impl RunningCall {
    /// Counts output tokens that are sent.
    pub(super) const fn send(&mut self, tokens: u64) {
        self.sent += tokens;
    }

    /// Ends the call regularly.
    pub(super) fn complete(mut self) {
        self.is_complete = true;
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if let Some(meter) = state.meters.get_mut(&self.quota) {
            meter.end(Instant::now(), self.sent, self.is_complete);
        }
    }
}
