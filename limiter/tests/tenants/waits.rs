//! How long the requests of users wait while a batch job uses the rest of the limits.

use model_studio_limiter::Class;

use crate::common::MINUTE;
use crate::world::{BUSY, Outcome, Size, Tenant, run};

/// Two requests per second, which use a fifth of the limits.
const CHAT: Tenant = Tenant {
    waiting: 0,
    arrivals: 2.0,
    size: Size::LogNormal(1_600.0),
    ..BUSY
};

/// Runs chat beside a batch job, and returns the wait that 99% of its requests do not exceed, the
/// longest wait, and the part of the tokens or the requests that is used.
fn chat_beside(batch: Size, chat: Option<Class>, is_shared: bool) -> [f64; 3] {
    let keys = usize::from(is_shared);
    let batch = Tenant {
        keys,
        size: batch,
        ..BUSY
    };
    let chat = Tenant {
        class: chat,
        keys,
        ..CHAT
    };
    let [mut chat, batch] = run(&[chat, batch], 30 * MINUTE).try_into().unwrap();
    let sum = |of: fn(&Outcome) -> u64| (of(&chat) + of(&batch)) as f64 / 30.0;
    let used = (sum(|outcome| outcome.tokens) / 1e6).max(sum(|outcome| outcome.requests) / 600.0);
    [chat.wait(0.99), chat.wait(1.0), used]
}

#[test]
fn users_wait_less_in_a_class_of_their_own() {
    println!("chat waits: 99% and longest, in seconds; part of the limits used");
    for (name, batch) in [
        ("1,000 tokens", Size::Constant(1_000)),
        ("8,000 tokens on average", Size::LogNormal(8_000.0)),
        ("up to 400,000 tokens", Size::Pareto),
    ] {
        let rows = [
            ("no classes", None, false),
            ("weight 1", None, true),
            ("weight 10", Some(Class::weight(10)), true),
            (
                "weight 10, headroom 2%",
                Some(Class::weight(10).headroom(0.02)),
                true,
            ),
        ];
        let outcomes = rows.map(|(rule, class, is_shared)| {
            let outcome = chat_beside(batch, class, is_shared);
            let [most, longest, used] = outcome;
            println!("{name:24} {rule:24} {most:6.2} {longest:6.2} {used:5.3}");
            outcome
        });
        let [fifo, equal, _, preferred] = outcomes.map(|[wait, ..]| wait);
        assert!(equal < fifo / 2.0 && preferred < 0.5);
    }
}
