#![doc = include_str!("../README.md")]
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

mod category;
mod choice;
mod date;
#[cfg(feature = "serde")]
mod deserialize;
mod display;
mod excerpt;
mod limit_kind;
mod limits;
mod lookup;
mod name_list;
mod property_kind;
mod rate;
mod suggest;

pub use category::Category;
pub use choice::{Choices, ParseChoiceError};
pub use date::{Date, ParseDateError};
#[cfg(feature = "serde")]
pub use deserialize::deserialize;
pub use display::{AnyOf, Escaped, Grouped};
pub use excerpt::Excerpt;
pub use limit_kind::{KeyWindow, LimitKey, LimitKind};
#[cfg(feature = "std")]
pub use limits::merge;
pub use limits::{DisplayLimits, Limit, Limits};
pub use lookup::{Lookup, MAX_NAMES, NameKey, Seeds, bucket, hash, name_key, top_bits};
pub use name_list::{NameEntry, NameList, NameStatus};
pub use property_kind::PropertyKind;
pub use rate::{ParseRateError, Rate};
pub use suggest::{Suggestions, distance_within, suggest};
