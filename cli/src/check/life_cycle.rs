//! What the tables say about a model ID as of a date.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model_studio_limits::Date;

use super::finding::Kind;
use crate::tables::{Model, Region, Status, models_of};

/// The life cycle of every model ID in the tables.
pub(crate) struct LifeCycles {
    /// The model IDs that are no longer active in any region of interest.
    ended: HashMap<&'static str, Ended>,
    /// Every model ID and alias of any table.
    known: BTreeSet<&'static str>,
}

/// A model ID that is deprecated or retired.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) kind: Kind,
    /// The message without the replacement.
    pub(crate) message: String,
    /// What the provider recommends instead. More than one if the regions differ.
    pub(crate) replacements: BTreeSet<&'static str>,
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
        let by_name = by_name.iter();
        let mut ended: HashMap<_, _> = by_name
            .filter_map(|(name, models)| Some((*name, Ended::new(name, models, today, soon)?)))
            .collect();
        follow_replacements(&mut ended);

        let everywhere = models_of(None).into_iter().chain(Region::BuiltIn.models());
        let known = everywhere.flat_map(|model| model.names()).collect();
        Self { ended, known }
    }

    /// Returns every model ID that is deprecated or retired.
    pub(crate) fn ended(&self) -> &HashMap<&'static str, Ended> {
        &self.ended
    }

    /// Returns every model ID and alias of any table.
    pub(crate) fn known(&self) -> &BTreeSet<&'static str> {
        &self.known
    }
}

impl Ended {
    /// Returns `None` if the model is active in any of the tables in `models`.
    fn new(name: &str, models: &[&Model], today: Date, soon: Date) -> Option<Self> {
        // The best status counts: a model that is still served somewhere can be used.
        let (_, kind, message) = models
            .iter()
            .map(|model| status(name, model, today, soon))
            .max_by_key(|(rank, ..)| *rank)?;
        let replacements = models.iter().filter_map(|model| model.replacement);
        Some(Self {
            kind: kind?,
            message,
            replacements: replacements.collect(),
            fix: None,
        })
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
            format!("model `{name}` was announced to retire on {date}"),
        ),
        Status::Retired(on) => (
            (0, Some(on)),
            Some(Kind::Retired),
            format!("model `{name}` was retired on {on}"),
        ),
    }
}

/// Replaces replacements that are deprecated or retired themselves by their own replacements, if they
/// have any that are active.
fn follow_replacements(ended: &mut HashMap<&'static str, Ended>) {
    let direct: HashMap<&str, BTreeSet<&'static str>> = ended
        .iter()
        .map(|(name, ended)| (*name, ended.replacements.clone()))
        .collect();
    for (name, model) in ended {
        let mut seen = BTreeSet::from([*name]);
        let mut active = BTreeSet::new();
        let mut next: Vec<&'static str> = direct[name].iter().copied().collect();
        while let Some(replacement) = next.pop() {
            if !seen.insert(replacement) {
                continue;
            }
            match direct.get(replacement) {
                Some(further) => next.extend(further),
                None => {
                    active.insert(replacement);
                }
            }
        }
        model.fix = active.first().copied().filter(|_| active.len() == 1);
        model.replacements = active;
    }
}
