//! Which names somebody may have meant who wrote one that does not exist.

use core::fmt;

/// The longest name, in bytes, that can be near another: the distance is computed in arrays on the
/// stack, for want of an allocator.
const LONGEST: usize = 128;

/// The names nearest to what was written, at most three, the nearest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nearest<'a> {
    names: [&'a str; 3],
    len: usize,
}

impl<'a> Nearest<'a> {
    /// The names, the nearest first; empty if none is near.
    #[must_use]
    pub fn names(&self) -> &[&'a str] {
        &self.names[..self.len]
    }
}

/// "`a`", "`a` or `b`", "`a`, `b` or `c`".
impl fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, name) in self.names().iter().enumerate() {
            let before = match at {
                0 => "",
                _ if at + 1 < self.len => ", ",
                _ => " or ",
            };
            write!(f, "{before}`{name}`")?;
        }
        Ok(())
    }
}

/// The names nearest to `written`: those at the smallest distance, if that is within a third of
/// the length of what was written.
///
/// Upper case, `_` and space count as lower case and `-`. The distance is that of optimal string
/// alignment: insertions, deletions, replacements, and swaps of neighbours. It does not reward a
/// shared start, which says nothing where most names begin alike. A name of which at least half
/// was written, from its start on, counts as two steps away.
#[must_use]
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Nearest<'a> {
    let mut found = Nearest::default();
    let Some(sought) = Normal::new(written) else {
        return found;
    };
    let within = sought.bytes().len() / 3;
    let mut smallest = usize::MAX;
    for name in names {
        // Most names are too far by their length alone.
        let begun = 2 * written.len() >= name.len();
        if name.len().abs_diff(written.len()) > within && !begun {
            continue;
        }
        let Some(candidate) = Normal::new(name) else {
            continue;
        };
        let Some(distance) = distance(sought.bytes(), candidate.bytes(), within) else {
            continue;
        };
        if distance < smallest {
            smallest = distance;
            found.len = 0;
        }
        if distance == smallest && found.len < found.names.len() {
            found.names[found.len] = name;
            found.len += 1;
        }
    }
    found
}

/// A name as it is compared.
struct Normal {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Normal {
    /// `None` for a name that is too long to be near any, or empty.
    fn new(name: &str) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        if name.is_empty() {
            return None;
        }
        for (to, byte) in bytes.get_mut(..name.len())?.iter_mut().zip(name.bytes()) {
            *to = match byte {
                b'_' | b' ' => b'-',
                _ => byte.to_ascii_lowercase(),
            };
        }
        Some(Self {
            bytes,
            len: name.len(),
        })
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// How far `name` is from `sought`, if that is at most `within`, or if `sought` is a good part of it.
fn distance(sought: &[u8], name: &[u8], within: usize) -> Option<usize> {
    let begun = name.starts_with(sought) && 2 * sought.len() >= name.len();
    let aligned = alignment(sought, name, within);
    match aligned {
        Some(steps) if steps <= 2 || !begun => Some(steps),
        _ => begun.then_some(2),
    }
}

/// The optimal string alignment distance of `a` and `b`, if it is at most `within`.
fn alignment(a: &[u8], b: &[u8], within: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > within {
        return None;
    }
    // Rows of the usual table: of `a` up to the byte before last, to the last byte, to this byte.
    let mut before_last = [0; LONGEST + 1];
    let mut last = [0; LONGEST + 1];
    let mut row = [0; LONGEST + 1];
    for (j, cell) in last.iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let mut steps = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            steps = steps.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                steps = steps.min(before_last[j - 2] + 1);
            }
            row[j] = steps;
        }
        if row[..=b.len()].iter().all(|&steps| steps > within) {
            return None;
        }
        (before_last, last) = (last, row);
    }
    Some(last[b.len()]).filter(|&steps| steps <= within)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = [
        "qwen-plus",
        "qwen-max",
        "qwq-plus",
        "qwen2.5-72b-instruct",
        "qwen-plus-2025-04-28",
        "qwen-plus-2025-01-25",
    ];

    #[track_caller]
    fn check(written: &str, expected: &[&str]) {
        assert_eq!(nearest(written, NAMES).names(), expected);
    }

    #[test]
    fn one_edit_of_each_kind() {
        check("qwen-pluss", &["qwen-plus"]);
        check("qwen-plu", &["qwen-plus"]);
        check("qwen-pkus", &["qwen-plus"]);
        check("qwen-plsu", &["qwen-plus"]);
    }

    #[test]
    fn case_and_separators_do_not_count() {
        check("Qwen_Plus", &["qwen-plus"]);
        check("QWEN PLUS", &["qwen-plus"]);
    }

    #[test]
    fn a_name_half_written() {
        check("qwen2.5-72b", &["qwen2.5-72b-instruct"]);
        check("qwen2.5-7", &[]);
        check(
            "qwen-plus-2025",
            &["qwen-plus-2025-04-28", "qwen-plus-2025-01-25"],
        );
    }

    #[test]
    fn nothing_near() {
        check("gpt-4o", &[]);
        check("qwen2", &[]);
        check("", &[]);
        check(&"qwen-plus".repeat(20), &[]);
    }

    #[test]
    fn a_list_reads_as_english() {
        extern crate std;
        use std::string::ToString;
        assert_eq!(nearest("a-1", ["a-2"]).to_string(), "`a-2`");
        assert_eq!(nearest("a-1", ["a-2", "a-3"]).to_string(), "`a-2` or `a-3`");
        assert_eq!(
            nearest("a-1", ["a-2", "a-3", "a-4", "a-5"]).to_string(),
            "`a-2`, `a-3` or `a-4`"
        );
    }
}
