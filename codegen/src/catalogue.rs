//! Validated tables. Not to be confused with the trait `Catalogue` of the runtime.

use model_studio_limits_core::{Date, Limit};

use crate::name_index::NameIndex;
use crate::table::{Group, Name};

/// A table with unique names, unambiguous identifiers and resolved replacements.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) title: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) date: Option<Date>,
    pub(crate) groups: Vec<Group>,
    pub(crate) models: Vec<Model>,
    pub(crate) retired: Vec<Retired>,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) name: Name,
    pub(crate) aliases: Vec<Name>,
    /// The position of the group in `Catalogue::groups`.
    pub(crate) group: usize,
    pub(crate) limits: Vec<Limit>,
    /// The limits of the table, if an overlay has changed them.
    pub(crate) baseline: Option<Vec<Limit>>,
    pub(crate) dynamic: bool,
    pub(crate) pool: Option<String>,
    pub(crate) deprecation: Option<Deprecation>,
}

#[derive(Clone, Debug)]
pub(crate) struct Deprecation {
    pub(crate) retires: Option<Date>,
    /// The position of the model at the end of the chain of replacements.
    pub(crate) replacement: Option<usize>,
    pub(crate) source: Option<String>,
    pub(crate) note: Option<String>,
}

/// A model that is no longer served.
#[derive(Clone, Debug)]
pub(crate) struct Retired {
    pub(crate) name: String,
    pub(crate) on: Date,
    /// The position of the replacement.
    pub(crate) replacement: Option<usize>,
    pub(crate) note: Option<String>,
}

impl Catalogue {
    pub(crate) fn group(&self, model: &Model) -> &Group {
        &self.groups[model.group]
    }

    /// Returns the replacement of a deprecated model.
    pub(crate) fn replacement(&self, model: &Model) -> Option<&Model> {
        let position = model.deprecation.as_ref()?.replacement?;
        Some(&self.models[position])
    }

    /// Returns the replacement of a retired model.
    pub(crate) fn retired_replacement(&self, retired: &Retired) -> Option<&Model> {
        Some(&self.models[retired.replacement?])
    }

    pub(crate) fn name_index(&self) -> NameIndex<'_> {
        let names = self.all_names();
        NameIndex::new(names.map(|(position, name)| (name.text.as_str(), position)))
    }

    /// Returns every model ID and alias with the position of its model, in the order of the table.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = (usize, &Name)> {
        let models = self.models.iter().enumerate();
        models.flat_map(|(position, model)| {
            let names = [&model.name].into_iter().chain(&model.aliases);
            names.map(move |name| (position, name))
        })
    }
}
