//! The cells with limits.

use crate::import::error::PageError;
use crate::import::markdown::{Line, LineKind};
use crate::import::shared::{self, SharedQuota};
use crate::import::template;

/// A cell with a limit, and the remarks below it.
#[derive(Clone, Debug)]
pub(super) struct LimitCell {
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) value: Value,
    pub(super) shared: Option<SharedQuota>,
    pub(super) runs_one_job: bool,
    /// The jobs that run at the same time, if the cell limits those in the queue.
    pub(super) running_jobs: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Number(u64),
    PerSecond(u64),
    PerMinute(u64),
    /// The provider adjusts the limit.
    Dynamic,
    /// A dash.
    NotStated,
    NoTokenLimit,
    /// The synchronous API is unlimited. The number applies to the asynchronous one.
    SyncUnlimited(Option<u64>),
    TasksPerComputeUnit(u64),
    QueuedJobs(u64),
}

const ONE_JOB: &str = "在同一时刻，只有1个作业实际处于运行状态，其他队列中的作业处于排队状态。";

const QUEUED_JOBS: &str = "当前用户在系统通用文本向量异步作业排队中和运行中的作业数量不超过{n}个。";

const RUNNING_JOBS: &str = "另外，为了避免大量突发的作业占据太多资源，限制并发的作业数为{n}个，即任意时间，单个用户最多只有{n}个通用文本向量的异步作业在并发运行，其他的作业只能在队列中等待。";

/// Returns the cells in the lines after the name and the scope of a row.
pub(super) fn read(lines: &[Line]) -> Result<Vec<LimitCell>, PageError> {
    let mut cells: Vec<LimitCell> = Vec::new();
    for line in lines {
        let is_remark = match cells.last_mut() {
            Some(cell) => add_remark(cell, line)?,
            None => false,
        };
        if is_remark {
            continue;
        }
        let value = match line.kind {
            LineKind::Text => value(&line.text),
            _ => None,
        };
        let Some(value) = value else {
            let message = "expected a limit such as `1,200`, `2 次/分钟` or `动态限流`";
            return Err(PageError::found(line, message));
        };
        cells.push(LimitCell {
            line: line.number,
            text: line.text.clone(),
            value,
            shared: None,
            runs_one_job: false,
            running_jobs: None,
        });
    }
    match cells.iter().find(|cell| cell.value.has_zero()) {
        Some(cell) => Err(PageError::new(cell.line, "0 is not a limit")),
        None => Ok(cells),
    }
}

/// Adds a remark to the cell above it. Returns `false` if the line is not a remark.
fn add_remark(cell: &mut LimitCell, line: &Line) -> Result<bool, PageError> {
    if line.kind == LineKind::Quote {
        let Some(quota) = shared::read(&line.text) else {
            return Err(PageError::found(
                line,
                "unknown remark about a shared quota",
            ));
        };
        if cell.value != Value::Number(quota.limit) {
            let (remark, text) = (quota.limit, &cell.text);
            let message = format!("the remark has {remark}, but the cell above it `{text}`");
            return Err(PageError::new(line.number, message));
        }
        cell.shared = Some(quota);
        return Ok(true);
    }
    let queued = matches!(cell.value, Value::QueuedJobs(_));
    if template::numbers(ONE_JOB, &line.text).is_some() {
        cell.runs_one_job = true;
        return Ok(true);
    }
    match template::number(RUNNING_JOBS, &line.text) {
        Some(jobs) if queued => {
            cell.running_jobs = Some(jobs);
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Returns the value of a cell, or `None` if the text is not a limit.
pub(super) fn value(text: &str) -> Option<Value> {
    match text {
        "动态限流" => return Some(Value::Dynamic),
        "—" | "-" => return Some(Value::NotStated),
        "无 TPM 限制" => return Some(Value::NoTokenLimit),
        "同步接口无限制" => return Some(Value::SyncUnlimited(None)),
        _ => {}
    }
    let sync_unlimited = |number| Value::SyncUnlimited(Some(number));
    let find = |template| template::number(template, text);
    number(text)
        .map(Value::Number)
        .or_else(|| find("{n}次/秒").map(Value::PerSecond))
        .or_else(|| find("{n}次/分钟").map(Value::PerMinute))
        .or_else(|| find("同步接口无限制/异步接口{n}").map(sync_unlimited))
        .or_else(|| find("1算力单元支持{n}并发").map(Value::TasksPerComputeUnit))
        .or_else(|| find(QUEUED_JOBS).map(Value::QueuedJobs))
}

/// Parses a number without separators, or with a comma before each group of three digits.
pub(super) fn number(text: &str) -> Option<u64> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let has_separators = first.len() < text.len();
    let is_valid = groups.all(|group| group.len() == 3) && (!has_separators || first.len() <= 3);
    let digits = text.replace(',', "");
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok()?;
    (is_valid && is_digits && !first.is_empty()).then_some(number)
}

impl Value {
    fn has_zero(self) -> bool {
        match self {
            Self::Number(number)
            | Self::PerSecond(number)
            | Self::PerMinute(number)
            | Self::TasksPerComputeUnit(number)
            | Self::QueuedJobs(number) => number == 0,
            Self::SyncUnlimited(number) => number == Some(0),
            Self::Dynamic | Self::NotStated | Self::NoTokenLimit => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, number, value};

    #[test]
    fn numbers_can_have_separators() {
        assert_eq!(number("1200"), Some(1200));
        assert_eq!(number("4,980,000,000"), Some(4_980_000_000));
        for text in [
            "", ",", "12,00", "1200,000", "1,2000", "+1", "1.5", "500万", "1M",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn values_have_units() {
        assert_eq!(value("2 次/分钟"), Some(Value::PerMinute(2)));
        assert_eq!(
            value("同步接口无限制 / 异步接口 2"),
            Some(Value::SyncUnlimited(Some(2)))
        );
        assert_eq!(value("2 次/小时"), None);
        assert_eq!(value("5 RPM"), None);
    }
}
