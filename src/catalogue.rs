//! The tables of a catalogue, as generated code fills them.

use crate::{Category, Limits};

/// The tables behind an enum `M`. What is said of a model is at its position, the discriminant of
/// its variant.
#[derive(Debug)]
pub struct Catalogue<M: 'static> {
    /// The variants.
    pub all: &'static [M],
    /// The names that go over the wire and, behind those of all models, the aliases.
    pub names: &'static [&'static str],
    /// The identifiers of the variants, one after the other.
    pub identifiers: &'static str,
    /// Where in `identifiers` each ends.
    pub identifier_ends: &'static [u32],
    /// How many aliases each model has, together with those before it.
    pub alias_ends: &'static [u16],
    /// The position of each model's class.
    pub class_of: &'static [u16],
    /// What models share. Far fewer than the models, they keep the code small.
    pub classes: &'static [Class<M>],
}

/// All that is said of a model but its names.
#[derive(Debug)]
pub struct Class<M> {
    /// What the models do.
    pub category: Category,
    /// The heading that they stand under.
    pub series: &'static str,
    /// Their limits.
    pub limits: Limits,
    /// Whether they are deprecated.
    pub deprecated: bool,
    /// The model that the provider names instead of them.
    pub replacement: Option<M>,
}

impl<M: Copy> Catalogue<M> {
    /// What is said of the model at a position.
    #[inline]
    #[must_use]
    pub const fn class(&self, at: usize) -> &Class<M> {
        &self.classes[self.class_of[at] as usize]
    }

    /// The aliases of the model at a position.
    #[must_use]
    pub const fn aliases(&self, at: usize) -> &'static [&'static str] {
        let start = if at == 0 {
            0
        } else {
            self.alias_ends[at - 1] as usize
        };
        let from_start = self.names.split_at(self.all.len() + start).1;
        from_start.split_at(self.alias_ends[at] as usize - start).0
    }

    /// The identifier of the variant at a position.
    #[must_use]
    pub fn identifier(&self, at: usize) -> &'static str {
        let start = at
            .checked_sub(1)
            .map_or(0, |before| self.identifier_ends[before]);
        let end = self.identifier_ends[at];
        let identifier = self.identifiers.get(start as usize..end as usize);
        identifier.unwrap_or_default()
    }
}
