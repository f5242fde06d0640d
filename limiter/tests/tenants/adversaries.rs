//! What tenants gain that try to get more than their share, or to harm others.

use std::time::Duration;

use crate::common::SECOND;
use crate::world::{BUSY, End, Outcome, Size, Tenant, run};

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// What each of two busy tenants gets at least.
const HALF: u64 = 4_850_000;

/// Returns the outcomes of a busy tenant and of another one.
fn against(name: &str, other: Tenant) -> (Outcome, Outcome) {
    let [mut busy, other] = run(&[BUSY, other], TEN_MINUTES).try_into().unwrap();
    let percent = |outcome: &Outcome| outcome.tokens as f64 / 1e5;
    let (gets, rest) = (percent(&busy), percent(&other));
    let longest = busy.wait(1.0);
    println!(
        "{name:28} gets {rest:4.1}%; the busy tenant gets {gets:4.1}%, waits at most {longest:.0} s"
    );
    (busy, other)
}

#[test]
fn who_does_as_it_should_gets_its_share() {
    let (busy, other) = against("a busy tenant", BUSY);
    assert!(busy.tokens >= HALF && other.tokens >= HALF);
}

#[test]
fn underestimating_gains_nothing() {
    let (busy, other) = against(
        "underestimates fourfold",
        Tenant {
            size: Size::Constant(500),
            end: End::Settle(4),
            ..BUSY
        },
    );
    assert!(busy.tokens >= HALF);
    // What it has underestimated in about a second.
    assert!(other.tokens <= busy.tokens + 50_000);
}

/// Not a guarantee, but what has to be known.
#[test]
fn each_key_has_a_share() {
    let (busy, other) = against(
        "opens 10,000 keys",
        Tenant {
            waiting: 10_000,
            keys: 10_000,
            ..BUSY
        },
    );
    assert!(other.tokens > 99 * busy.tokens);
}

#[test]
fn large_requests_get_no_more_than_their_share() {
    let (mut busy, other) = against(
        "sends 400,000 tokens each",
        Tenant {
            waiting: 2,
            size: Size::Constant(400_000),
            ..BUSY
        },
    );
    assert!(busy.tokens + 400_000 >= other.tokens);
    assert!(busy.wait(1.0) <= 10.0);
}

#[test]
fn the_largest_requests_get_no_more_than_their_share() {
    let (mut busy, other) = against(
        "sends 1,000,000 tokens each",
        Tenant {
            waiting: 2,
            size: Size::Constant(1_000_000),
            ..BUSY
        },
    );
    assert!(busy.tokens + 1_000_000 >= other.tokens);
    assert!(busy.wait(1.0) <= 130.0);
}

#[test]
fn cancelling_waiting_requests_gains_nothing() {
    let (busy, other) = against(
        "cancels waiting requests",
        Tenant {
            cancels: true,
            ..BUSY
        },
    );
    assert!(busy.tokens >= HALF && other.tokens <= busy.tokens + 2_000);
}

#[test]
fn cancelling_permits_costs_the_time_for_which_they_were_held() {
    for duration in [SECOND / 50, 2 * SECOND] {
        let (busy, other) = against(
            &format!("cancels permits after {duration:?}"),
            Tenant {
                duration,
                end: End::Cancel,
                ..BUSY
            },
        );
        assert!(busy.tokens >= HALF && other.tokens == 0);
    }
}

#[test]
fn not_settling_gains_nothing() {
    for (name, end) in [("drops permits", End::Drop), ("keeps permits", End::Keep)] {
        let (busy, _) = against(name, Tenant { end, ..BUSY });
        assert!(busy.tokens >= HALF);
    }
}
