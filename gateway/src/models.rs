//! The models that clients name.

use std::collections::HashMap;
use std::sync::Arc;

use model_studio_limits_core::{Escaped, suggest};

use crate::config::{LifeCycle, Model};

/// The models of the settings, by all of their names.
#[derive(Debug, Default)]
pub(crate) struct Models {
    by_name: HashMap<String, Arc<Model>>,
    /// In the order of the settings.
    all: Vec<Arc<Model>>,
}

/// Why a name is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownModel {
    /// Whether the provider once served it.
    pub(crate) is_retired: bool,
    /// What is wrong, and which names to use instead.
    pub(crate) message: String,
}

impl Models {
    pub(crate) fn new(models: &[Model]) -> Self {
        let all: Vec<_> = models.iter().cloned().map(Arc::new).collect();
        let by_name = all.iter().flat_map(|model| {
            let names = model.aliases.iter().chain([&model.name]);
            names.map(|name| (name.clone(), Arc::clone(model)))
        });
        Self {
            by_name: by_name.collect(),
            all,
        }
    }

    /// Returns the model with this name or alias.
    ///
    /// # Errors
    ///
    /// Returns an error if the provider does not serve it.
    pub(crate) fn find(&self, name: &str) -> Result<&Arc<Model>, UnknownModel> {
        let Some(model) = self.by_name.get(name) else {
            return Err(UnknownModel {
                is_retired: false,
                message: self.unknown(name),
            });
        };
        if let LifeCycle::Retired { on, replacement } = &model.life_cycle {
            let instead = match replacement {
                Some(replacement) => format!(", use `{replacement}`"),
                None => String::new(),
            };
            return Err(UnknownModel {
                is_retired: true,
                message: format!(
                    "the provider retired the model `{}` on {on}{instead}",
                    model.name
                ),
            });
        }
        Ok(model)
    }

    /// Returns the models that the provider serves.
    pub(crate) fn served(&self) -> impl Iterator<Item = &Arc<Model>> {
        let is_served =
            |model: &&Arc<Model>| !matches!(model.life_cycle, LifeCycle::Retired { .. });
        self.all.iter().filter(is_served)
    }

    fn unknown(&self, name: &str) -> String {
        let names = self.served().map(|model| model.name.as_str());
        let similar = suggest(name, names);
        let shown = Escaped(name);
        if similar.as_slice().is_empty() {
            format!("unknown model `{shown}`")
        } else {
            format!("unknown model `{shown}`, did you mean {similar}?")
        }
    }
}
