//! What users may rely on of the public types: sizes and auto traits.

use std::mem::size_of;
use std::panic::{RefUnwindSafe, UnwindSafe};

use model_studio_limits::{Category, Limits, Model, ParseModelError};

fn is_plain<T: Clone + Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static>() {}

#[test]
fn auto_traits() {
    is_plain::<Model>();
    is_plain::<Limits>();
    is_plain::<Category>();
    is_plain::<ParseModelError>();
}

#[test]
fn sizes() {
    assert_eq!(size_of::<Model>(), 1);
    assert_eq!(size_of::<Option<Model>>(), 1);
    assert_eq!(size_of::<Category>(), 1);
    assert!(size_of::<Limits>() <= 32);
    // Where clippy begins to complain of a large error.
    assert!(size_of::<ParseModelError>() < 128);
}
