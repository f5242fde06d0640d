//! The names of models in a configuration.

use model_studio_limits_core::{Escaped, suggest};
use toml::Spanned;

use super::context::Context;
use super::places::Problem;
use super::{LifeCycle, Model, UnknownModels};

/// Returns the model with a name or alias that the provider serves. Reports the name if there is none.
pub(super) fn find<'a>(
    models: &'a [Model],
    name: &Spanned<String>,
    context: &mut Context<'_>,
) -> Option<&'a Model> {
    match lookup(models, name.get_ref()) {
        Ok(model) => Some(model),
        Err((message, help)) => {
            let problem = Problem::new(name.span(), message);
            context.report(Problem { help, ..problem });
            None
        }
    }
}

/// Returns the model ID for a name or alias, or the name itself if unknown models pass. Reports any other
/// unknown name.
pub(super) fn id(
    models: &[Model],
    unknown: UnknownModels,
    name: &Spanned<String>,
    context: &mut Context<'_>,
) -> Option<String> {
    let is_known = models.iter().any(|model| has_name(model, name.get_ref()));
    if unknown == UnknownModels::Pass && !is_known {
        return Some(name.get_ref().clone());
    }
    Some(find(models, name, context)?.name.clone())
}

/// Returns the model, or what is wrong with the name and what to use instead.
fn lookup<'a>(models: &'a [Model], name: &str) -> Result<&'a Model, (String, Option<String>)> {
    let Some(model) = models.iter().find(|model| has_name(model, name)) else {
        let served = models.iter().filter(|model| is_served(model));
        let similar = suggest(name, served.map(|model| model.name.as_str()));
        let help = (!similar.as_slice().is_empty()).then(|| format!("did you mean {similar}?"));
        return Err((format!("unknown model `{}`", Escaped(name)), help));
    };
    match &model.life_cycle {
        LifeCycle::Retired { on, replacement } => Err((
            format!("the provider retired the model `{name}` on {on}"),
            replacement
                .as_ref()
                .map(|replacement| format!("use `{replacement}`")),
        )),
        LifeCycle::Active | LifeCycle::Deprecated { .. } => Ok(model),
    }
}

fn has_name(model: &Model, name: &str) -> bool {
    model.name == name || model.aliases.iter().any(|alias| alias == name)
}

fn is_served(model: &Model) -> bool {
    !matches!(model.life_cycle, LifeCycle::Retired { .. })
}
