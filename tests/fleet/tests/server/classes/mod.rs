//! Classes of requests over a fleet.

mod calls;
mod damage;
mod shares;
mod workers;

use fleet_tests::script::{Rate, RawClass};

const SECOND: i64 = 1_000_000;

/// The limits of most tests: 600 requests and a million tokens per minute.
fn rates() -> [Rate; 2] {
    let requests = Rate {
        credit: 2_000,
        ..Rate::per_minute(600)
    };
    let tokens = Rate {
        credit: SECOND,
        is_measured: true,
        ..Rate::per_minute(1_000_000)
    };
    [requests, tokens]
}

/// Returns a class whose weight was set just now.
fn class(name: &str, weight: i64) -> RawClass {
    RawClass {
        weight,
        age: 0,
        ..RawClass::new(name)
    }
}
