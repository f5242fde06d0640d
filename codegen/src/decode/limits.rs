//! Decodes the limits of a model. `Window` in core parses windows such as `500 per 6s`.

use model_studio_limits_core::{AnyOf, Limit, LimitKey, LimitKind, Window};

use crate::decoder::Decoder;
use crate::diagnostics::Diagnostic;
use crate::yaml::{Entry, Node, Value};

/// Decodes limits: a mapping or `none`. Returns the limits, sorted by kind and window.
pub(super) fn decode(decoder: &mut Decoder, node: &Node, what: &str) -> Option<Vec<Limit>> {
    if matches!(&node.value, Value::String(text) if text == "none") {
        return Some(Vec::new());
    }
    if !matches!(node.value, Value::Mapping(_)) {
        return decoder.type_error(node, what, "a mapping or `none`");
    }
    let entries = decoder.mapping(node, what)?;
    if entries.is_empty() {
        let error = Diagnostic::new(node.location, format!("{what} is empty"));
        return decoder.fail(error.help("write `none` if the provider sets no limit"));
    }
    let mut limits = Vec::<(Limit, &Entry)>::new();
    for entry in entries {
        let name = entry.key.as_str();
        for limit in decode_key(decoder, entry) {
            let mut earlier = limits.iter();
            match earlier.find(|(other, _)| other.slot() == limit.slot()) {
                // The decoder reports duplicate keys.
                Some((_, earlier)) if earlier.key == name && limit.kind.key() != Some(name) => {}
                Some((_, earlier)) => {
                    let message = if earlier.key == name {
                        format!("`{name}` sets the same limit twice")
                    } else {
                        let (earlier, line) = (&earlier.key, earlier.location.line);
                        format!("`{name}` sets the same limit as `{earlier}` on line {line}")
                    };
                    decoder.error(Diagnostic::new(entry.location, message));
                }
                None => limits.push((limit, entry)),
            }
        }
    }
    limits.sort_by_key(|(limit, _)| limit.slot());
    Some(limits.into_iter().map(|(limit, _)| limit).collect())
}

/// Decodes the limits for one key.
fn decode_key(decoder: &mut Decoder, entry: &Entry) -> Vec<Limit> {
    let (name, node) = (entry.key.as_str(), &entry.value);
    let what = format!("`{name}`");
    if let Some((kind, LimitKey { per, .. })) = LimitKind::from_short_key(name) {
        let count = decoder.count(node, &what, kind.max_count());
        let limit = count.map(|count| Limit { kind, count, per });
        return limit.into_iter().collect();
    }
    let Some(kind) = LimitKind::from_key(name) else {
        let error = Diagnostic::new(entry.location, format!("unknown key `{name}`"));
        let help = LimitKind::suggest_key(name).map(|key| format!("did you mean `{key}`?"));
        decoder.error(error.help(help.unwrap_or_else(|| {
            let keys: Vec<&str> = LimitKind::all_keys().collect();
            format!("expected one of {}", AnyOf(&keys))
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
        return decoder.type_error(node, what, "a window such as `500 per 6s`");
    };
    let message = match Window::parse(text) {
        Ok(Window { count, .. }) if count.get() > kind.max_count() => {
            format!("the count must be at most {}", kind.max_count())
        }
        Ok(window) => return Some(window.limit(kind)),
        Err(error) => error.to_string(),
    };
    let message = format!("invalid {what}: {message}, found `{text}`");
    decoder.fail(Diagnostic::new(node.location, message))
}
