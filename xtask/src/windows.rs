//! The exact windows of Beijing models: `windows-2026-08.tsv`.

use std::collections::{HashMap, HashSet};

use model_studio_limits_core::LimitKind;

use crate::error::Error;
use crate::limit::{Column, Limit, key};
use crate::page::Row;
use crate::report::Report;
use crate::tsv::{self, Cell};

pub(crate) const FILE: &str = "windows-2026-08.tsv";

/// The region in which the windows were read.
pub(crate) const REGION: &str = "beijing";

const COLUMNS: [&str; 12] = [
    "model",
    "count_limit",
    "count_limit_period_s",
    "usage_limit",
    "usage_limit_field",
    "usage_limit_period_s",
    "async_user_queue_limit",
    "async_user_concurrency_limit",
    "async_task_timeout_s",
    "rpm_equivalent",
    "tpm_equivalent",
    "compared_with_beijing_page_2026_08",
];

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
) -> Result<HashMap<&'a str, Windows<'a>>, Error> {
    let mut all = HashMap::new();
    for row in tsv::rows(FILE, text, COLUMNS)? {
        let windows = read_row(&row, report)?;
        let model = windows.model;
        if all.insert(model.required("model")?, windows).is_some() {
            return Err(Error::at(&model, "duplicate row for the model"));
        }
    }
    Ok(all)
}

fn read_row<'a>(row: &[Cell<'a>; 12], report: &mut Report) -> Result<Windows<'a>, Error> {
    let [
        model,
        calls,
        calls_period,
        usage,
        usage_field,
        usage_period,
        _queue,
        tasks,
        _timeout,
        _rpm,
        _tpm,
        _compared,
    ] = *row;
    let usage = window(usage, usage_period)?;
    let usage = match usage_field.text {
        "" => None,
        "total_tokens" | "tokens" | "total_usage" => {
            usage.map(|window| (LimitKind::Tokens, window))
        }
        "characters" => usage.map(|window| (LimitKind::Characters, window)),
        other => {
            let message =
                format!("the page counts all tokens, but the window counts `{other}`: not used");
            report.note(&model, message);
            None
        }
    };
    Ok(Windows {
        model,
        calls: window(calls, calls_period)?,
        usage,
        tasks: tasks.number()?,
    })
}

fn window(count: Cell<'_>, seconds: Cell<'_>) -> Result<Option<Window>, Error> {
    match (count.number()?, seconds.number()?) {
        (None, None) => Ok(None),
        (Some(count), Some(seconds)) => Ok(Some(Window { count, seconds })),
        (Some(_), None) => Err(Error::at(&seconds, "the limit has no period")),
        (None, Some(_)) => Err(Error::at(&count, "the period has no limit")),
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
        if limit.column == Column::CONCURRENT_TASKS {
            self.compare_tasks(limit, report);
            return limit;
        }
        let Some(window) = self.window(limit.column.kind) else {
            return limit;
        };
        if row.dynamic.contains(&limit.column.kind) {
            let message =
                format!("the limit is dynamic, keeping `{limit}`, the window is {window}");
            report.note(&self.model, message);
            return limit;
        }
        let equal = u128::from(window.count) * u128::from(limit.column.seconds)
            == u128::from(limit.count) * u128::from(window.seconds);
        if !equal {
            let message = format!("the page says `{limit}`, the window is {window}: not used");
            report.note(&self.model, message);
            return limit;
        }
        if window.seconds > limit.column.seconds {
            let message = format!("keeping `{limit}`, which is finer than the window of {window}");
            report.note(&self.model, message);
        }
        if window.seconds >= limit.column.seconds {
            return limit;
        }
        Limit {
            count: window.count,
            exact: Some(window.seconds),
            ..limit
        }
    }

    fn window(&self, kind: LimitKind) -> Option<Window> {
        match kind {
            LimitKind::Requests | LimitKind::Submissions => self.calls,
            LimitKind::Tokens | LimitKind::Characters => {
                let (_, window) = self.usage.filter(|(of, _)| *of == kind)?;
                Some(window)
            }
            _ => None,
        }
    }

    fn compare_tasks(&self, limit: Limit, report: &mut Report) {
        if let Some(tasks) = self.tasks.filter(|tasks| *tasks != limit.count) {
            let message = format!("the page says `{limit}`, the quota is {tasks}: not used");
            report.note(&self.model, message);
        }
    }

    fn report_unknown_to_page(&self, row: &Row<'_>, report: &mut Report) {
        let listed = |kind| row.limits.iter().any(|limit| limit.column.kind == kind);
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
