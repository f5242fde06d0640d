//! Keeps remarks that are not on the page.

use std::collections::HashMap;

use crate::import::row::{Field, Key, Row};

/// The beginnings of remarks about an older name, and of those that were written by hand. They are kept
/// as long as the row exists.
const KEPT: [&str; 2] = ["was ", "the page lists it "];

/// Keeps these remarks of the committed data.
pub(super) fn keep(rows: &mut [Row], committed: &HashMap<Key<'_>, &Row>) {
    for row in rows {
        let Some(committed) = committed.get(&row.key()) else {
            continue;
        };
        let remarks = committed.get(Field::Note).split("; ");
        for remark in remarks.filter(|remark| is_kept(remark)) {
            row.add(Field::Note, "; ", remark);
        }
    }
}

fn is_kept(remark: &str) -> bool {
    KEPT.iter().any(|begin| remark.starts_with(begin))
}
