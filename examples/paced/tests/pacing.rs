//! Tests the pacer with a simulated clock.

use std::num::NonZeroU32;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use governor::clock::{Clock as _, FakeRelativeClock};
use model_studio_limits::{Category, Limits, Model, model};
use paced::endpoint::Request;
use paced::pacer::{Pacer, Time as _};
use paced::quota::WINDOW;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn both_limits_hold_in_every_window_for_every_model() {
    for model in chat_models() {
        let limits = model.limits();
        let (qpm, tpm) = both(limits);
        let mut random = Random(1);
        // Random groups of requests of the same size, with random pauses.
        let largest = tpm / 4;
        let mut sizes = Vec::new();
        while sizes.len() < 2000 {
            let size = random.up_to(largest) >> random.up_to(16);
            for _ in 0..random.up_to(40) {
                sizes.push(size.max(1));
            }
        }
        let sent = send(limits, 100, &sizes, |clock| {
            if random.up_to(30) == 1 {
                clock.sleep(Duration::from_millis(random.up_to(90_000)));
            }
        });
        let (queries, tokens) = most_within(&sent, WINDOW);
        assert!(queries <= qpm, "{model}: {queries} queries");
        assert!(tokens <= tpm, "{model}: {tokens} tokens");
    }
}

#[test]
fn queries_that_wait_for_tokens_stay_within_the_limit() {
    for model in chat_models() {
        let limits = model.limits();
        let (qpm, tpm) = both(limits);
        // The second request waits for tokens, and the others queue behind it.
        let mut sizes = vec![tpm / 4; 2];
        sizes.resize(usize::try_from(qpm * 2).unwrap(), 1);
        let (queries, _) = most_within(&send(limits, 100, &sizes, |_| ()), WINDOW);
        assert_eq!(queries, qpm, "{model}");
    }
}

#[test]
fn at_least_90_percent_of_a_limit_is_used() {
    for model in chat_models() {
        let limits = model.limits();
        let (qpm, tpm) = both(limits);
        // Small requests reach the limit of queries, large ones the limit of tokens.
        for size in [1, tpm / 20] {
            let count = qpm * 5;
            let sizes = vec![size; usize::try_from(count).unwrap()];
            let sent = send(limits, 100, &sizes, |_| ());
            let minutes = sent.last().unwrap().0.as_secs_f64() / 60.0;
            let share = |used: u64, limit: u64| used as f64 / minutes / limit as f64;
            let used = share(count, qpm).max(share(count * size, tpm));
            assert!(
                used >= 0.9,
                "{model}: {used:.3} of a limit with {size} tokens each"
            );
        }
    }
}

#[test]
fn a_share_of_the_limits_is_used() {
    let limits = model!("qwen-plus").limits();
    let sent = send(limits, 25, &vec![1000; 1000], |_| ());
    let (queries, tokens) = most_within(&sent, MINUTE);
    assert!((135..=150).contains(&queries), "{queries}");
    assert!(tokens <= 250_000, "{tokens}");
}

#[test]
fn waiting_time_is_separate_from_elapsed_time() {
    let clock = FakeRelativeClock::default();
    let one = NonZeroU32::MIN;
    let mut pacer = Pacer::new(model!("qwen-plus").limits(), 100, one, clock.clone()).unwrap();
    pacer.wait(one).unwrap();
    assert_eq!(
        (pacer.elapsed(), pacer.waited()),
        (Duration::ZERO, Duration::ZERO)
    );
    clock.sleep(MINUTE);
    pacer.wait(one).unwrap();
    assert_eq!((pacer.elapsed(), pacer.waited()), (MINUTE, Duration::ZERO));
    pacer.wait(one).unwrap();
    assert!(pacer.waited() > Duration::from_millis(100));
    assert_eq!(pacer.elapsed(), MINUTE + pacer.waited());
}

#[test]
fn requests_and_limits_that_do_not_fit_are_refused() {
    let pacer = |share, largest| {
        let largest = NonZeroU32::new(largest).unwrap();
        let limits = model!("qwen-max-latest").limits();
        Pacer::new(limits, share, largest, FakeRelativeClock::default()).map(drop)
    };
    assert!(pacer(100, 50_000).is_ok());
    assert_eq!(
        pacer(100, 50_001).unwrap_err().to_string(),
        "a request of 50001 tokens is larger than half of the limit of 100000 tokens per minute"
    );
    assert_eq!(
        pacer(1, 1).unwrap_err().to_string(),
        "the limit of queries per minute is too low"
    );
}

#[test]
fn requests_do_not_wait_for_earlier_answers() {
    let one = NonZeroU32::MIN;
    let requests = [1, 2].map(|line| Request {
        line,
        prompt: String::new(),
        tokens: one,
    });
    let clock = FakeRelativeClock::default();
    let mut pacer = Pacer::new(model!("qwen-plus").limits(), 100, one, clock).unwrap();
    let (second, first) = mpsc::channel();
    let first = Mutex::new(first);
    // The first request is answered after the second one is sent.
    let answers = pacer.send_all(&requests, |request| match request.line {
        1 => first.lock().unwrap().recv_timeout(MINUTE).is_ok(),
        _ => second.send(()).is_ok(),
    });
    assert_eq!(answers.unwrap(), [true, true]);
}

/// Sends requests of these sizes as soon as possible and returns their times and sizes. Calls
/// `before` before each request.
fn send(
    limits: Limits,
    share: u8,
    sizes: &[u64],
    mut before: impl FnMut(&FakeRelativeClock),
) -> Vec<(Duration, u64)> {
    let to_tokens = |size: &u64| NonZeroU32::new(u32::try_from(*size).unwrap()).unwrap();
    let clock = FakeRelativeClock::default();
    let largest = sizes.iter().map(to_tokens).max().unwrap();
    let mut pacer = Pacer::new(limits, share, largest, clock.clone()).unwrap();
    let send = |size| {
        before(&clock);
        pacer.wait(to_tokens(size)).unwrap();
        (Duration::from_nanos(clock.now().as_u64()), *size)
    };
    sizes.iter().map(send).collect()
}

/// Returns the maximum number of queries and of tokens in any window, including its ends.
fn most_within(sent: &[(Duration, u64)], window: Duration) -> (u64, u64) {
    let (mut most_queries, mut most_tokens) = (0, 0);
    let (mut first, mut tokens) = (0, 0);
    for (last, (now, size)) in sent.iter().enumerate() {
        tokens += size;
        while sent[first].0 + window < *now {
            tokens -= sent[first].1;
            first += 1;
        }
        most_queries = most_queries.max(last - first + 1);
        most_tokens = most_tokens.max(tokens);
    }
    (most_queries as u64, most_tokens)
}

fn chat_models() -> impl Iterator<Item = Model> {
    let all = Model::ALL.iter().copied();
    all.filter(|model| model.category() == Category::TextGeneration)
}

/// The limits of queries and of tokens per minute of a model that has both.
fn both(limits: Limits) -> (u64, u64) {
    let queries = limits.queries_per_minute().unwrap().get();
    (queries.into(), limits.tokens_per_minute().unwrap().get())
}

/// A generator of pseudorandom numbers with a fixed sequence.
struct Random(u64);

impl Random {
    /// A number from 1 to `most`.
    fn up_to(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most + 1
    }
}
