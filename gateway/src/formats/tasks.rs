//! The responses for asynchronous tasks.

use std::borrow::Cow;

use serde::Deserialize;

/// Returns the ID in the response to the submission of a task.
pub(crate) fn submitted_task(body: &[u8]) -> Option<String> {
    output(body)?.task_id.map(Cow::into_owned)
}

/// Returns whether the task has ended, from the response to a request for its status. Returns `None`
/// if the response has no known status.
pub(crate) fn task_has_ended(body: &[u8]) -> Option<bool> {
    match output(body)?.task_status.as_deref()? {
        "PENDING" | "RUNNING" | "SUSPENDED" => Some(false),
        // The status is `UNKNOWN` also for a task of another account, which may be running.
        "SUCCEEDED" | "FAILED" | "CANCELED" => Some(true),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    task_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    task_status: Option<Cow<'a, str>>,
}

fn output(body: &[u8]) -> Option<Output<'_>> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        output: Output<'a>,
    }
    let body: Body<'_> = serde_json::from_slice(body).ok()?;
    Some(body.output)
}

#[cfg(test)]
mod tests;
