//! Reads recorded requests, in the format of the Azure LLM inference traces.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::civil::DateTime;

/// A recorded request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Request {
    /// The time after the first request.
    pub(crate) at: Duration,
    pub(crate) input: u64,
    pub(crate) output: u64,
}

const HEADER: &str = "TIMESTAMP,ContextTokens,GeneratedTokens";

/// Returns the requests of a file that start within this time of the first one, in the order in which
/// they start.
///
/// # Errors
///
/// Returns a message if the file cannot be read, or if a line has another format or more tokens than
/// `greatest`.
pub(crate) fn read(path: &Path, duration: Duration, greatest: u64) -> Result<Vec<Request>, String> {
    let name = path.display();
    let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let mut lines = text.lines().enumerate();
    let header = lines.next().map_or("", |(_, line)| line);
    if header.trim_start_matches('\u{feff}') != HEADER {
        return Err(format!("{name}:1: expected `{HEADER}`, found `{header}`"));
    }
    let mut requests = Vec::new();
    for (index, line) in lines.filter(|(_, line)| !line.is_empty()) {
        let place = format!("{name}:{}", index + 1);
        let request = parse(line).ok_or_else(|| {
            format!("{place}: expected a time and two numbers of tokens, found `{line}`")
        })?;
        let tokens = request.1 + request.2;
        if tokens > greatest {
            return Err(format!(
                "{place}: {tokens} tokens, but a request may have at most {greatest}"
            ));
        }
        requests.push(request);
    }
    requests.sort_unstable();
    let Some(&(first, ..)) = requests.first() else {
        return Err(format!("{name}: no requests"));
    };
    let after = |(at, input, output): (DateTime, u64, u64)| {
        let at = at.duration_since(first).try_into().ok()?;
        Some(Request { at, input, output })
    };
    let requests = requests.into_iter().filter_map(after);
    Ok(requests
        .take_while(|request| request.at < duration)
        .collect())
}

/// Parses the time of a request, its tokens and those of its answer. Times may have an offset, which must be
/// the same in all lines.
fn parse(line: &str) -> Option<(DateTime, u64, u64)> {
    let mut fields = line.split(',').map(str::trim);
    let at = fields.next()?.parse().ok()?;
    let context: u64 = fields.next()?.parse().ok()?;
    let generated: u64 = fields.next()?.parse().ok()?;
    // The sum is used, so it must not overflow.
    context.checked_add(generated)?;
    fields.next().is_none().then_some((at, context, generated))
}
