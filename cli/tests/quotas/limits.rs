//! Which limits are written.

use serde_json::json;

use crate::command::{limit, row, with, without, write};

#[test]
fn exact_windows_are_written_with_the_window_of_the_table_at_the_same_rate() {
    // The account has more than the 600 requests and 1,000,000 tokens per minute of the table.
    let rows = json!([row("qwen-plus", limit([1_000, 1], [2_000_000, 6]))]);
    assert_eq!(
        write(rows, &[]).0,
        "limits:
  qwen-plus: { rps: 1000, qpm: 60000, tpm: 20000000, tokens: 2000000 per 6s }
"
    );
}

#[test]
fn the_window_of_the_table_never_holds_back_what_the_account_allows() {
    // 100 per 7s are 857.14 per minute.
    let rows = json!([row("qwen-plus", limit([100, 7], [0, 0]))]);
    assert_eq!(
        write(rows, &[]).0,
        "limits:\n  qwen-plus: { qpm: 858, requests: 100 per 7s }\n"
    );
}

#[test]
fn limits_that_are_null_stay_those_of_the_table() {
    let rows = json!([
        row("qwen-max", json!(null)),
        row("qwen-plus", limit([0, 0], [5, 60])),
        row("qwen-turbo", limit([0, 0], [0, 0])),
    ]);
    assert_eq!(write(rows, &[]).0, "limits:\n  qwen-plus: { tpm: 5 }\n");
}

#[test]
fn a_missing_limit_of_tasks_is_the_same_as_null() {
    let quota = without(limit([7, 60], [0, 0]), "async_user_concurrency_limit");
    let quota = without(quota, "async_user_queue_limit");
    let rows = json!([row("qwen-plus", quota)]);
    assert_eq!(write(rows, &[]).0, "limits:\n  qwen-plus: { qpm: 7 }\n");
}

#[test]
fn an_account_without_limits_writes_an_overlay_without_limits() {
    let rows = json!([row("qwen-plus", json!(null))]);
    assert_eq!(write(rows, &[]).0, "limits: {}\n");
}

#[test]
fn usage_is_counted_in_the_unit_that_the_row_names() {
    let quota = |field| with(limit([0, 0], [50, 6]), "usage_limit_field", field);
    for (field, written) in [
        ("total_tokens", "{ tpm: 500, tokens: 50 per 6s }"),
        ("tokens", "{ tpm: 500, tokens: 50 per 6s }"),
        ("total_usage", "{ tpm: 500, tokens: 50 per 6s }"),
        ("input_tokens", "{ input_tokens: 50 per 6s }"),
        ("output_tokens", "{ output_tokens: 50 per 6s }"),
        ("characters", "{ characters: 50 per 6s }"),
    ] {
        let (text, errors) = write(json!([row("qwen-plus", quota(field))]), &[]);
        assert_eq!(
            text,
            format!("limits:\n  qwen-plus: {written}\n"),
            "{field}"
        );
        assert_eq!(errors, "");
    }
}

#[test]
fn usage_in_an_unknown_unit_is_left_out_with_a_warning() {
    let quota = with(limit([7, 60], [50, 6]), "usage_limit_field", "pixels");
    let (text, errors) = write(json!([row("qwen-plus", quota)]), &[]);
    assert_eq!(text, "limits:\n  qwen-plus: { qpm: 7 }\n");
    assert_eq!(
        errors,
        "warning: `usage_limit` of `qwen-plus` is left out: unknown unit `pixels`\n"
    );
}

#[test]
fn numbers_that_are_no_limits_are_left_out_with_a_warning() {
    let quota = limit([7, 60], [50, 6]);
    for (field, value, warning) in [
        ("usage_limit_field", json!(null), "the unit is missing"),
        ("usage_limit_period", json!(null), "the period is missing"),
        (
            "usage_limit_period",
            json!(0),
            "the window must be at least 1s, found 0s",
        ),
        (
            "usage_limit",
            json!(0),
            "the count must be from 1 to 18446744073709551615, found 0",
        ),
        ("usage_limit", json!(-1), "found -1"),
    ] {
        let quota = with(quota.clone(), field, value);
        let (text, errors) = write(json!([row("qwen-plus", quota)]), &[]);
        assert_eq!(text, "limits:\n  qwen-plus: { qpm: 7 }\n");
        assert!(
            errors.starts_with("warning: `usage_limit` of `qwen-plus` is left out: "),
            "{errors}"
        );
        assert!(errors.contains(warning), "{errors}");
    }
}

#[test]
fn a_number_that_a_table_cannot_contain_is_left_out_with_a_warning() {
    let quota = limit([u64::from(u32::MAX) + 1, 60], [50, 60]);
    let (text, errors) = write(json!([row("qwen-plus", quota)]), &[]);
    assert_eq!(text, "limits:\n  qwen-plus: { tpm: 50 }\n");
    assert!(
        errors.contains("from 1 to 4294967295, found 4294967296"),
        "{errors}"
    );
}

#[test]
fn requests_to_a_model_with_submissions_in_the_table_are_submissions() {
    let quota = with(limit([5, 1], [0, 0]), "async_user_concurrency_limit", 4);
    let quota = with(quota, "async_user_queue_limit", 500);
    let rows = json!([row("wan2.1-t2v-plus", quota)]);
    assert_eq!(
        write(rows, &[]).0,
        "limits:\n  wan2.1-t2v-plus: { submissions_per_second: 5, concurrent_tasks: 4 }\n"
    );
}

#[test]
fn requests_to_a_model_with_requests_and_tasks_in_the_table_are_requests() {
    let quota = with(limit([9, 1], [0, 0]), "async_user_concurrency_limit", 4);
    let rows = json!([row("wan2.6-image", quota)]);
    assert_eq!(
        write(rows, &["--table", "singapore"]).0,
        "limits:\n  wan2.6-image: { rps: 9, concurrent_tasks: 4 }\n"
    );
}

#[test]
fn of_several_rows_of_a_model_the_tightest_limit_of_each_window_holds() {
    let rows = json!([
        row("qwen-plus", limit([9, 1], [100, 60])),
        row("qwen-plus", limit([8, 1], [200, 60])),
        row("qwen-plus", limit([30, 6], [0, 0])),
    ]);
    assert_eq!(
        write(rows, &[]).0,
        "limits:\n  qwen-plus: { rps: 8, qpm: 300, tpm: 100, requests: 30 per 6s }\n"
    );
}

#[test]
fn a_lower_limit_of_the_workspace_holds_and_is_named() {
    let row = |model, requests, tokens| {
        let row = row(model, limit([600, 60], [1_000, 60]));
        with(row, "workspace_limit", limit([requests, 60], [tokens, 60]))
    };
    let rows = json!([row("qwen-plus", 60, 2_000), row("qwen-max", 600, 1_000)]);
    assert_eq!(
        write(rows, &[]).0,
        "limits:
  qwen-max: { qpm: 600, tpm: 1000 }
  # workspace limits: 60 queries per minute
  qwen-plus: { qpm: 60, tpm: 1000 }
"
    );
}

#[test]
fn models_that_the_table_does_not_have_are_in_comments() {
    let rows = json!([
        row("new\nlimits: {}", limit([7, 60], [0, 0])),
        row("mine", limit([0, 0], [0, 0])),
        row("qwen-plus", limit([7, 60], [0, 0])),
    ]);
    let (text, errors) = write(rows, &[]);
    assert_eq!(
        text,
        "limits:
  qwen-plus: { qpm: 7 }
# Models that are not in the table:
#   mine: none
#   new\\nlimits: {}: { qpm: 7 }
"
    );
    assert_eq!(
        errors,
        "note: 2 models are not in the table `built-in`, and listed in comments at the end\n"
    );
}

#[test]
fn the_table_decides_which_models_are_written() {
    let rows = || json!([row("qwen3.7-max", limit([700, 60], [0, 0]))]);
    let (text, errors) = write(rows(), &["--table", "singapore"]);
    assert_eq!(text, "limits:\n  qwen3.7-max: { qpm: 700 }\n");
    assert_eq!(errors, "");
    let (text, errors) = write(rows(), &[]);
    assert!(text.starts_with("limits: {}\n#"), "{text}");
    assert!(
        errors.starts_with("note: 1 model is not in the table"),
        "{errors}"
    );
}

#[test]
fn a_model_that_is_listed_by_its_name_and_by_an_alias_is_written_once() {
    let rows = json!([
        row("qwen-max-2025-01-25", limit([7, 60], [0, 0])),
        row("qwen-max-0125", limit([6, 60], [0, 0])),
    ]);
    let text = write(rows, &[]).0;
    assert_eq!(text, "limits:\n  qwen-max-2025-01-25: { qpm: 6 }\n");
}

#[test]
fn the_models_of_a_pool_are_written_once() {
    let rows = json!([
        row("kimi/kimi-k2.6", limit([8, 60], [0, 0])),
        row("kimi/kimi-k2.5", limit([7, 60], [0, 0])),
    ]);
    let (text, _) = write(rows, &["--table", "beijing"]);
    assert_eq!(
        text,
        "limits:
  # for all models of the pool `kimi`
  kimi/kimi-k2.6: { qpm: 7 }
"
    );
}

#[test]
fn json_has_the_limits_without_comments() {
    let rows = json!([
        row("qwen-plus", limit([10, 1], [0, 0])),
        row("mine", limit([7, 60], [0, 0])),
    ]);
    let (text, errors) = write(rows, &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        json,
        json!({ "limits": { "qwen-plus": { "rps": 10, "qpm": 600 } } })
    );
    assert!(errors.ends_with("and left out\n"), "{errors}");
}
