//! Tests of a quota under random loads.

mod fifo;
mod one_class;
mod shares;

use std::time::Duration;

use model_studio_limits::{Limit, LimitKind};
use proptest::prelude::ProptestConfig;

use super::LocalQuota;
use super::class_table::ClassTable;
use super::request::Request;
use super::rules::Rules;
use crate::time::{Nanos, Time};
use crate::{Class, ClassKey, Cost, Estimator};

const SECOND: Nanos = Nanos::SECOND;
const MINUTE: Nanos = Nanos(60 * SECOND.0);

/// Runs each property with this number of random inputs.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Limits per minute. A count of 0 is no limit.
fn per_minute(requests: u64, tokens: u64, concurrent: u64) -> Vec<Limit> {
    let limits = [
        (LimitKind::Requests, requests, Some(60)),
        (LimitKind::Tokens, tokens, Some(60)),
        (LimitKind::ConcurrentRequests, concurrent, None),
    ];
    let limits = limits.into_iter().filter_map(|(kind, count, per)| {
        Some(Limit {
            kind,
            count: count.try_into().ok()?,
            per: per.map(Duration::from_secs),
        })
    });
    limits.collect()
}

fn quota(limits: &[Limit], rules: Rules, classes: &[(ClassKey, Class)]) -> LocalQuota {
    let classes = ClassTable::new(classes, &Estimator::default());
    LocalQuota::new(limits, rules, classes, Time::START)
}

fn request(class: &ClassKey, tokens: u64) -> Request {
    Request {
        cost: Cost::from(tokens),
        class: class.clone(),
        is_task: false,
        is_any: false,
    }
}
