//! Limits as text.

use core::time::Duration;
use core::{fmt, slice};

use super::{Limit, Limits};
use crate::Grouped;
use crate::rate::Compact;

/// Writes the limits as text, such as `600 queries and 1,000,000 tokens per minute`.
impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DisplayLimits(self.as_slice()).fmt(f)
    }
}

/// Displays a list of limits in the same way as [`Limits`].
#[derive(Clone, Copy, Debug)]
pub struct DisplayLimits<'a>(pub &'a [Limit]);

impl fmt::Display for DisplayLimits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no limit");
        }
        for (index, limit) in self.0.iter().enumerate() {
            let next = self.0.get(index + 1);
            f.write_str(match next {
                _ if index == 0 => "",
                Some(_) => ", ",
                None => " and ",
            })?;
            let count = limit.count.get();
            write!(f, "{} {}", Grouped(count), limit.kind.noun(count))?;
            // Consecutive limits with the same window share one suffix.
            if next.is_none_or(|next| next.per != limit.per) {
                write_window(f, limit.per)?;
            }
        }
        Ok(())
    }
}

/// Writes the limit as text, such as `600 queries per minute`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        DisplayLimits(slice::from_ref(self)).fmt(f)
    }
}

/// Writes the limits as in [`Display`](fmt::Display).
impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limits({self})")
    }
}

fn write_window(f: &mut fmt::Formatter<'_>, per: Option<Duration>) -> fmt::Result {
    match per {
        None => Ok(()),
        Some(per) if per == Duration::from_secs(1) => f.write_str(" per second"),
        Some(per) if per == Duration::from_secs(60) => f.write_str(" per minute"),
        Some(per) if per == Duration::from_secs(3_600) => f.write_str(" per hour"),
        Some(per) if per == Duration::from_secs(86_400) => f.write_str(" per day"),
        Some(per) => write!(f, " per {}", Compact(per)),
    }
}
