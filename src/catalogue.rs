//! The tables of a catalogue, as generated code fills them.

use model_studio_limits_names::{Key, Lookup};

use crate::{Category, Limits};

/// The tables behind an enum `M`. What is said of a model is at its position, the discriminant of
/// its variant.
#[derive(Debug)]
pub struct Catalogue<M: 'static> {
    /// The variants.
    pub all: &'static [M],
    /// The names that go over the wire.
    pub names: &'static [&'static str],
    /// The identifiers of the variants.
    pub identifiers: &'static [&'static str],
    /// The aliases of each model.
    pub aliases: &'static [&'static [&'static str]],
    /// Every alias' model, in the order of the models.
    pub alias_of: &'static [M],
    /// The position of each model's class.
    pub class_of: &'static [u16],
    /// What models share. Far fewer than the models, they keep the code small.
    pub classes: &'static [Class<M>],
    /// Finds names, at the positions of their models, and aliases, behind them.
    pub lookup: Lookup<'static>,
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

    /// The model of a name or alias.
    #[inline]
    #[must_use]
    pub const fn find(&self, name: &str) -> Option<M> {
        match self.lookup.find(name) {
            Some(at) if at < self.all.len() => Some(self.all[at]),
            Some(at) => Some(self.alias_of[at - self.all.len()]),
            None => None,
        }
    }
}

/// The words of names, for [`Lookup::keys`].
#[must_use]
pub const fn keys<const N: usize>(names: &[&'static str]) -> [Key<'static>; N] {
    let mut keys = [Key::new(""); N];
    let mut at = 0;
    while at < N {
        keys[at] = Key::new(names[at]);
        at += 1;
    }
    keys
}
