//! Limits as text, with an overlay, and serialized.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use model_studio_limits_core::{KeyWindow, Limit, LimitKey, LimitKind, Limits};

/// Returns limits on requests and tokens per minute, submissions per second and concurrent
/// tasks; a count of 0 omits the limit.
fn limits(counts: [u64; 4]) -> Limits {
    let keys = ["qpm", "tpm", "submissions_per_second", "concurrent_tasks"];
    let limits = keys.iter().zip(counts).filter_map(|(key, count)| {
        let LimitKey { kind, window, .. } = LimitKey::from_name(key)?;
        let count = NonZeroU64::new(count)?;
        let KeyWindow::Fixed(per) = window else {
            return None;
        };
        Some(Limit { kind, count, per })
    });
    Limits::new(limits.collect::<Vec<_>>().leak())
}

#[test]
fn limits_display_in_words() {
    for (counts, words) in [
        (
            [60, 100_000, 0, 0],
            "60 queries and 100,000 tokens per minute",
        ),
        ([1, 0, 0, 0], "1 query per minute"),
        (
            [1_000, 0, 0, 1],
            "1,000 queries per minute and 1 concurrent task",
        ),
        ([0, 5_000_000_000, 0, 0], "5,000,000,000 tokens per minute"),
        (
            [0, u64::MAX, 0, 0],
            "18,446,744,073,709,551,615 tokens per minute",
        ),
        (
            [0, 0, 2, 2],
            "2 submissions per second and 2 concurrent tasks",
        ),
        (
            [1, 1, 1, 1],
            "1 query, 1 token per minute, 1 submission per second and 1 concurrent task",
        ),
        ([0, 0, 0, 0], "no limit"),
    ] {
        assert_eq!(limits(counts).to_string(), words);
    }
}

#[test]
fn accessors_return_the_limit_of_their_kind_and_window() {
    let some = |count| NonZeroU32::new(count);
    let all = limits([1, 2, 3, 4]);
    assert_eq!(all.queries_per_minute(), some(1));
    assert_eq!(all.tokens_per_minute(), NonZeroU64::new(2));
    assert_eq!(all.submissions_per_second(), some(3));
    assert_eq!(all.concurrent_tasks(), some(4));
    let per_second = Limit {
        per: Some(Duration::from_secs(1)),
        ..all.as_slice()[0]
    };
    let other = Limits::new(Vec::from([per_second]).leak());
    assert_eq!(other.queries_per_minute(), None);
    assert_eq!(other.to_string(), "1 query per second");
}

#[test]
fn windows_display_with_their_fraction_of_a_second() {
    for (millis, words) in [
        (500, "1 query per 500ms"),
        (1_500, "1 query per 1.5s"),
        (90_000, "1 query per 90s"),
        (120_000, "1 query per 2m"),
    ] {
        let limit = Limit {
            per: Some(Duration::from_millis(millis)),
            ..limits([1, 0, 0, 0]).as_slice()[0]
        };
        assert_eq!(limit.to_string(), words);
    }
}

#[cfg(feature = "std")]
#[test]
fn an_overlay_replaces_limits_of_the_same_kind_and_window() {
    let table = limits([1, 2, 0, 0]);
    assert_eq!(
        table.with_overlay(limits([9, 0, 0, 0])),
        limits([9, 2, 0, 0])
    );
    assert_eq!(
        table.with_overlay(limits([0, 0, 0, 7])),
        limits([1, 2, 0, 7])
    );
    let per_second = Limit {
        per: Some(Duration::from_secs(1)),
        ..table.as_slice()[0]
    };
    let per_second = Limits::new(Vec::from([per_second]).leak());
    assert_eq!(
        table.with_overlay(per_second).to_string(),
        "1 query per second, 1 query and 2 tokens per minute"
    );
}

#[cfg(feature = "std")]
#[test]
fn an_overlay_without_limits_removes_all_limits() {
    let table = limits([1, 2, 0, 0]);
    assert_eq!(table.with_overlay(Limits::new(&[])), limits([0, 0, 0, 0]));
}

#[cfg(feature = "std")]
#[test]
fn equal_limits_with_an_overlay_share_their_memory() {
    let merge = || limits([1, 2, 0, 0]).with_overlay(limits([9, 0, 0, 0]));
    assert!(std::ptr::eq(merge().as_slice(), merge().as_slice()));
}

#[cfg(all(feature = "serde", feature = "std"))]
#[test]
fn limits_serialize_as_a_table_writes_them() {
    let all = limits([1, 2, 3, 4]);
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(
        json,
        r#"{"qpm":1,"tpm":2,"submissions_per_second":3,"concurrent_tasks":4}"#
    );
    let read: Limits = serde_json::from_str(&json).unwrap();
    assert_eq!(read, all);
    let again: Limits = serde_json::from_str(r#"{"tpm":2,"rpm":1}"#).unwrap();
    assert_eq!(again, limits([1, 2, 0, 0]));
    let json = r#"{"rps":9,"requests":["500 per 6s","30 per 1h"],"tokens":"7 per 3s"}"#;
    let windows: Limits = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&windows).unwrap(), json);
    assert_eq!(
        windows.to_string(),
        "9 queries per second, 500 queries per 6s, 30 queries per hour and 7 tokens per 3s"
    );
    let none: Limits = serde_json::from_str(r#""none""#).unwrap();
    assert_eq!(none, Limits::new(&[]));
    assert_eq!(serde_json::to_string(&none).unwrap(), r#""none""#);

    let error = |json: &str| {
        let error = serde_json::from_str::<Limits>(json).unwrap_err();
        error.to_string()
    };
    assert!(error(r#"{"qpx":1}"#).starts_with("unknown limit `qpx`"));
    assert!(error(r#"{"qpm":1,"rpm":2}"#).starts_with("duplicate limit `rpm`"));
    let twice = error(r#"{"requests":["5 per 6s","6 per 6s"]}"#);
    assert!(twice.starts_with("duplicate limit `requests`"), "{twice}");
    assert!(error(r#"{"requests":"5 per 0s"}"#).starts_with("the window must be"));
    assert!(error(r#"{"qpm":0}"#).contains("nonzero"));
    assert!(error(r#"{"requests":[]}"#).starts_with("the list is empty"));
    assert!(error("{}").starts_with("expected at least one limit, or `none`"));
}

#[cfg(all(feature = "serde", feature = "std"))]
#[test]
fn limits_that_tables_cannot_contain_do_not_serialize() {
    let window = |seconds| Some(Duration::from_secs_f64(seconds));
    for (kind, per, shown) in [
        (LimitKind::Requests, None, "1 query"),
        (LimitKind::Requests, window(0.5), "1 query per 500ms"),
        (LimitKind::Tokens, window(1e9), "1 token per 1000000000s"),
        (
            LimitKind::ConcurrentTasks,
            window(6.0),
            "1 concurrent task per 6s",
        ),
    ] {
        let count = NonZeroU64::MIN;
        let limits = [Limit { kind, count, per }].to_vec().leak();
        let error = serde_json::to_string(&Limits::new(limits)).unwrap_err();
        let expected = format!("a table cannot contain the limit `{shown}`");
        assert_eq!(error.to_string(), expected);
    }
}
