//! The limits that hold, of the configuration and of the account.

use std::collections::BTreeMap;

use model_studio_limits::Limit;

use crate::config::Model;

/// The limits of the account by model ID, for each model that the table serves.
pub(crate) type AccountLimits = BTreeMap<String, Vec<Limit>>;

/// Returns the limits of each quota. Those of the account replace those of the table, but not those that
/// the configuration has set.
pub(crate) fn effective<'a>(
    models: &'a [Model],
    account: Option<&'a AccountLimits>,
) -> impl Iterator<Item = (&'a str, &'a [Limit])> {
    models.iter().map(move |model| {
        let own = account.and_then(|limits| limits.get(&model.name));
        let limits = match own {
            Some(own) if !model.has_own_limits => own,
            _ => &model.limits,
        };
        (&*model.quota, &**limits)
    })
}
