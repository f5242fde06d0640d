//! Implausible changes, which are held back until a maintainer accepts them.

use std::collections::HashSet;

/// A change that is not in the data until it is accepted.
#[derive(Debug)]
pub(super) struct HeldBack {
    /// The name to accept it by: that of a model, table or region.
    pub(super) name: String,
    /// The table or the site.
    pub(super) place: String,
    pub(super) reason: String,
}

/// Which changes are held back.
pub(super) struct Decisions<'a> {
    accepted: &'a [String],
    used: HashSet<&'a str>,
    held_back: Vec<HeldBack>,
}

impl<'a> Decisions<'a> {
    pub(super) fn new(accepted: &'a [String]) -> Self {
        Self {
            accepted,
            used: HashSet::new(),
            held_back: Vec::new(),
        }
    }

    /// Returns `true` if a change is held back, because its name has not been accepted.
    pub(super) fn hold(&mut self, name: &str, place: &str, reason: String) -> bool {
        let mut accepted = self.accepted.iter();
        if let Some(name) = accepted.find(|accepted| *accepted == name) {
            self.used.insert(name);
            return false;
        }
        self.held_back.push(HeldBack {
            name: name.to_owned(),
            place: place.to_owned(),
            reason,
        });
        true
    }

    /// Returns what is held back. A name that was accepted without a change is an error.
    pub(super) fn finish(self) -> Result<Vec<HeldBack>, String> {
        let unused = self.accepted.iter().map(String::as_str);
        let unused = unused.filter(|name| !self.used.contains(name));
        match unused.min() {
            Some(name) => Err(format!(
                "--accept {name}: no change with this name is held back"
            )),
            None => Ok(self.held_back),
        }
    }
}
