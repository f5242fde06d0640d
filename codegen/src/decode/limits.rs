//! Decodes the limits of a model.

use std::num::NonZeroU64;
use std::{ptr, slice};

use model_studio_limits_core::{AnyOf, KeyWindow, Limit, LimitKey, LimitKind, Rate};

use super::numbers::{integer, join_numbers, plain_integer};
use crate::diagnostic::Diagnostic;
use crate::yaml::{Entry, Node, Reader, Value};

/// Decodes limits: a mapping or `none`. Returns the limits, sorted by kind and window.
pub(super) fn decode(reader: &mut Reader, node: &Node, what: &str) -> Option<Vec<Limit>> {
    match &node.value {
        Value::String(text) if text == "none" => return Some(Vec::new()),
        Value::Mapping(_) => {}
        _ => return reader.type_error(node, what, "a mapping or `none`"),
    }
    let node = join_numbers(node);
    let entries = reader.mapping(&node, what)?;
    if entries.is_empty() {
        let error = Diagnostic::new(node.location, format!("{what} is empty"));
        return reader.fail(error.help("write `none` if the provider sets no limit"));
    }
    let mut limits = Vec::<(Limit, &Entry)>::new();
    for entry in entries {
        let name = entry.key.as_str();
        for limit in decode_key(reader, entry) {
            let mut earlier = limits.iter();
            let message = match earlier.find(|(other, _)| other.slot() == limit.slot()) {
                None => {
                    limits.push((limit, entry));
                    continue;
                }
                Some((_, earlier)) if earlier.key != name => {
                    let (earlier, line) = (&earlier.key, earlier.location.line);
                    format!("`{name}` sets the same limit as `{earlier}` on line {line}")
                }
                Some((_, earlier)) if ptr::eq(*earlier, entry) => {
                    format!("`{name}` sets the same limit twice")
                }
                // The reader has reported the duplicate key.
                Some(_) => continue,
            };
            reader.error(Diagnostic::new(entry.location, message));
        }
    }
    limits.sort_by_key(|(limit, _)| limit.slot());
    Some(limits.into_iter().map(|(limit, _)| limit).collect())
}

/// Decodes the limits for one key.
fn decode_key(reader: &mut Reader, entry: &Entry) -> Vec<Limit> {
    let (name, node) = (entry.key.as_str(), &entry.value);
    let what = format!("`{name}`");
    let Some(LimitKey { kind, window, .. }) = LimitKey::from_name(name) else {
        let error = Diagnostic::new(entry.location, format!("unknown key `{name}`"));
        let help = LimitKey::suggest(name).map(|key| format!("did you mean `{}`?", key.name));
        reader.error(error.help(help.unwrap_or_else(|| {
            let keys: Vec<&str> = LimitKey::ALL.iter().map(|key| key.name).collect();
            format!("expected one of {}", AnyOf(&keys))
        })));
        return Vec::new();
    };
    if let KeyWindow::Fixed(per) = window {
        let count = decode_count(reader, node, &what, kind.max_count());
        let limit = count.map(|count| Limit { kind, count, per });
        return limit.into_iter().collect();
    }
    let nodes = match &node.value {
        Value::Sequence(_) => reader.items(node, &what).unwrap_or_default(),
        _ => slice::from_ref(node),
    };
    let limits = nodes.iter();
    let limits = limits.filter_map(|node| decode_rate(reader, kind, &what, node));
    limits.collect()
}

/// Decodes an integer from 1 to `max`.
fn decode_count(reader: &mut Reader, node: &Node, what: &str, max: u64) -> Option<NonZeroU64> {
    let omit = "omit the key if there is no such limit";
    NonZeroU64::new(integer(reader, node, what, &(1..=max), omit)?)
}

fn decode_rate(reader: &mut Reader, kind: LimitKind, what: &str, node: &Node) -> Option<Limit> {
    let Value::String(text) = &node.value else {
        return reader.type_error(node, what, "a window such as `500 per 6s`");
    };
    let message = match text.parse::<Rate>() {
        Ok(Rate { count, .. }) if count.get() > kind.max_count() => {
            format!("the count must be at most {}", kind.max_count())
        }
        Ok(rate) => return Some(rate.limit(kind)),
        Err(error) => error.to_string(),
    };
    let message = format!("invalid {what}: {message}, found `{text}`");
    let plain = text.split_once(" per ").and_then(|(count, per)| {
        let plain = plain_integer(count).filter(|plain| plain != count)?;
        Some(format!("write `{plain} per {per}`"))
    });
    reader.fail(Diagnostic::new(node.location, message).help_maybe(plain))
}
