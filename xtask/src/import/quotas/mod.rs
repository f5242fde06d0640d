//! Imports the answers of the quota endpoint, which have the exact windows of limits: `answer` reads them,
//! and `merge` adds them to the committed windows.

mod answer;
mod merge;
mod row;

pub use answer::QuotaAnswer;
pub(super) use merge::merge;
