//! The names of kinds of limits in the store.

use model_studio_limits::LimitKind;
use model_studio_limits_core::{KeyWindow, LimitKey};

/// Returns the name of a kind in keys and fields. It must never change, like the keys of tables.
pub(super) fn name_of(kind: LimitKind) -> &'static str {
    // Only limits on concurrency have no key for any window.
    let concurrent = || LimitKey::find(kind, KeyWindow::Fixed(None));
    let key = LimitKey::find(kind, KeyWindow::Any).or_else(concurrent);
    key.map(|key| key.name).unwrap_or_default()
}
