//! An account's own limits, laid over those of a catalogue.

use std::collections::HashMap;

use crate::catalogue::{Catalogue, LIMIT_KINDS, Limits};
use crate::meaning;
use crate::report::{Place, Problem};
use crate::shape::{Checker, listed};
use crate::yaml::Node;

/// An overlay as it is read: for each name, its place and the limits to set, each with its place.
pub(crate) struct Overlay {
    entries: Vec<(String, Place, Limits, [Place; 4])>,
}

impl Overlay {
    pub(crate) fn read(check: &mut Checker, root: &Node) -> Self {
        let mut overlay = Self {
            entries: Vec::new(),
        };
        let fields = check.fields(root, "an overlay", &["limits"]);
        let limits = fields.and_then(|fields| check.required(&fields, "the overlay", "limits"));
        let Some(models) = limits.and_then(|limits| check.mapping(limits, "`limits`")) else {
            return overlay;
        };
        for (name, place, node) in models.entries() {
            if let Some((limits, places)) = Limits::read(check, node) {
                let entry = ((*name).to_owned(), *place, limits, places);
                overlay.entries.push(entry);
            }
        }
        overlay
    }

    /// Sets the limits in a catalogue that has no problems.
    pub(crate) fn apply(&self, check: &mut Checker, catalogue: &mut Catalogue) {
        let names = meaning::names(catalogue);
        let found: Vec<Option<usize>> = self
            .entries
            .iter()
            .map(|(name, ..)| names.get(name.as_str()).copied())
            .collect();
        let mut first = HashMap::<usize, (&str, Place)>::new();
        for ((name, place, limits, places), at) in self.entries.iter().zip(found) {
            let Some(at) = at else {
                meaning::unknown(check, name, *place, catalogue);
                continue;
            };
            let model = &mut catalogue.models[at];
            if let Some((earlier, earlier_place)) = first.insert(at, (name, *place)) {
                // That a key is here twice has been noted.
                if earlier != name {
                    let line = earlier_place.line;
                    let message =
                        format!("`{name}` is the model of line {line} again, by another name");
                    check.note(Problem::new(*place, message));
                }
                continue;
            }
            let baseline = *model.baseline.get_or_insert(model.limits);
            for (kind, (key, _)) in LIMIT_KINDS.iter().enumerate() {
                if limits.0[kind] == 0 {
                    continue;
                }
                if baseline.0[kind] == 0 {
                    let problem = format!("`{name}` has no limit `{key}` to change");
                    let help = format!("its limits are {}", listed(&baseline.keys()));
                    check.note(Problem::new(places[kind], problem).help(help));
                }
                model.limits.0[kind] = limits.0[kind];
            }
        }
    }
}
