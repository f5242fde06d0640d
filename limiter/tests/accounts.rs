//! Accounts, pools and estimates.

#![allow(
    clippy::unchecked_time_subtraction,
    reason = "the numbers in tests are small"
)]

mod common;

use common::{SECOND, builder, manual, qwen_plus, ready, requests_only, tasks};
use model_studio_limiter::{Account, Cost, Estimator, ManualClock};
use model_studio_limits::Model;

#[test]
fn an_account_has_a_limiter_for_each_model_and_pool() {
    use model_studio_limits::beijing::Model as Beijing;

    let account = Account::<Model>::new();
    assert!(account.try_acquire(Model::QwenPlus, 1_000).is_ok());
    assert!(account.try_acquire(Model::QwenPlus, 1_000).is_err());
    assert!(account.try_acquire(Model::QwenTurbo, 1_000).is_ok());
    assert_eq!(account.limiter(Model::QwenPlus).usage().admitted, 1);

    let account = Account::<Beijing>::new();
    for model in Beijing::ALL {
        for other in Beijing::ALL {
            let is_shared = std::ptr::eq(account.limiter(*model), account.limiter(*other));
            let is_same_pool = model.pool().is_some() && model.pool() == other.pool();
            assert_eq!(is_shared, model == other || is_same_pool, "{model} {other}");
        }
    }
}

#[test]
fn an_account_takes_other_limits() {
    let account = Account::<Model>::builder()
        .clock(ManualClock::new())
        .limits(Model::QwenPlus, tasks())
        .share(1, 1)
        .build();
    let limiter = account.limiter(Model::QwenPlus);
    assert_eq!(limiter.usage().limits.len(), 2);
    account.set_limits(Model::QwenPlus, requests_only());
    assert_eq!(limiter.usage().limits.len(), 1);
}

#[test]
fn the_last_limits_of_a_pool_count() {
    use model_studio_limits::beijing::Model as Beijing;

    let all = Beijing::ALL.iter().copied();
    let first = all.clone().find(|model| model.pool().is_some()).unwrap();
    let last = all
        .rev()
        .find(|model| model.pool() == first.pool())
        .unwrap();
    assert_ne!(first, last);
    for (earlier, later) in [(first, last), (last, first)] {
        let account = Account::<Beijing>::builder()
            .limits(earlier, requests_only())
            .limits(later, qwen_plus())
            .build();
        assert_eq!(account.limiter(earlier).usage().limits.len(), 2);
    }
}

#[test]
fn a_limiter_learns_the_output_tokens() {
    let clock = ManualClock::new();
    let estimator = Estimator::new(0.5);
    let limiter = builder(qwen_plus(), &clock).estimator(estimator).build();
    assert_eq!(limiter.estimate(100, 2_000), Cost::input_output(100, 2_000));
    for output in 1..=20 {
        clock.advance(SECOND);
        let permit = limiter.try_acquire(limiter.estimate(100, 2_000)).unwrap();
        // As a total, or with its parts.
        if output % 2 == 0 {
            permit.settle(100 + output);
        } else {
            permit.settle(Cost::input_output(100, output));
        }
    }
    assert_eq!(limiter.estimate(100, 2_000), Cost::input_output(100, 10));
}

#[test]
fn a_limiter_learns_from_requests_that_were_not_estimated() {
    let (limiter, clock) = manual(qwen_plus());
    for _ in 0..20 {
        clock.advance(SECOND);
        let permit = limiter.try_acquire(1_000).unwrap();
        permit.settle(Cost::input_output(100, 5));
    }
    assert_eq!(limiter.estimate(100, 2_000), Cost::input_output(100, 5));
}

#[test]
fn a_limiter_does_not_learn_from_the_estimates_of_tasks() {
    let (limiter, clock) = manual(qwen_plus());
    for _ in 0..20 {
        clock.advance(10 * SECOND);
        let task = limiter.acquire_task_with(Cost::input_output(10, 2_000));
        ready(task).unwrap().finish();
    }
    assert_eq!(limiter.estimate(10, 3_000), Cost::input_output(10, 3_000));
}
