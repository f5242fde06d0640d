//! Lets users chat while a batch job uses the rest of the limits.

use std::time::Duration;

use mock_provider::{
    MINUTE, PerMinute, Provider, Rule, Shares, Sharing, Sizes, Started, Tenant, TenantDemand,
};
use model_studio_limiter::{Class, Limiter};

use crate::MODEL;

/// Simulated time. The first minute is left out, in which the limits are not yet used.
const DURATION: Duration = Duration::from_secs(600);

/// Requests of users, a fifth of the limits, which arrive at random.
const CHAT: TenantDemand = TenantDemand::Random(
    2.0,
    Sizes::LogNormal {
        mean: 1_600.0,
        sigma: 1.0,
        greatest: 16_000,
    },
);

/// A batch job, which always has 50 requests waiting.
const BATCH: TenantDemand = TenantDemand::Saturating(
    50,
    Sizes::LogNormal {
        mean: 8_000.0,
        sigma: 1.0,
        greatest: 400_000,
    },
);

/// How the requests of users share the limits with the batch job, with the settings of their class.
fn rules() -> [(&'static str, Option<Class>); 4] {
    [
        ("one queue", None),
        ("classes, chat weight 1", Some(Class::weight(1))),
        ("classes, chat weight 10", Some(Class::weight(10))),
        (
            "the same, headroom 2%",
            Some(Class::weight(10).headroom(0.02)),
        ),
    ]
}

/// Prints how long the requests of both wait.
pub(crate) fn print() {
    println!("{MODEL}: {}.", MODEL.limits());
    println!(
        "Users chat, for which they need a fifth of the limits. A batch job wants the rest.\n"
    );
    println!(
        "                         seconds that requests wait (median, 99%, longest)    tokens per"
    );
    println!(
        "rule                                       chat                    batch   minute, batch"
    );
    for (name, chat) in rules() {
        let shares = run(chat);
        let [chat, batch] = [0, 1].map(|tenant| waits(&shares.started[tenant]));
        let tokens: u64 = measured(&shares.started[1])
            .map(|request| request.tokens)
            .sum();
        let minutes = DURATION.as_secs() / 60 - 1;
        println!("{name:23}  {chat}  {batch}  {:>14}", tokens / minutes);
    }
}

/// Runs both, in one queue or with a class for each.
fn run(chat: Option<Class>) -> Shares {
    let class_of = |class| if chat.is_some() { class } else { "" };
    let tenants = [("chat", CHAT), ("batch", BATCH)].map(|(class, demand)| Tenant {
        class: class_of(class),
        demand,
    });
    let sharing = Sharing {
        tenants: tenants.to_vec(),
        duration: DURATION,
        seed: 1,
    };
    let limiter = Limiter::builder(MODEL.limits()).class("chat", chat.unwrap_or_default());
    let limit = PerMinute::new(MODEL.limits());
    let provider = Provider::new()
        .limit_requests(Rule::Sliding(MINUTE), limit.requests)
        .limit_tokens(Rule::Sliding(MINUTE), limit.tokens);
    let shares = sharing.run(limiter, provider);
    assert_eq!(shares.refused, 0, "the limiter keeps the limits");
    shares
}

fn measured(started: &[Started]) -> impl Iterator<Item = &Started> {
    started.iter().filter(|request| request.at >= MINUTE)
}

/// Returns the median, the 99th percentile and the longest of the waits.
fn waits(started: &[Started]) -> String {
    let waits = [50, 99, 100].map(|percent| wait(started, percent));
    let waits = waits.map(|wait| format!("{:7.1}", wait.as_secs_f64()));
    waits.concat()
}

fn wait(started: &[Started], percent: usize) -> Duration {
    let mut waits: Vec<_> = measured(started).map(|request| request.wait).collect();
    waits.sort_unstable();
    let last = waits.len().saturating_sub(1);
    waits.get(last * percent / 100).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use model_studio_limiter::Class;

    use super::{run, wait};

    #[test]
    fn users_wait_less_with_classes() {
        let [queue, equal, preferred] = [
            None,
            Some(Class::weight(1)),
            Some(Class::weight(10).headroom(0.02)),
        ]
        .map(|class| wait(&run(class).started[0], 99));
        assert!(equal < queue / 4, "{equal:?} {queue:?}");
        assert!(preferred < equal / 2, "{preferred:?} {equal:?}");
    }
}
