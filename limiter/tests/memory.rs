//! How much memory a limiter takes.
//!
//! This counts all allocations of the process, so it runs without the test harness, which allocates
//! on other threads.

mod common;

use std::alloc::System;
use std::time::Duration;

use common::{MILLISECOND, MINUTE, SECOND, limits, manual, poll, qwen_plus};
use model_studio_limits::LimitKind;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A limiter takes at most 13 KiB, and allocates memory only for waiting requests.
fn main() {
    let several = limits(&[
        (LimitKind::Requests, 500, SECOND),
        (LimitKind::Requests, 30_000, MINUTE),
        (LimitKind::Tokens, 500_000, 6 * SECOND),
        (LimitKind::Tokens, 5_000_000, MINUTE),
        (LimitKind::ConcurrentRequests, 100, Duration::ZERO),
    ]);
    for limits in [qwen_plus(), several] {
        let region = Region::new(ALLOCATOR);
        let (limiter, clock) = manual(limits);
        for tokens in 0..1_000 {
            clock.advance(200 * MILLISECOND);
            let permit = limiter.try_acquire(limiter.estimate(100, 100)).unwrap();
            permit.settle(100 + tokens % 100);
        }
        let stats = region.change();
        let bytes = stats.bytes_allocated - stats.bytes_deallocated;
        println!("{bytes} bytes for {limits}");
        assert!(bytes <= 13 * 1_024, "{bytes} bytes");

        // A request that does not wait allocates nothing.
        let region = Region::new(ALLOCATOR);
        for _ in 0..1_000 {
            clock.advance(200 * MILLISECOND);
            limiter.try_acquire(100).unwrap().settle(90);
        }
        assert_eq!(region.change().allocations, 0);

        // The memory of a long queue is freed, except for the first nodes of its maps.
        let region = Region::new(ALLOCATOR);
        let mut futures: Vec<_> = (0..10_000).map(|_| limiter.acquire(1)).collect();
        let pending = futures
            .iter_mut()
            .filter_map(|future| poll(future).is_pending().then_some(()));
        assert!(pending.count() >= 9_999);
        drop(futures);
        let stats = region.change();
        let kept = stats
            .bytes_allocated
            .saturating_sub(stats.bytes_deallocated);
        assert!(kept <= 5 * 1_024, "{kept} bytes");
    }
    classes();
}

/// A class takes less than 1 KiB, and a waiting request with its future less than 640 bytes.
fn classes() {
    let (limiter, _) = manual(qwen_plus());
    let region = Region::new(ALLOCATOR);
    let acquire = |class: usize| Box::pin(limiter.class(class).acquire(1));
    let mut futures: Vec<_> = (0..10_000).map(acquire).collect();
    for future in &mut futures {
        let _ = poll(future);
    }
    let with_classes = used_by(&region, "class with a waiting request");
    let region = Region::new(ALLOCATOR);
    let mut others: Vec<_> = (0..10_000).map(acquire).collect();
    for future in &mut others {
        let _ = poll(future);
    }
    let waiting = used_by(&region, "waiting request");
    assert!(with_classes - waiting <= 1_024 && waiting <= 640);
}

/// Returns how much memory each of 10,000 things takes.
fn used_by(region: &Region<'_, System>, name: &str) -> usize {
    let stats = region.change();
    let bytes = (stats.bytes_allocated - stats.bytes_deallocated) / 10_000;
    println!("{bytes} bytes for a {name}");
    bytes
}
