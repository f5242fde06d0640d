//! Applies an overlay to a catalogue.

use std::collections::HashMap;

use model_studio_limits_core::{Limit, LimitKind};

use crate::catalogue::Catalogue;
use crate::diagnostics::Diagnostic;
use crate::table::{Overlay, OverlayEntry};

/// Returns the catalogue with the limits of the overlay, or all errors in the overlay.
pub(crate) fn apply(
    catalogue: &Catalogue,
    overlay: &Overlay,
) -> Result<Catalogue, Vec<Diagnostic>> {
    let mut result = catalogue.clone();
    let mut errors = Vec::new();
    let mut index = catalogue.name_index();
    let mut first = HashMap::<usize, &OverlayEntry>::new();
    for entry in &overlay.entries {
        let name = &entry.name;
        let Some(position) = index.get(name) else {
            errors.push(index.unknown(name, entry.location));
            continue;
        };
        if let Some(earlier) = first.insert(position, entry) {
            // Duplicate keys are reported by the decoder.
            if earlier.name != *name {
                let message = format!(
                    "duplicate model `{name}`, first defined on line {} as `{}`",
                    earlier.location.line, earlier.name
                );
                errors.push(Diagnostic::new(entry.location, message));
            }
            continue;
        }
        let model = &mut result.models[position];
        let baseline = model.limits.clone();
        for (limit, location) in &entry.limits {
            let same = |other: &&mut Limit| (other.kind, other.per) == (limit.kind, limit.per);
            if let Some(changed) = model.limits.iter_mut().find(same) {
                *changed = *limit;
                continue;
            }
            let message = format!("`{name}` has no limit `{}` to change", key(limit));
            let keys: Vec<&str> = baseline.iter().map(key).collect();
            let help = format!("its limits are {}", keys.join(", "));
            errors.push(Diagnostic::new(*location, message).help(help));
        }
        model.baseline = Some(baseline);
    }
    if errors.is_empty() {
        Ok(result)
    } else {
        Err(errors)
    }
}

/// Returns the key that sets a limit.
fn key(limit: &Limit) -> &'static str {
    let mut keys = LimitKind::all_keys();
    let key = keys.find(|(kind, key)| (*kind, key.per) == (limit.kind, limit.per));
    key.map_or("", |(_, key)| key.name)
}
