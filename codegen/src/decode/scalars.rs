//! Decodes dates and text.

use model_studio_limits_core::Date;

use crate::diagnostic::{Diagnostic, Location};
use crate::text::one_line;
use crate::yaml::{Node, Reader, Value};

pub(super) fn date(reader: &mut Reader, node: &Node, what: &str) -> Option<Date> {
    let Value::String(text) = &node.value else {
        return reader.type_error(node, what, "a date such as `2026-10-10`");
    };
    let date = text.parse();
    if let Err(error) = &date {
        let message = format!("invalid {what}: {error}, found `{text}`");
        reader.error(Diagnostic::new(node.location, message));
    }
    date.ok()
}

pub(super) fn text(reader: &mut Reader, node: &Node, what: &str) -> Option<String> {
    reader.string(node, what).map(str::to_owned)
}

/// Decodes a note or a source as one line, because it appears in messages of the compiler.
pub(super) fn line(reader: &mut Reader, node: &Node, what: &str) -> Option<String> {
    reader.string(node, what).map(one_line)
}

/// Decodes the name of a model or a pool, which is checked later.
pub(super) fn reference(
    reader: &mut Reader,
    node: &Node,
    what: &str,
) -> Option<(String, Location)> {
    Some((text(reader, node, what)?, node.location))
}
