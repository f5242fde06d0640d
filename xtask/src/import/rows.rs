//! Reads the rows of a table on the rate limit page.

use crate::import::cells::{self, LimitCell, Value};
use crate::import::columns::Column;
use crate::import::deployments;
use crate::import::error::PageError;
use crate::import::markdown::{Line, LineKind, is_same};
use crate::import::row::{Field, Row};
use crate::import::sections::{Deployment, Section};
use crate::import::tables::{Table, is_model_id};

const BATCH_EXEMPT: &str = "用Batch API调用服务时，不受限流限制。";

/// Reads the rows of a table. `names` are those of the category and the series.
pub(super) fn read(
    table: &Table,
    section: &Section<'_>,
    names: &[String; 2],
    errors: &mut Vec<PageError>,
) -> Vec<Row> {
    let mut rows = Vec::new();
    if section.deployments.is_empty() {
        let message = "expected a heading with a region above the table";
        errors.push(PageError::new(table.line, message));
        return rows;
    }
    if table.columns.is_empty() && !table.rows.is_empty() {
        let message = "expected a column with limits in the table";
        errors.push(PageError::new(table.line, message));
        return rows;
    }
    let mut previous: Option<Vec<LimitCell>> = None;
    for lines in &table.rows {
        let read = read_row(lines, table, previous.as_deref());
        let (mut row, scope, cells) = match read {
            Ok(read) => read,
            Err(error) => {
                // The rows below it can have cells that are merged with it.
                errors.push(error);
                break;
            }
        };
        if let Some(note) = section.note {
            row.add(Field::Note, "; ", note);
        }
        let [category, series] = names;
        row.set(Field::Category, category);
        row.set(Field::Series, series);
        for deployment in &section.deployments {
            match scope_of(deployment, scope) {
                Some(scope) => {
                    let mut row = row.clone();
                    row.set(Field::Region, deployment.region);
                    row.set(Field::Scope, scope);
                    rows.push(row);
                }
                None => errors.push(PageError::new(
                    table.line,
                    "expected the column `服务部署范围`, because the region has several scopes",
                )),
            }
        }
        previous = Some(cells);
    }
    rows
}

fn scope_of(deployment: &Deployment, cell: Option<&'static str>) -> Option<&'static str> {
    cell.or(deployment.scope)
        .or_else(|| deployments::only_scope(deployment.region))
}

/// A row, its scope, and its cells with limits.
type ReadRow = (Row, Option<&'static str>, Vec<LimitCell>);

fn read_row(
    lines: &[Line],
    table: &Table,
    previous: Option<&[LimitCell]>,
) -> Result<ReadRow, PageError> {
    let (name, mut rest) = lines
        .split_first()
        .ok_or_else(|| PageError::new(table.line, "expected a row"))?;
    if table.has_services {
        rest = without_service(rest);
    }
    let mut row = Row::new(name.number, &name.text);
    while let Some((line, others)) = rest.split_first() {
        if let Some(alias) = alias(&line.text) {
            row.add(Field::Aliases, ",", alias);
        } else if line.kind == LineKind::Quote && is_same(&line.text, BATCH_EXEMPT) {
            row.set(Field::BatchExempt, "yes");
        } else {
            break;
        }
        rest = others;
    }
    let mut scope = None;
    if table.has_scopes {
        let message = "expected a deployment scope such as `全球`";
        let (line, others) = rest
            .split_first()
            .ok_or_else(|| PageError::new(name.number, format!("{message} below the name")))?;
        scope = deployments::scope(&line.text);
        if scope.is_none() {
            return Err(PageError::found(line, message));
        }
        rest = others;
    }
    let cells = align(cells::read(rest)?, &table.columns, previous)
        .map_err(|message| PageError::new(name.number, message))?;
    for (column, cell) in table.columns.iter().zip(&cells) {
        set(&mut row, *column, cell)?;
    }
    let has_limit = Field::LIMITS
        .iter()
        .any(|field| !row.get(*field).is_empty());
    let is_limited = has_limit || !row.get(Field::Dynamic).is_empty();
    if !is_limited && !row.get(Field::Note).starts_with(CHARACTERS) {
        return Err(PageError::new(name.number, "the row has no limit"));
    }
    Ok((row, scope, cells))
}

/// Returns the lines without the service of the next row, whose cell is printed above its name.
fn without_service(lines: &[Line]) -> &[Line] {
    match lines.split_last() {
        Some((last, others)) if is_service(last) => others,
        _ => lines,
    }
}

fn is_service(line: &Line) -> bool {
    let text = line.text.as_str();
    let is_known = cells::value(text).is_some() || deployments::scope(text).is_some();
    line.kind == LineKind::Text && !is_known && alias(text).is_none()
}

fn alias(text: &str) -> Option<&str> {
    let inner = text.strip_prefix(['（', '('])?.strip_suffix(['）', ')'])?;
    is_model_id(inner).then_some(inner)
}

/// Returns one cell for each column. Merged cells are printed once, in their first row: all cells of
/// a row can be merged with those above, and so can a cell with a quota that several models share.
/// A dynamic limit can stand in place of all cells that follow.
fn align(
    mut cells: Vec<LimitCell>,
    columns: &[Column],
    previous: Option<&[LimitCell]>,
) -> Result<Vec<LimitCell>, String> {
    let found = cells.len();
    let missing = columns.len().saturating_sub(found);
    if cells.len() == columns.len() {
        return Ok(cells);
    }
    if let (Some(previous), true) = (previous, cells.is_empty()) {
        return Ok(previous.to_vec());
    }
    if let Some(last) = cells.last().filter(|cell| cell.value == Value::Dynamic) {
        let last = last.clone();
        cells.extend(std::iter::repeat_n(last, missing));
    } else if let Some(previous) = previous {
        let is_merged = |cell: &&LimitCell| cell.shared.is_some();
        if missing == previous.iter().filter(is_merged).count() {
            let mut own = cells.iter();
            let merged = previous.iter().map(|cell| match cell.shared {
                Some(_) => Some(cell.clone()),
                None => own.next().cloned(),
            });
            cells = merged.collect::<Option<_>>().unwrap_or_default();
        }
    }
    if cells.len() == columns.len() {
        return Ok(cells);
    }
    let names = columns.iter().map(|column| column.name());
    let names = names.collect::<Vec<_>>().join(", ");
    let (expected, noun) = (
        columns.len(),
        if columns.len() == 1 { "cell" } else { "cells" },
    );
    Err(format!(
        "expected {expected} {noun} ({names}), found {found}"
    ))
}

/// The beginning of a note with a limit, for which the file has no column.
const CHARACTERS: &str = "chars_per_minute=";

/// Sets the cells of a row that a limit on the page determines.
fn set(row: &mut Row, column: Column, cell: &LimitCell) -> Result<(), PageError> {
    let mut note = |text: &str| row.add(Field::Note, "; ", text);
    match (column, cell.value) {
        (Column::CharactersPerMinute, Value::Number(number)) => {
            note(&format!("{CHARACTERS}{number} (input characters only)"));
        }
        (Column::AsyncQueue, Value::Number(number)) => {
            note(&format!("async queue limit {number}"));
        }
        (Column::AsyncTasks, Value::Number(number)) => {
            note("concurrency column is \"async concurrency\"");
            row.set(Field::ConcurrentTasks, number.to_string());
        }
        (Column::Submissions, Value::PerSecond(number)) => {
            row.set(Field::SubmissionsPerSecond, number.to_string());
        }
        (Column::Submissions, Value::PerMinute(number)) => {
            row.set(Field::SubmissionsPerMinute, number.to_string());
        }
        (Column::Rpm, Value::Dynamic) => row.add(Field::Dynamic, ",", "requests"),
        (Column::Tpm, Value::Dynamic) => row.add(Field::Dynamic, ",", "tokens"),
        (Column::Tpm, Value::NoTokenLimit) => note("no TPM limit"),
        (Column::Tpm, Value::QueuedJobs(queued)) => {
            if let Some(running) = cell.running_jobs {
                note(&format!("jobs: at most {running} running at once per user"));
            }
            note(&format!(
                "jobs: at most {queued} queued or running per user"
            ));
        }
        (Column::ConcurrentTasks, Value::SyncUnlimited(None)) => {
            note("concurrency: sync API unlimited");
        }
        (Column::ConcurrentTasks, Value::SyncUnlimited(Some(number))) => {
            note(&format!(
                "concurrency: sync API unlimited, async API {number}"
            ));
        }
        (Column::ConcurrentTasks, Value::TasksPerComputeUnit(number)) => {
            note(&format!("concurrency: {number} per 1 compute unit"));
        }
        (column, value) => match (field(column), value) {
            (Some(_), Value::NotStated) => {
                note(&format!("{}: — (dash in the page)", column.name()));
            }
            (Some(field), Value::Number(number)) => row.set(field, number.to_string()),
            _ => {
                let (name, text) = (column.name(), &cell.text);
                let message = format!("unexpected form of a limit for {name}: `{text}`");
                return Err(PageError::new(cell.line, message));
            }
        },
    }
    if cell.runs_one_job {
        row.add(
            Field::Note,
            "; ",
            "one job runs at a time, the others queue",
        );
    }
    if let Some(shared) = &cell.shared {
        row.add(Field::SharedBy, "; ", &shared.text);
    }
    Ok(())
}

/// Returns the column of the file for a column of the page, if it depends on nothing else.
fn field(column: Column) -> Option<Field> {
    match column {
        Column::Rpm => Some(Field::Rpm),
        Column::Tpm => Some(Field::Tpm),
        Column::Rps => Some(Field::Rps),
        Column::SubmissionsPerSecond => Some(Field::SubmissionsPerSecond),
        Column::SubmissionsPerMinute => Some(Field::SubmissionsPerMinute),
        Column::ConcurrentTasks => Some(Field::ConcurrentTasks),
        Column::Submissions
        | Column::CharactersPerMinute
        | Column::AsyncTasks
        | Column::AsyncQueue => None,
    }
}
