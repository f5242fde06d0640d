//! Suggests names for a misspelled one. Callers format the messages.

use core::{array, fmt};

use crate::AnyOf;

/// Names with more characters than this are not compared. Distances are computed in arrays on the
/// stack, since there may be no allocator.
const MAX_LEN: usize = 128;

/// The names closest to a misspelled one: at most three, all equally close.
#[derive(Clone, Copy, Debug, Default)]
pub struct Suggestions<'a> {
    names: [&'a str; 3],
    len: usize,
}

impl<'a> Suggestions<'a> {
    /// Returns the names, in their original order. Empty if no name is close enough.
    #[must_use]
    pub fn as_slice(&self) -> &[&'a str] {
        &self.names[..self.len]
    }

    /// Returns the first of the closest names.
    #[must_use]
    pub fn first(&self) -> Option<&'a str> {
        self.as_slice().first().copied()
    }
}

/// Writes the names as in [`AnyOf`].
impl fmt::Display for Suggestions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        AnyOf(self.as_slice()).fmt(f)
    }
}

/// Returns the names with the smallest distance to `unknown`, if that is at most a third of its
/// length.
///
/// The distance is the number of insertions, deletions, replacements and swaps of neighboring
/// characters (optimal string alignment). ASCII case is ignored, and `_`, spaces and common
/// Unicode dashes are treated as `-`. A shared prefix gets no bonus, because many model IDs have
/// the same prefix. A name that begins with `unknown` and is at most twice as long is always a
/// candidate, at a distance of at most 2.
#[must_use]
pub fn suggest<'a>(unknown: &str, names: impl IntoIterator<Item = &'a str>) -> Suggestions<'a> {
    let mut found = Suggestions::default();
    let Some(unknown) = Normalized::new(unknown) else {
        return found;
    };
    let max = unknown.chars().len() / 3;
    let mut smallest = usize::MAX;
    for name in names {
        let candidate = Normalized::new(name);
        let distance = candidate.and_then(|name| distance(unknown.chars(), name.chars(), max));
        let Some(distance) = distance else {
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

/// Returns the distance from `unknown` to `name`, as in [`suggest`], if it is at most `max`. A name
/// that begins with `unknown` is not treated specially.
#[must_use]
pub fn distance_within(unknown: &str, name: &str, max: usize) -> Option<usize> {
    let (unknown, name) = (Normalized::new(unknown)?, Normalized::new(name)?);
    alignment(unknown.chars(), name.chars(), max)
}

/// A name, normalized for comparison.
struct Normalized {
    chars: [char; MAX_LEN],
    len: usize,
}

impl Normalized {
    /// Returns `None` for a name that is empty or too long to be compared.
    fn new(name: &str) -> Option<Self> {
        let mut chars = ['\0'; MAX_LEN];
        let mut len = 0;
        for character in name.chars() {
            *chars.get_mut(len)? = match character {
                '_' | ' ' | '\u{a0}' | '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
                _ => character.to_ascii_lowercase(),
            };
            len += 1;
        }
        (len > 0).then_some(Self { chars, len })
    }

    fn chars(&self) -> &[char] {
        &self.chars[..self.len]
    }
}

/// Returns the distance from `unknown` to `name` if it is at most `max`, or if `unknown` is at
/// least the first half of `name`.
fn distance(unknown: &[char], name: &[char], max: usize) -> Option<usize> {
    if name.starts_with(unknown) && 2 * unknown.len() >= name.len() {
        return Some((name.len() - unknown.len()).min(2));
    }
    alignment(unknown, name, max)
}

/// Returns the optimal string alignment distance of `a` and `b` if it is at most `max`.
fn alignment(a: &[char], b: &[char], max: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    // The last three rows of the matrix of distances.
    let mut before_last = [0; MAX_LEN + 1];
    let mut last = array::from_fn(|j| j);
    let mut row = [0; MAX_LEN + 1];
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
        if row[..=b.len()].iter().all(|&steps| steps > max) {
            return None;
        }
        (before_last, last) = (last, row);
    }
    Some(last[b.len()]).filter(|&steps| steps <= max)
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
    fn check(unknown: &str, expected: &[&str]) {
        assert_eq!(suggest(unknown, NAMES).as_slice(), expected);
    }

    #[test]
    fn one_edit_of_each_kind_is_close() {
        check("qwen-pluss", &["qwen-plus"]);
        check("qwen-plu", &["qwen-plus"]);
        check("qwen-pkus", &["qwen-plus"]);
        check("qwen-plsu", &["qwen-plus"]);
    }

    #[test]
    fn case_and_separators_do_not_count() {
        check("Qwen_Plus", &["qwen-plus"]);
        check("QWEN PLUS", &["qwen-plus"]);
        check("qwen\u{2011}plus", &["qwen-plus"]);
    }

    #[test]
    fn the_first_half_of_a_name_is_close() {
        check("qwen2.5-72b", &["qwen2.5-72b-instruct"]);
        check("qwen2.5-7", &[]);
        assert_eq!(suggest("ab", ["abcd", "abc"]).as_slice(), ["abc"]);
        check(
            "qwen-plus-2025",
            &["qwen-plus-2025-04-28", "qwen-plus-2025-01-25"],
        );
    }

    #[test]
    fn other_names_are_not_close() {
        check("gpt-4o", &[]);
        check("qwen2", &[]);
        check("", &[]);
        check(&"qwen-plus".repeat(20), &[]);
    }

    #[test]
    fn suggestions_display_as_a_list() {
        extern crate std;
        use std::string::ToString;
        assert_eq!(suggest("a-1", ["a-2"]).to_string(), "`a-2`");
        assert_eq!(suggest("a-1", ["a-2", "a-3"]).to_string(), "`a-2` or `a-3`");
        assert_eq!(
            suggest("a-1", ["a-2", "a-3", "a-4", "a-5"]).to_string(),
            "`a-2`, `a-3` or `a-4`"
        );
    }
}
