//! Decodes the limits of a model. `Window` in core parses windows such as `500 per 6s`.

use std::num::NonZeroU64;

use model_studio_limits_core::{Limit, LimitKind, Window};

use crate::decoder::{Decoder, list};
use crate::diagnostics::{Diagnostic, Location};
use crate::yaml::{Node, Value};

/// Decodes `limits`: a mapping or `none`. Returns the limits, sorted by kind and window.
pub(super) fn decode(decoder: &mut Decoder, node: &Node) -> Option<Vec<Limit>> {
    if matches!(&node.value, Value::String(text) if text == "none") {
        return Some(Vec::new());
    }
    if !matches!(node.value, Value::Mapping(_)) {
        decoder.type_error(node, "`limits`", "a mapping or `none`");
        return None;
    }
    let fields = decoder.mapping(node, "`limits`")?;
    if fields.entries().is_empty() {
        let error = Diagnostic::new(node.location, "`limits` is empty");
        decoder.error(error.help("write `none` if the provider sets no limit"));
        return None;
    }
    let mut limits = Vec::<(Limit, Location, &str)>::new();
    for (name, location, node) in fields.entries() {
        for limit in decode_key(decoder, name, *location, node) {
            let mut earlier = limits.iter();
            match earlier.find(|(other, ..)| other.slot() == limit.slot()) {
                // The decoder reports duplicate keys.
                Some((_, _, earlier)) if earlier == name && limit.kind.key() != Some(*name) => {}
                Some((_, first_location, earlier)) => {
                    let line = first_location.line;
                    let message = if earlier == name {
                        format!("`{name}` sets the same limit twice")
                    } else {
                        format!("`{name}` sets the same limit as `{earlier}` on line {line}")
                    };
                    decoder.error(Diagnostic::new(*location, message));
                }
                None => limits.push((limit, *location, name)),
            }
        }
    }
    limits.sort_by_key(|(limit, ..)| limit.slot());
    Some(limits.into_iter().map(|(limit, ..)| limit).collect())
}

/// Decodes the limits for one key.
fn decode_key(decoder: &mut Decoder, name: &str, location: Location, node: &Node) -> Vec<Limit> {
    let what = format!("`{name}`");
    if let Some((kind, key)) = LimitKind::from_short_key(name) {
        let count = decoder.count(node, &what, kind.max_count());
        let limit = count.map(|count| Limit {
            kind,
            count,
            per: key.per,
        });
        return limit.into_iter().collect();
    }
    let Some(kind) = LimitKind::from_key(name) else {
        let error = Diagnostic::new(location, format!("unknown key `{name}`"));
        let help = LimitKind::suggest_key(name).map(|key| format!("did you mean `{key}`?"));
        decoder.error(error.help(help.unwrap_or_else(|| {
            let keys: Vec<&str> = LimitKind::all_keys().collect();
            format!("expected one of {}", list(&keys))
        })));
        return Vec::new();
    };
    let nodes = match &node.value {
        Value::Sequence(_) => decoder.items(node, &what).unwrap_or_default(),
        _ => std::slice::from_ref(node),
    };
    let limits = nodes.iter();
    let limits = limits.filter_map(|node| decode_window(decoder, kind, &what, node));
    limits.collect()
}

fn decode_window(decoder: &mut Decoder, kind: LimitKind, what: &str, node: &Node) -> Option<Limit> {
    let Value::String(text) = &node.value else {
        decoder.type_error(node, what, "a window such as `500 per 6s`");
        return None;
    };
    let message = match Window::parse(text) {
        Ok(window) if window.count > kind.max_count() => {
            format!("the count must be at most {}", kind.max_count())
        }
        Ok(window) => {
            let count = NonZeroU64::new(window.count)?;
            let per = Some(window.per);
            return Some(Limit { kind, count, per });
        }
        Err(error) => error.to_string(),
    };
    let message = format!("invalid {what}: {message}, found `{text}`");
    decoder.error(Diagnostic::new(node.location, message));
    None
}
