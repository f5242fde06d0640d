//! Static arrays, and columns of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::Hash;

/// Writes the arrays of a column, which are named after it. Returns the column, an expression.
pub(super) fn write_column(
    code: &mut String,
    private: &str,
    name: &str,
    item_type: &str,
    values: impl Iterator<Item = Option<String>>,
) -> String {
    let (positions, values) = distinct(values);
    write_array(code, &format!("{name}_VALUES"), item_type, values);
    write_positions(code, private, name, &positions)
}

/// Writes the positions of a column, whose values are already written. Returns the column, an
/// expression.
pub(super) fn write_positions(
    code: &mut String,
    private: &str,
    name: &str,
    positions: &[usize],
) -> String {
    let positions = positions.iter().map(usize::to_string);
    write_array(code, &format!("{name}_POSITIONS"), "u16", positions);
    format!("{private}::Column {{ positions: &{name}_POSITIONS, values: &{name}_VALUES }}")
}

/// Returns the distinct values, and the position of each value among them, counted from 1. 0 means that
/// there is no value. Trailing zeros are left out.
pub(super) fn distinct<T: Clone + Eq + Hash>(
    items: impl Iterator<Item = Option<T>>,
) -> (Vec<usize>, Vec<T>) {
    let mut values = Vec::new();
    let mut known = HashMap::new();
    let positions = items.map(|item| {
        let Some(item) = item else {
            return 0;
        };
        *known.entry(item).or_insert_with_key(|item| {
            values.push(item.clone());
            values.len()
        })
    });
    let mut positions: Vec<usize> = positions.collect();
    while positions.last() == Some(&0) {
        positions.pop();
    }
    (positions, values)
}

/// Writes a static array, which compiles faster than a slice: constants that refer to a slice are
/// evaluated with all of its items.
pub(super) fn write_array(
    code: &mut String,
    name: &str,
    item_type: &str,
    items: impl IntoIterator<Item = String>,
) {
    let items: Vec<String> = items.into_iter().collect();
    let (len, items) = (items.len(), items.join(", "));
    _ = writeln!(code, "static {name}: [{item_type}; {len}] = [{items}];");
}
