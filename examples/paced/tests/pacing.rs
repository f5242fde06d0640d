//! Tests plans and batches without a server, with a simulated clock where time matters.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use model_studio_limiter::{AcquireError, Cost, Limiter, ManualClock, Refusal, Usage};
use model_studio_limits::{Category, LimitKind, Limits, Model, model};
use paced::batch::{plan, send_all};
use paced::endpoint::{Answer, Refused, Request};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn plans_stay_within_both_limits_of_every_model() {
    let all = Model::ALL.iter().copied();
    for model in all.filter(|model| model.category() == Category::TextGeneration) {
        let limits = model.limits();
        let (qpm, tpm) = both(limits);
        let mut random = Random(1);
        // Groups of requests of the same size. Small requests reach the limit of queries, large ones
        // that of tokens.
        let mut sizes = Vec::new();
        while sizes.len() < 2000 {
            let size = random.up_to(tpm / 4) >> random.up_to(16);
            for _ in 0..random.up_to(40) {
                sizes.push(size);
            }
        }
        let sent = planned(limits, 100, &sizes);
        assert_eq!(sent.len(), sizes.len());
        let (queries, tokens) = most_within(&sent, MINUTE);
        assert!(queries <= qpm, "{model}: {queries} queries");
        assert!(tokens <= tpm, "{model}: {tokens} tokens");
    }
}

#[test]
fn at_least_95_percent_of_a_limit_is_used() {
    let limits = model!("qwen-plus").limits();
    let (qpm, tpm) = both(limits);
    // Small requests reach the limit of queries, large ones the limit of tokens.
    for size in [1, tpm / 100] {
        let sent = planned(limits, 100, &vec![size; 3000]);
        let minutes = sent.last().unwrap().0.as_secs_f64() / 60.0;
        let queries = sent.len() as f64 / minutes / qpm as f64;
        let tokens = sent.iter().map(|(_, tokens)| tokens).sum::<u64>();
        let tokens = tokens as f64 / minutes / tpm as f64;
        assert!(queries.max(tokens) >= 0.95, "{size}: {queries} {tokens}");
    }
}

#[test]
fn a_share_of_the_limits_is_used() {
    let sent = planned(model!("qwen-plus").limits(), 25, &vec![1000; 1000]);
    let (queries, tokens) = most_within(&sent, MINUTE);
    assert!((135..=150).contains(&queries), "{queries}");
    assert!(tokens <= 250_000, "{tokens}");
}

#[test]
fn a_request_that_exceeds_a_limit_does_not_stop_the_batch() {
    let builder = Limiter::builder(model!("qwen-max-latest").limits());
    let requests = [10, 100_000, 10].map(request);
    let is_planned = plan(builder.clone(), &requests).map(|(_, result)| result.is_ok());
    assert_eq!(is_planned.collect::<Vec<_>>(), [true, false, true]);

    let (mut outcomes, _) = simulate(&requests, |_| Ok(answer(10)));
    let Err(error) = outcomes.remove(1) else {
        panic!("the request was sent");
    };
    let error: &AcquireError = error.downcast_ref().unwrap();
    assert!(matches!(error, AcquireError::TooLarge(_)), "{error}");
    assert!(outcomes.iter().all(Result::is_ok));
}

#[test]
fn requests_do_not_wait_for_earlier_answers() {
    let requests = [1, 2].map(|line| Request::new(line, String::new(), NonZeroU32::MIN));
    let (second, first) = mpsc::channel();
    let first = Mutex::new(first);
    // The first request is answered after the second one is sent.
    let ask = |request: &Request| {
        match request.line {
            1 => first.lock().unwrap().recv_timeout(MINUTE)?,
            _ => second.send(())?,
        }
        Ok(answer(1))
    };
    let limiter = Limiter::new(model!("qwen-plus").limits());
    let mut answered = Vec::new();
    send_all(&limiter, &requests, ask, |outcome| {
        outcome.result.unwrap();
        answered.push(outcome.request.line);
    })
    .unwrap();
    answered.sort_unstable();
    assert_eq!(answered, [1, 2]);
}

#[test]
fn estimates_follow_the_answers() {
    let limiter = Limiter::new(Limits::new(&[]));
    let estimates = |count| {
        let requests: Vec<_> = (0..count).map(|_| request(500)).collect();
        let mut estimates = Vec::new();
        send_all(
            &limiter,
            &requests,
            |_| Ok(answer(20)),
            |outcome| {
                estimates.push(outcome.estimate.amount(LimitKind::OutputTokens));
            },
        )
        .unwrap();
        estimates
    };
    assert_eq!(estimates(1), [500]);
    estimates(20);
    assert_eq!(estimates(1), [20]);
}

#[test]
fn refused_requests_are_repeated_a_few_times() {
    for (refusal, attempts) in [
        (Refusal::Requests, 7),
        (Refusal::Tokens, 7),
        (Refusal::Capacity, 7),
        (Refusal::NotRetryable, 1),
    ] {
        let (mut outcomes, usage) = simulate(&[request(100)], |_| Err(refused(refusal)));
        let error = outcomes.remove(0).err().unwrap();
        assert_eq!(error.to_string(), "refused");
        assert_eq!((usage.admitted, usage.refused), (attempts, attempts));
    }
}

#[test]
fn a_request_that_is_refused_at_first_is_answered() {
    let attempts = AtomicUsize::new(0);
    let requests = [100; 3].map(request);
    let (outcomes, usage) = simulate(&requests, |_| {
        match attempts.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(refused(Refusal::Tokens)),
            _ => Ok(answer(10)),
        }
    });
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!((usage.admitted, usage.refused, usage.unsettled), (5, 2, 0));
}

#[test]
fn other_failures_are_not_repeated() {
    let (outcomes, usage) = simulate(&[request(100)], |_| Err(anyhow!("the connection failed")));
    assert!(outcomes[0].is_err());
    // The endpoint may have counted it.
    assert_eq!((usage.admitted, usage.refused, usage.unsettled), (1, 0, 1));
}

/// Sends requests while a thread advances a simulated clock. Returns the results in the order of
/// the requests.
fn simulate(
    requests: &[Request],
    ask: impl Fn(&Request) -> anyhow::Result<Answer> + Sync,
) -> (Vec<anyhow::Result<Answer>>, Usage) {
    let clock = ManualClock::new();
    let limits = model!("qwen-max-latest").limits();
    let limiter = Limiter::builder(limits).clock(clock.clone()).build();
    let is_done = AtomicBool::new(false);
    let mut results: Vec<_> = requests.iter().map(|_| None).collect();
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                clock.advance(Duration::from_millis(500));
                thread::sleep(Duration::from_micros(100));
            }
        });
        let result = send_all(&limiter, requests, ask, |outcome| {
            let mut all = requests.iter();
            let index = all.position(|request| std::ptr::eq(request, outcome.request));
            results[index.unwrap()] = Some(outcome.result);
        });
        is_done.store(true, Ordering::Relaxed);
        result.unwrap();
    });
    (
        results.into_iter().map(Option::unwrap).collect(),
        limiter.usage(),
    )
}

/// Plans requests of about these sizes and returns their times and sizes.
fn planned(limits: Limits, share: u32, sizes: &[u64]) -> Vec<(Duration, u64)> {
    let requests: Vec<_> = sizes
        .iter()
        .map(|size| request(u32::try_from(*size).unwrap()))
        .collect();
    let planned = plan(Limiter::builder(limits).share(share, 100), &requests);
    planned
        .map(|(_, result)| {
            let (at, cost) = result.unwrap();
            (at, cost.amount(LimitKind::Tokens))
        })
        .collect()
}

/// A short prompt with this maximum of output tokens.
fn request(max_output: u32) -> Request {
    let max_output = NonZeroU32::new(max_output).unwrap_or(NonZeroU32::MIN);
    Request::new(1, String::new(), max_output)
}

fn answer(output_tokens: u64) -> Answer {
    Answer {
        text: String::new(),
        cost: Some(Cost::input_output(10, output_tokens)),
    }
}

fn refused(refusal: Refusal) -> anyhow::Error {
    let refused = Refused {
        refusal,
        retry_after: None,
        message: "refused".to_owned(),
    };
    refused.into()
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
