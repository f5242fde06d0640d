//! Decodes integers, including those that are written with separators.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use crate::diagnostic::Diagnostic;
use crate::yaml::{Entry, Node, Reader, Value};

/// Decodes an integer. `omit` is the help for a number that is too small.
pub(super) fn integer(
    reader: &mut Reader,
    node: &Node,
    what: &str,
    range: &RangeInclusive<u64>,
    omit: &str,
) -> Option<u64> {
    let message = |text: String| Diagnostic::new(node.location, format!("{what} {text}"));
    let (min, max) = (range.start(), range.end());
    let too_small =
        |shown: String| message(format!("must be at least {min}, found {shown}")).help(omit);
    let too_large = |shown: String| message(format!("must be at most {max}, found {shown}"));
    let error = match &node.value {
        Value::Integer(number) => match u64::try_from(*number) {
            Ok(number) if range.contains(&number) => return Some(number),
            _ if *number < i128::from(*min) => too_small(number.to_string()),
            _ => too_large(number.to_string()),
        },
        Value::Float(number) if *number <= 0.0 => too_small(format!("{number:?}")),
        Value::Float(number) if *number >= U64_END => too_large(format!("{number:?}")),
        Value::Float(number) => {
            let is_whole = *number >= 1.0 && number.fract() == 0.0;
            message(format!("must be an integer, found {number:?}"))
                .help_maybe(is_whole.then(|| format!("write {number}")))
        }
        Value::String(text) => {
            let help = plain_integer(text)
                .map(|plain| format!("write {plain} without quotes, separators or leading zeros"));
            message(format!("must be an integer, found the string `{text}`")).help_maybe(help)
        }
        _ if *min > 0 => return reader.type_error(node, what, "a positive integer"),
        _ => return reader.type_error(node, what, "an integer"),
    };
    reader.fail(error)
}

/// 2⁶⁴, the smallest integer above `u64::MAX`.
const U64_END: f64 = 18_446_744_073_709_551_616.0;

/// Returns a positive integer without separators and leading zeros.
pub(super) fn plain_integer(text: &str) -> Option<String> {
    // In `1,5`, the comma separates decimals.
    let after_comma = text.rsplit_once(',').map(|(_, rest)| rest.len());
    let digits: String = text.chars().filter(|c| !"_,' ".contains(*c)).collect();
    let digits = digits.trim_start_matches('0');
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_integer && matches!(after_comma, None | Some(3))).then(|| digits.to_owned())
}

/// Joins numbers that are written with commas. YAML reads `{ otpm: 8,000 }` as a mapping with two
/// entries: `otpm: 8`, and the key `000` without a value.
pub(super) fn join_numbers(node: &Node) -> Cow<'_, Node> {
    let entries = match &node.value {
        Value::Mapping(entries) if entries.iter().any(is_rest_of_number) => entries,
        _ => return Cow::Borrowed(node),
    };
    let mut joined = Vec::new();
    let mut entries = entries.iter().peekable();
    while let Some(entry) = entries.next() {
        let mut entry = entry.clone();
        if let Value::Integer(start) = entry.value.value {
            let mut number = start.to_string();
            while let Some(rest) = entries.next_if(|next| is_rest_of_number(next)) {
                number = number + "," + &rest.key;
                entry.value.value = Value::String(number.clone());
            }
        }
        joined.push(entry);
    }
    Cow::Owned(Node {
        value: Value::Mapping(joined),
        location: node.location,
    })
}

/// Returns `true` for a key such as `000` or `000 per 1m` without a value.
fn is_rest_of_number(entry: &Entry) -> bool {
    let number = entry.key.split(' ').next().unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && matches!(entry.value.value, Value::Null)
}
