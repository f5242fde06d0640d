//! Which requests are calls of a model.

use http::{HeaderMap, Method, header};

use super::Format;

/// What a request is, by its method, path and header fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// A call of a model, which is limited.
    Call(Format),
    /// The submission of an asynchronous task in the provider's own format, which is limited until the
    /// task ends.
    TaskSubmission,
    /// A request for the status of an asynchronous task.
    TaskPoll {
        /// The ID of the task.
        id: &'a str,
    },
    /// A request for the list of models.
    Models,
    /// Any other request, which is not limited.
    Other,
    /// A request whose path can be read in several ways, so that it may be a call of a model. It must
    /// be refused.
    Malformed,
}

/// Returns what a request is. The path is without the query.
///
/// A call must not pass as another request because the provider reads its path in another way than
/// this function. Therefore:
///
/// - The path of a `POST` request must be in normal form, or the request is
///   [`Malformed`](Route::Malformed). In normal form, a path has no empty segment except after a
///   trailing slash, no `.` or `..`, and contains only ASCII letters, digits and `-_.~!$&'()*+,=:@`
///   between the slashes. So there is no percent-encoding, backslash, semicolon or control character.
/// - Names are compared without regard to case, also that of the method, and a trailing slash is
///   ignored.
/// - All that is sent to the provider's own services is a call.
///
/// Only `POST` requests call models, so other methods are not checked.
pub(crate) fn route<'a>(method: &Method, path: &'a str, headers: &HeaderMap) -> Route<'a> {
    if method.as_str().eq_ignore_ascii_case("POST") {
        return match post(path) {
            Route::Call(Format::DashScope) if is_enabled(headers, "x-dashscope-async") => {
                Route::TaskSubmission
            }
            route => route,
        };
    }
    if method != Method::GET {
        return Route::Other;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    match path.strip_prefix("/api/v1/tasks/") {
        Some(id) if !id.is_empty() && !id.contains('/') => Route::TaskPoll { id },
        _ if path.ends_with("/v1/models") => Route::Models,
        _ => Route::Other,
    }
}

/// Returns `true` if the header fields ask for the response as server-sent events. In the provider's
/// own format, this is not a part of the body.
pub(crate) fn asks_for_events(headers: &HeaderMap) -> bool {
    let accepts_events = |value: &header::HeaderValue| {
        value.to_str().is_ok_and(|value| {
            let mut types = value.split([',', ';']).map(str::trim);
            types.any(|media_type| media_type.eq_ignore_ascii_case("text/event-stream"))
        })
    };
    is_enabled(headers, "x-dashscope-sse")
        || headers.get_all(header::ACCEPT).iter().any(accepts_events)
}

fn post(path: &str) -> Route<'static> {
    if !is_normal(path) {
        return Route::Malformed;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    if starts_with(path, "/api/v1/services/") {
        return Route::Call(Format::DashScope);
    }
    CALLS
        .iter()
        .find(|(end, _)| ends_with(path, end))
        .map_or(Route::Other, |(_, format)| Route::Call(*format))
}

/// The ends of the paths of calls.
const CALLS: &[(&str, Format)] = &[
    ("/v1/chat/completions", Format::ChatCompletions),
    ("/v1/completions", Format::Completions),
    ("/v1/embeddings", Format::Embeddings),
    ("/v1/responses", Format::Responses),
    ("/v1/messages", Format::Messages),
];

/// Returns `true` for a path that can be read in one way only.
fn is_normal(path: &str) -> bool {
    let Some(path) = path.strip_prefix('/') else {
        return false;
    };
    let path = path.strip_suffix('/').unwrap_or(path);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,=:@".contains(&byte);
    path.is_empty()
        || path
            .split('/')
            .all(|segment| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain))
}

fn starts_with(path: &str, start: &str) -> bool {
    path.get(..start.len())
        .is_some_and(|found| found.eq_ignore_ascii_case(start))
}

fn ends_with(path: &str, end: &str) -> bool {
    let start = path.len().checked_sub(end.len());
    start
        .and_then(|start| path.get(start..))
        .is_some_and(|found| found.eq_ignore_ascii_case(end))
}

fn is_enabled(headers: &HeaderMap, name: &str) -> bool {
    let mut values = headers.get_all(name).iter();
    values.any(|value| {
        value
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"enable")
    })
}

#[cfg(test)]
mod tests;
