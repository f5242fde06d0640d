//! What the tables say about a model ID as of a date.

use std::collections::{BTreeMap, BTreeSet};

use model_studio_limits::Date;
use model_studio_limits_core::AnyOf;

use super::finding::Kind;
use crate::tables::{Model, Region, Status, models_of};

/// The life cycle of every model ID in the tables.
pub(crate) struct LifeCycles {
    /// The model IDs that are no longer active in any region of interest.
    pub(crate) ended: Vec<Ended>,
    /// Every model ID and alias of any table.
    pub(crate) known: BTreeSet<&'static str>,
}

/// A model ID that is deprecated or retired.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The message, with what the provider recommends instead.
    pub(crate) message: String,
    /// The replacement that can be used without a decision: there is only one, and it is active.
    pub(crate) fix: Option<&'static str>,
}

impl LifeCycles {
    /// Collects the life cycles in one region or in all regions, as of the date `today`. Models that
    /// retire until `soon` are [`Kind::Retiring`].
    pub(crate) fn new(region: Option<Region>, today: Date, soon: Date) -> Self {
        let models = models_of(region);
        let mut by_name = BTreeMap::<&str, Vec<&Model>>::new();
        for model in &models {
            for name in model.names() {
                by_name.entry(name).or_default().push(model);
            }
        }
        let statuses = by_name.iter().filter_map(|(name, models)| {
            let statuses = models.iter().map(|model| status(name, model, today, soon));
            // The best status counts: a model that is still served somewhere can be used.
            let (_, kind, message) = statuses.max_by_key(|(rank, ..)| *rank)?;
            Some((*name, (kind?, message)))
        });
        let statuses: BTreeMap<&str, (Kind, String)> = statuses.collect();
        let ended = statuses.iter().map(|(name, (kind, message))| {
            let is_ended = |name: &str| statuses.contains_key(name);
            let replacements = active_replacements(name, is_ended, &by_name);
            Ended {
                name,
                kind: *kind,
                message: match replacements[..] {
                    [] => message.clone(),
                    _ => format!("{message}, use {}", AnyOf(&replacements)),
                },
                fix: match replacements[..] {
                    [only] => Some(only),
                    _ => None,
                },
            }
        });
        let ended = ended.collect();

        let everywhere = models_of(None).into_iter().chain(Region::BuiltIn.models());
        let known = everywhere.flat_map(|model| model.names()).collect();
        Self { ended, known }
    }
}

/// Returns the rank of a status, its kind and its message. The longer a model is served, the higher
/// its rank.
fn status(
    name: &str,
    model: &Model,
    today: Date,
    soon: Date,
) -> ((u8, Option<Date>), Option<Kind>, String) {
    match model.status {
        Status::Active => ((4, None), None, String::new()),
        Status::Deprecated(None) => (
            (3, None),
            Some(Kind::Deprecated),
            format!("model `{name}` is deprecated"),
        ),
        Status::Deprecated(Some(date)) if date > today => (
            (2, Some(date)),
            Some(if date > soon {
                Kind::Deprecated
            } else {
                Kind::Retiring
            }),
            format!("model `{name}` is deprecated and retires on {date}"),
        ),
        Status::Deprecated(Some(date)) => (
            (1, Some(date)),
            Some(Kind::Retired),
            format!("model `{name}` was due to retire on {date}"),
        ),
        Status::Retired(on) => (
            (0, Some(on)),
            Some(Kind::Retired),
            format!("model `{name}` was retired on {on}"),
        ),
    }
}

/// Returns what the provider recommends instead of a model that has ended. More than one if the regions
/// differ. A replacement that has ended itself is followed to its own replacements.
fn active_replacements(
    name: &'static str,
    is_ended: impl Fn(&str) -> bool,
    models: &BTreeMap<&str, Vec<&Model>>,
) -> Vec<&'static str> {
    let mut ended = BTreeSet::new();
    let mut active = BTreeSet::new();
    let mut next = vec![name];
    while let Some(name) = next.pop() {
        if !is_ended(name) {
            active.insert(name);
        } else if ended.insert(name) {
            next.extend(models[name].iter().filter_map(|model| model.replacement));
        }
    }
    active.into_iter().collect()
}
