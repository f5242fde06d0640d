//! The header cells of the tables on the rate limit page.

use crate::import::markdown::{Line, LineKind, is_same};

/// A cell above the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderCell {
    /// The names of models. If there are two such columns, the first describes what the models do.
    Name,
    Scope,
    Limit(Column),
    /// A cell above several columns, or a remark.
    Other,
}

/// A column with limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Rpm,
    Tpm,
    Rps,
    SubmissionsPerSecond,
    SubmissionsPerMinute,
    /// Submissions per second or per minute, as each cell says.
    Submissions,
    CharactersPerMinute,
    ConcurrentTasks,
    AsyncTasks,
    AsyncQueue,
}

const CELLS: &[(&str, HeaderCell)] = &[
    ("模型名称", HeaderCell::Name),
    ("模型服务", HeaderCell::Name),
    ("服务部署范围", HeaderCell::Scope),
    ("限流条件", HeaderCell::Other),
    ("限流条件（超出任一数值时触发限流）", HeaderCell::Other),
    ("限流值（任何一个值超出即触发限流）", HeaderCell::Other),
    ("每分钟调用次数（RPM）", HeaderCell::Limit(Column::Rpm)),
    ("每分钟请求数RPM限制", HeaderCell::Limit(Column::Rpm)),
    ("每分钟消耗Token数（TPM）", HeaderCell::Limit(Column::Tpm)),
    (
        "每分钟消耗Token数（TPM）/作业数",
        HeaderCell::Limit(Column::Tpm),
    ),
    (
        "每分钟消耗字符数",
        HeaderCell::Limit(Column::CharactersPerMinute),
    ),
    ("每秒钟调用次数（RPS）", HeaderCell::Limit(Column::Rps)),
    (
        "每秒钟任务下发接口RPS限制",
        HeaderCell::Limit(Column::SubmissionsPerSecond),
    ),
    (
        "任务下发接口RPS限制",
        HeaderCell::Limit(Column::SubmissionsPerSecond),
    ),
    (
        "任务提交接口RPS限制",
        HeaderCell::Limit(Column::SubmissionsPerSecond),
    ),
    (
        "作业提交接口RPS限制",
        HeaderCell::Limit(Column::SubmissionsPerSecond),
    ),
    (
        "提交作业接口RPS限制",
        HeaderCell::Limit(Column::SubmissionsPerSecond),
    ),
    (
        "每分钟任务下发接口RPM限制",
        HeaderCell::Limit(Column::SubmissionsPerMinute),
    ),
    (
        "任务下发接口调用限制",
        HeaderCell::Limit(Column::Submissions),
    ),
    (
        "同时处理中任务数量",
        HeaderCell::Limit(Column::ConcurrentTasks),
    ),
    (
        "同时处理中任务数量（并发数）",
        HeaderCell::Limit(Column::ConcurrentTasks),
    ),
    (
        "正在处理中的任务数（并发）",
        HeaderCell::Limit(Column::ConcurrentTasks),
    ),
    ("异步并发数", HeaderCell::Limit(Column::AsyncTasks)),
    ("异步排队数", HeaderCell::Limit(Column::AsyncQueue)),
];

const REMARKS: &[&str] = &[
    "以下为每分钟限流条件，服务可能按 RPS（RPM/60）与 TPS（TPM/60）限制",
    "含输入与输出Token",
    "仅输入Token",
    "仅含输入字符数",
];

/// Returns the header cell of a line, or `None` if it is not a known one.
pub(super) fn header_cell(line: &Line) -> Option<HeaderCell> {
    match line.kind {
        LineKind::Heading => None,
        LineKind::Quote => REMARKS
            .iter()
            .any(|remark| is_same(remark, &line.text))
            .then_some(HeaderCell::Other),
        LineKind::Text => {
            let cell = CELLS.iter().find(|(text, _)| is_same(text, &line.text));
            cell.map(|(_, cell)| *cell)
        }
    }
}

impl Column {
    /// Returns the name that errors and notes use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Rpm => "rpm",
            Self::Tpm => "tpm",
            Self::Rps => "rps",
            Self::SubmissionsPerSecond => "submissions per second",
            Self::SubmissionsPerMinute => "submissions per minute",
            Self::Submissions => "submissions",
            Self::CharactersPerMinute => "characters per minute",
            Self::ConcurrentTasks => "concurrent tasks",
            Self::AsyncTasks => "asynchronous tasks",
            Self::AsyncQueue => "queued asynchronous tasks",
        }
    }
}
