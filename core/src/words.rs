//! How documentation and messages put limits and texts.

use core::fmt;

/// Queries per minute, tokens per minute, submissions per second and concurrent tasks, zero where
/// there is no such limit.
///
/// Shown as "60 queries and 100,000 tokens per minute" or "2 submissions per second and 2
/// concurrent tasks".
#[derive(Clone, Copy, Debug)]
pub struct InWords(pub [u64; 4]);

impl fmt::Display for InWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [queries, tokens, submissions, tasks] = self.0;
        let parts = [
            (
                queries,
                "query",
                "queries",
                if tokens == 0 { " per minute" } else { "" },
            ),
            (tokens, "token", "tokens", " per minute"),
            (submissions, "submission", "submissions", " per second"),
            (tasks, "concurrent task", "concurrent tasks", ""),
        ];
        let mut left = self.0.iter().filter(|number| **number > 0).count();
        let last = left.wrapping_sub(1);
        for (number, one, many, per) in parts.into_iter().filter(|(number, ..)| *number > 0) {
            if left <= last {
                f.write_str(if left == 1 { " and " } else { ", " })?;
            }
            write!(
                f,
                "{} {}{per}",
                Grouped(number),
                if number == 1 { one } else { many }
            )?;
            left -= 1;
        }
        Ok(())
    }
}

/// A text in which what cannot be seen is shown as an escape.
#[derive(Clone, Copy, Debug)]
pub struct Visible<'a>(pub &'a str);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '\'' | '"' | '\\' => write!(f, "{character}")?,
                _ => write!(f, "{}", character.escape_debug())?,
            }
        }
        Ok(())
    }
}

/// A number with its digits in groups of three.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{}", self.0),
            _ => write!(f, "{},{:03}", Grouped(self.0 / 1_000), self.0 % 1_000),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn limits_in_words() {
        for (limits, words) in [
            (
                [60, 100_000, 0, 0],
                "60 queries and 100,000 tokens per minute",
            ),
            ([1, 0, 0, 0], "1 query per minute"),
            (
                [1_000, 0, 0, 1],
                "1,000 queries per minute and 1 concurrent task",
            ),
            ([0, 5_000_000_000, 0, 0], "5,000,000,000 tokens per minute"),
            (
                [0, u64::MAX, 0, 0],
                "18,446,744,073,709,551,615 tokens per minute",
            ),
            (
                [0, 0, 2, 2],
                "2 submissions per second and 2 concurrent tasks",
            ),
            (
                [1, 1, 1, 1],
                "1 query, 1 token per minute, 1 submission per second and 1 concurrent task",
            ),
            ([0, 0, 0, 0], ""),
        ] {
            assert_eq!(InWords(limits).to_string(), words);
        }
    }
}
