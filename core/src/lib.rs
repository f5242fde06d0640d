//! What the generator, the runtime and the macro of [`model-studio-limits`] must agree on: how a
//! name is found in a catalogue, which names are near one that is not there, and how limits are put
//! into words.
//!
//! This package is a part of `model-studio-limits`, published because its packages depend on one
//! another. Its interface may change in any release: depend on `model-studio-limits` instead.
//!
//! [`model-studio-limits`]: https://docs.rs/model-studio-limits

#![no_std]

mod lookup;
mod nearest;
mod words;

pub use lookup::{Key, Lookup, MAX_NAMES, Seeds, bucket, hash, key, top_bits};
pub use nearest::{Nearest, nearest};
pub use words::{InWords, Visible};
