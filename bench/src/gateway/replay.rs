//! Sends calls at their times through a gateway that has to wait for the limits.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use model_studio_gateway::mock_provider::{Counts, Distribution, MockProvider};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::http::Connection;
use super::peers::{self, Peer, Target};
use crate::measure::float;

pub(crate) const MODEL: &str = "qwen3.7-plus";

/// The classes of calls, with their weights.
pub(crate) const CLASSES: [(&str, u32); 2] = [("interactive", 10), ("batch", 1)];

const LATENCY_MS: f64 = 300.0;

const TIME_PER_TOKEN: Duration = Duration::from_millis(5);

/// A call that is sent at a time after the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) at: Duration,
    pub(crate) class: &'static str,
    pub(crate) input: u64,
    pub(crate) output: u64,
}

/// A call that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    pub(crate) call: Call,
    pub(crate) is_refused: bool,
    /// The time until the provider had the call.
    pub(crate) waited: Duration,
}

/// A provider with limits, and a gateway that keeps them.
pub(crate) struct Replay {
    provider: MockProvider,
    gateway: Peer,
    limits: Limits,
    calls: JoinSet<()>,
    done: Rc<RefCell<Vec<Done>>>,
}

/// Limits per minute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
}

impl Call {
    /// Returns the time that the provider takes to answer.
    pub(crate) fn answer_time(&self) -> Duration {
        let output = u32::try_from(self.output).unwrap_or(u32::MAX);
        Duration::from_secs_f64(LATENCY_MS / 1e3) + TIME_PER_TOKEN * output
    }
}

impl Replay {
    /// Starts the provider and the gateway. The calls begin now.
    pub(crate) async fn start(limits: Limits, calls: Vec<Call>) -> io::Result<Self> {
        let Limits { requests, tokens } = limits;
        let provider = MockProvider::builder()
            .per_minute(MODEL, requests, tokens)
            .latency(Distribution::Fixed(LATENCY_MS))
            .time_per_token(TIME_PER_TOKEN);
        let provider = provider.start().await?;
        let classes = CLASSES.map(|(name, weight)| format!("{name} = {{ weight = {weight} }}"));
        let config = format!(
            "[limits]\n\"{MODEL}\" = {{ rpm = {requests}, tpm = {tokens} }}\n[classes]\n{}\n[log]\nlevel \
             = \"warn\"\n",
            classes.join("\n")
        );
        let address = provider.url().replace("http://", "").parse();
        let gateway = peers::gateway(address.map_err(io::Error::other)?, &config).await?;
        let mut replay = Self {
            provider,
            gateway,
            limits,
            calls: JoinSet::new(),
            done: Rc::default(),
        };
        let start = Instant::now();
        for call in calls {
            let (target, done) = (replay.gateway.calls.clone(), Rc::clone(&replay.done));
            replay.calls.spawn_local(async move {
                sleep_until(start + call.at).await;
                let result = send(&target, call).await;
                done.borrow_mut().push(result);
            });
        }
        Ok(replay)
    }

    /// Returns the part of the limits that is used in this time: that of the requests or that of the
    /// tokens, whichever is greater.
    pub(crate) async fn used(&self, time: Duration) -> f64 {
        let (start, before) = (Instant::now(), self.counts());
        sleep(time).await;
        let minutes = start.elapsed().as_secs_f64() / 60.0;
        let after = self.counts();
        let tokens = |counts: &Counts| counts.input_tokens + counts.output_tokens;
        let used = |count: u64, limit: u64| float(count) / float(limit) / minutes;
        let of_requests = used(after.accepted - before.accepted, self.limits.requests);
        of_requests.max(used(tokens(&after) - tokens(&before), self.limits.tokens))
    }

    /// Waits until all calls have ended, or for at most this time.
    pub(crate) async fn wait(&mut self, longest: Duration) {
        let all = async { while self.calls.join_next().await.is_some() {} };
        _ = timeout(longest, all).await;
    }

    /// Prints what has become of the calls, without those before `warm_up`.
    pub(crate) fn print(&self, used: f64, warm_up: Duration) {
        let counts = self.counts();
        let per_second = |count: u64, limit: u64| float(count) * 60.0 / float(limit);
        println!(
            "Limit used: {used:.3}. The provider accepted {} calls and refused {}. The largest \
             second had {:.2} of a second's requests and {:.2} of its tokens.\n",
            counts.accepted,
            counts.refused,
            per_second(counts.requests_in_a_second, self.limits.requests),
            per_second(counts.tokens_in_a_second, self.limits.tokens),
        );
        println!("| class | calls that ended | refused | wait p50, s | p99, s | max, s |");
        println!("| --- | ---: | ---: | ---: | ---: | ---: |");
        let done = self.done.borrow();
        let mut classes: Vec<&str> = done.iter().map(|it| it.call.class).collect();
        classes.sort_unstable();
        classes.dedup();
        for class in classes.into_iter().rev() {
            let done = done
                .iter()
                .filter(|it| it.call.class == class && it.call.at >= warm_up);
            let (refused, passed): (Vec<&Done>, Vec<&Done>) = done.partition(|it| it.is_refused);
            let mut waits: Vec<f64> = passed.iter().map(|it| it.waited.as_secs_f64()).collect();
            waits.sort_by(f64::total_cmp);
            let wait = |percent: usize| {
                let index = waits.len().saturating_sub(1) * percent / 100;
                waits.get(index).copied().unwrap_or(f64::NAN)
            };
            println!(
                "| {class} | {} | {} | {:.3} | {:.3} | {:.3} |",
                passed.len(),
                refused.len(),
                wait(50),
                wait(99),
                wait(100)
            );
        }
        println!();
    }

    fn counts(&self) -> Counts {
        self.provider.counts(MODEL)
    }
}

async fn send(target: &Target, call: Call) -> Done {
    let started = Instant::now();
    let answer = async {
        let mut connection = Connection::open(target.address).await?;
        let header = format!("x-gateway-class: {}\r\n", call.class);
        connection
            .write(&target.request(&header, &body(call)))
            .await?;
        connection.read(|_| {}).await
    };
    let answer = answer.await;
    Done {
        call,
        is_refused: !matches!(answer, Ok(Some(head)) if head.status() == 200),
        waited: started.elapsed().saturating_sub(call.answer_time()),
    }
}

/// Returns a body for which the provider counts this many tokens.
fn body(call: Call) -> String {
    let mark = format!("[output_tokens={}] ", call.output);
    let messages = |content: &str| format!(r#"[{{"role":"user","content":"{content}"}}]"#);
    // The provider counts a token for four bytes of the messages.
    let bytes = usize::try_from(call.input * 4).unwrap_or(usize::MAX);
    let text = bytes.saturating_sub(messages(&mark).len());
    let content = mark + &"one two six ten ".repeat(text / 16 + 1)[..text];
    format!(r#"{{"model":"{MODEL}","messages":{}}}"#, messages(&content))
}
