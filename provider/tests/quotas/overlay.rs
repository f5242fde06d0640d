//! The limits of an account in place of those of a table.

use model_studio_limits::{Category, Limits};
use model_studio_limits_core::{DisplayLimits, Limit, LimitKind, Rate};
use model_studio_provider::quotas::{AccountLimits, QuotaRow};
use model_studio_provider::{PropertyValues, Served, Table, TableModel};
use serde_json::{Value, json};

/// Returns a table of these models, each with 600 queries per minute.
fn table(models: &[(&'static str, Option<&'static str>)]) -> Table {
    let Rate { count, per } = "600 per 60s".parse().unwrap();
    let limit = Limit {
        kind: LimitKind::Requests,
        count,
        per: Some(per),
    };
    let models = models.iter().map(|(name, pool)| {
        let served = Served {
            category: Category::TextGeneration,
            series: "A series",
            limits: Limits::new(vec![limit].leak()),
            dynamic: false,
            pool: *pool,
            properties: PropertyValues::default(),
        };
        TableModel::served(name, &[], None, None, served, None)
    });
    Table {
        name: "a table".to_owned(),
        region: None,
        date: None,
        properties: Vec::new(),
        models: models.collect(),
    }
}

fn quota(requests: i64, seconds: i64) -> Value {
    json!({
        "request_limit": requests, "request_limit_period": seconds,
        "usage_limit": null, "usage_limit_field": null, "usage_limit_period": null,
    })
}

fn account(rows: &Value, table: &Table) -> AccountLimits {
    let rows: Vec<QuotaRow> = serde_json::from_value(rows.clone()).unwrap();
    AccountLimits::new(&rows, table)
}

/// Returns the limits of each model, in words.
fn merged(account: &AccountLimits, table: &Table) -> Vec<String> {
    let merged = account.merged(table).into_iter();
    let lines = merged.map(|(name, limits)| format!("{name}: {}", DisplayLimits(&limits)));
    lines.collect()
}

#[test]
fn a_limit_of_the_account_replaces_that_of_the_table_in_all_windows() {
    let table = table(&[("a", None), ("b", None), ("c", None)]);
    let rows = json!([
        { "model": "a", "model_limit": quota(1_000, 60), "workspace_limit": null },
        { "model": "b", "model_limit": quota(20, 1), "workspace_limit": quota(5, 1) },
    ]);
    let account = account(&rows, &table);
    assert_eq!(
        merged(&account, &table),
        [
            "a: 1,000 queries per minute",
            "b: 5 queries per second and 300 queries per minute",
            // The account has no limits for it.
            "c: 600 queries per minute",
        ]
    );
    let overlay = account.overlay(&table);
    let names: Vec<&str> = overlay.keys().copied().collect();
    assert_eq!(names, ["a", "b"]);
    assert!(overlay["a"].workspace.is_empty());
    assert_eq!(
        DisplayLimits(&overlay["b"].workspace).to_string(),
        "5 queries per second"
    );
}

#[test]
fn the_models_of_a_pool_have_the_tightest_limits_of_all() {
    let table = table(&[
        ("c", Some("pool")),
        ("b", Some("pool")),
        ("a", Some("pool")),
    ]);
    let rows = json!([
        { "model": "a", "model_limit": quota(100, 60), "workspace_limit": null },
        { "model": "b", "model_limit": quota(200, 60), "workspace_limit": null },
    ]);
    let account = account(&rows, &table);
    let overlay = account.overlay(&table);
    let entries: Vec<_> = overlay
        .iter()
        .map(|(name, entry)| (*name, entry.pool))
        .collect();
    // `c` has no quota, so `b` is the first.
    assert_eq!(entries, [("b", Some("pool"))]);
    let expected = ["a", "b", "c"].map(|name| format!("{name}: 100 queries per minute"));
    assert_eq!(merged(&account, &table), expected);
}
