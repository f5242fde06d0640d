//! The exact windows of Beijing models: `windows-2026-08.tsv`.

use std::collections::{HashMap, HashSet};

use model_studio_limits_core::LimitKind;

use crate::limit::{Limit, key};
use crate::page::Row;
use crate::report::Report;
use crate::tsv::{self, Cell, Cells};

pub(crate) const FILE: &str = "windows-2026-08.tsv";

/// The region in which the windows were read.
pub(crate) const REGION: &str = "beijing";

/// What the quota endpoint says about a model.
pub(crate) struct Windows<'a> {
    model: Cell<'a>,
    calls: Option<Window>,
    usage: Option<(LimitKind, Window)>,
    tasks: Option<u64>,
}

#[derive(Clone, Copy)]
struct Window {
    count: u64,
    seconds: u64,
}

/// Reads the file. The keys are the names of the models.
pub(crate) fn read<'a>(
    text: &'a str,
    report: &mut Report,
) -> Result<HashMap<&'a str, Windows<'a>>, String> {
    let mut all = HashMap::new();
    for row in tsv::rows(FILE, text)? {
        let windows = read_row(&row, report)?;
        let model = windows.model;
        if all.insert(model.text, windows).is_some() {
            return Err(model.error("duplicate row for the model"));
        }
    }
    Ok(all)
}

fn read_row<'a>(row: &Cells<'a>, report: &mut Report) -> Result<Windows<'a>, String> {
    let model = row.required("model")?;
    let calls = window(row, "count_limit", "count_limit_period_s")?;
    let usage = window(row, "usage_limit", "usage_limit_period_s")?;
    let kind = match row.get("usage_limit_field")?.text {
        "" => None,
        "total_tokens" | "tokens" | "total_usage" => Some(LimitKind::Tokens),
        "characters" => Some(LimitKind::Characters),
        other => {
            let message =
                format!("the page counts all tokens, but the window counts `{other}`: not used");
            report.note(&model, message);
            None
        }
    };
    Ok(Windows {
        model,
        calls,
        usage: kind.zip(usage),
        tasks: row.get("async_user_concurrency_limit")?.number()?,
    })
}

fn window(row: &Cells<'_>, count: &str, seconds: &str) -> Result<Option<Window>, String> {
    let (count, seconds) = (row.get(count)?, row.get(seconds)?);
    match (count.number()?, seconds.number()?) {
        (None, None) => Ok(None),
        (Some(count), Some(seconds)) => Ok(Some(Window { count, seconds })),
        (Some(_), None) => Err(seconds.error("the limit has no period")),
        (None, Some(_)) => Err(count.error("the period has no limit")),
    }
}

/// Reports the windows of models that are not on the page.
pub(crate) fn report_unlisted<'a>(
    all: &HashMap<&str, Windows<'_>>,
    listed: impl Iterator<Item = &'a str>,
    report: &mut Report,
) {
    let listed: HashSet<&str> = listed.collect();
    let unlisted = all.iter().filter(|(name, _)| !listed.contains(*name));
    let mut unlisted: Vec<_> = unlisted.map(|(_, windows)| windows.model).collect();
    unlisted.sort_by_key(|model| model.line);
    for model in unlisted {
        report.note(&model, "not on the page, window not used");
    }
}

/// Returns the limits of a row, with exact windows where they agree with the page.
pub(crate) fn refine(
    row: &Row<'_>,
    all: &HashMap<&str, Windows<'_>>,
    report: &mut Report,
) -> Vec<Limit> {
    let Some(windows) = row.names().find_map(|name| all.get(name)) else {
        return row.limits.clone();
    };
    windows.report_unknown_to_page(row, report);
    let limits = row.limits.iter();
    limits
        .map(|limit| windows.refine(*limit, row, report))
        .collect()
}

impl Windows<'_> {
    fn refine(&self, limit: Limit, row: &Row<'_>, report: &mut Report) -> Limit {
        if limit.kind == LimitKind::ConcurrentTasks {
            if let Some(tasks) = self.tasks.filter(|tasks| *tasks != limit.count) {
                let message = format!("the page says `{limit}`, the quota is {tasks}: not used");
                report.note(&self.model, message);
            }
            return limit;
        }
        let Some(window) = self.window(limit.kind) else {
            return limit;
        };
        let is_equal = u128::from(window.count) * u128::from(limit.seconds)
            == u128::from(limit.count) * u128::from(window.seconds);
        let message = if row.dynamic.contains(&limit.kind) {
            format!("the limit is dynamic, keeping `{limit}`, the window is {window}")
        } else if !is_equal {
            format!("the page says `{limit}`, the window is {window}: not used")
        } else if window.seconds > limit.seconds {
            format!("keeping `{limit}`, which is finer than the window of {window}")
        } else {
            return Limit {
                count: window.count,
                seconds: window.seconds,
                is_exact: window.seconds < limit.seconds,
                ..limit
            };
        };
        report.note(&self.model, message);
        limit
    }

    fn window(&self, kind: LimitKind) -> Option<Window> {
        match kind {
            LimitKind::Requests | LimitKind::Submissions => self.calls,
            _ => self
                .usage
                .filter(|(of, _)| *of == kind)
                .map(|(_, window)| window),
        }
    }

    fn report_unknown_to_page(&self, row: &Row<'_>, report: &mut Report) {
        let listed = |kind| row.limits.iter().any(|limit| limit.kind == kind);
        let calls = self.calls.map(|window| (LimitKind::Requests, window));
        let calls = calls.filter(|_| !listed(LimitKind::Submissions));
        let windows = calls.into_iter().chain(self.usage);
        for (kind, window) in windows.filter(|(kind, _)| !listed(*kind)) {
            let kind = key(kind);
            let message = format!("the page lists no number for {kind}, window {window} not used");
            report.note(&self.model, message);
        }
        let tasks = self.tasks.filter(|_| !listed(LimitKind::ConcurrentTasks));
        if let Some(tasks) = tasks {
            let message =
                format!("the page lists no single number for tasks, quota {tasks} not used");
            report.note(&self.model, message);
        }
    }
}

impl std::fmt::Display for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} per {}s", self.count, self.seconds)
    }
}
