//! Tests plans and batches without a server, with a simulated clock where time matters.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use model_studio_limiter::{AcquireError, Cost, Limiter, ManualClock, Refusal, Usage};
use model_studio_limits::{LimitKind, Limits, model};
use paced::batch::{plan, send_all};
use paced::endpoint::{Answer, Refused, Request};

const MINUTE: Duration = Duration::from_secs(60);

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
