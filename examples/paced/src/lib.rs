//! A batch of prompts, sent as fast as the limits of a model allow and no faster.
//!
//! The limits are those of the table, [`Model::limits`]: queries per minute and tokens per minute,
//! which hold at the same time. Each feeds a limiter of [governor].
//!
//! # What a plain bucket allows
//!
//! The obvious `Quota::per_minute(600)` does not keep a limit of 600 queries per minute. It is a
//! bucket that is full at first and fills again while it is emptied: 600 queries leave at once, and
//! 600 more before the minute is over. [`quota`] has the arithmetic, and a quota with which the
//! limit holds in every minute, whenever it begins.
//!
//! # What this cannot know
//!
//! - **Tokens are estimated**, by [`Request::new`]. The summary shows how far off that was.
//! - **The account has other users.** Its limits hold over all its API keys, and over an earlier
//!   run that ended a moment ago. `--share` leaves a part of them to others.
//! - **The provider's clock.** Requests arrive later than they leave, some more than others:
//!   [`quota::WINDOW`] is longer than a minute by what that may differ.
//!
//! [`Model::limits`]: model_studio_limits::Model::limits
//! [`Request::new`]: endpoint::Request::new
//! [governor]: https://docs.rs/governor

pub mod endpoint;
pub mod pacer;
pub mod quota;
