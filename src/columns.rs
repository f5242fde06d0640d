//! The static data of an enum, which the generator writes.

use crate::column::{Column, LimitColumn};
use crate::{Category, Deprecation, Property, Retired};

/// The data of an enum `M`, by column. The index of a model is the discriminant of its variant.
#[derive(Debug)]
pub struct Columns<M: 'static> {
    /// The variants.
    pub models: &'static [M],
    /// The model IDs of all models, followed by all aliases.
    pub names: &'static [&'static str],
    /// The model of each name in `names`.
    pub models_by_name: &'static [M],
    /// The identifiers of the variants, concatenated.
    pub identifiers: &'static str,
    /// The end of each identifier in `identifiers`.
    pub identifier_ends: &'static [u32],
    /// The end of each model's aliases, counted from the first alias in `names`.
    pub alias_ends: &'static [u16],
    /// The group of each model.
    pub group: Column<Group>,
    /// The rate limits.
    pub limits: LimitColumn,
    /// The value `true` for each model whose limits the provider adjusts.
    pub dynamic: Column<bool>,
    /// The pool whose models share the limits.
    pub pool: Column<&'static str>,
    /// The deprecation of each deprecated model.
    pub deprecation: Column<Deprecation>,
    /// The model that the provider recommends instead.
    pub replacement: Column<M>,
    /// The properties that the table declares, with their columns.
    pub properties: &'static [Property],
    /// The models that are no longer served, sorted by name.
    pub retired: &'static [Retired],
}

/// What the models under one heading share.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// The category.
    pub category: Category,
    /// The heading in the provider's table.
    pub series: &'static str,
}

impl<M> Columns<M> {
    /// Returns the aliases of the model at `index`.
    #[must_use]
    pub const fn aliases(&self, index: usize) -> &'static [&'static str] {
        let ends = self.alias_ends;
        let start = if index == 0 { 0 } else { ends[index - 1] };
        let from_start = self.names.split_at(self.models.len() + start as usize).1;
        from_start.split_at((ends[index] - start) as usize).0
    }

    /// Returns the retired model with this name.
    #[must_use]
    pub fn retired(&self, name: &str) -> Option<&'static Retired> {
        let retired = self.retired;
        let index = retired.binary_search_by_key(&name, |model| model.name);
        retired.get(index.ok()?)
    }

    /// Returns the identifier of the variant at `index`.
    #[must_use]
    pub fn identifier(&self, index: usize) -> &'static str {
        let ends = self.identifier_ends;
        let start = if index == 0 { 0 } else { ends[index - 1] };
        &self.identifiers[start as usize..ends[index] as usize]
    }
}
