//! Imports the provider's page with the models that are retired: `page` reads its batches, `table` the
//! rows of each, and `merge` adds them to the committed notices.

mod merge;
mod page;
mod row;
mod table;
mod texts;

pub(super) use merge::{Committed, Merged, merge};
pub(super) use page::{FILE, read};
