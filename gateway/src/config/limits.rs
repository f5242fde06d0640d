//! Limits in a configuration file, with the keys that tables have.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;

use model_studio_limits::{Limit, LimitKind};
use model_studio_limits_core::{AnyOf, KeyWindow, LimitKey, Rate, merge};
use toml::Spanned;

use super::context::Context;
use super::file::{LimitValue, ModelLimits};
use super::places::Problem;
use super::{Model, names};

/// Sets the limits of models, or of their pools.
pub(super) fn apply(
    models: &mut [Model],
    limits: &BTreeMap<Spanned<String>, ModelLimits>,
    context: &mut Context<'_>,
) {
    let mut set_by = HashMap::new();
    for (name, limits) in limits {
        let decoded = match limits {
            ModelLimits::None => Vec::new(),
            ModelLimits::Keys(keys) => decode(name, keys, context),
        };
        let Some(model) = names::find(models, name, context) else {
            continue;
        };
        let quota = model.quota.clone();
        if let Some(other) = set_by.insert(quota.clone(), name.get_ref()) {
            let message = format!("the limits are already set by `{other}`, which shares them");
            context.report(Problem::new(name.span(), message));
        }
        let members = models.iter_mut().filter(|model| model.quota == quota);
        for member in members {
            member.limits = merge(&member.limits, &decoded);
            member.has_own_limits = true;
        }
    }
}

/// Decodes the limits of a model.
fn decode(
    name: &Spanned<String>,
    keys: &BTreeMap<Spanned<String>, Spanned<LimitValue>>,
    context: &mut Context<'_>,
) -> Vec<Limit> {
    if keys.is_empty() {
        let problem = Problem::new(name.span(), "no limit is set");
        context.report(problem.help("write `\"none\"` if the provider sets no limit"));
    }
    let mut limits = Vec::<(Limit, &str)>::new();
    for (key, value) in keys {
        for limit in decode_key(key, value, context) {
            let mut earlier = limits.iter();
            match earlier.find(|(other, _)| other.slot() == limit.slot()) {
                None => limits.push((limit, key.get_ref())),
                Some((_, earlier)) => {
                    let message = format!("sets the same limit as `{earlier}`");
                    context.report(Problem::new(key.span(), message));
                }
            }
        }
    }
    let mut limits: Vec<Limit> = limits.into_iter().map(|(limit, _)| limit).collect();
    limits.sort_by_key(Limit::slot);
    limits
}

/// Decodes the limits of one key.
fn decode_key(
    key: &Spanned<String>,
    value: &Spanned<LimitValue>,
    context: &mut Context<'_>,
) -> Vec<Limit> {
    let name = key.get_ref();
    let Some(LimitKey { kind, window, .. }) = LimitKey::from_name(name) else {
        let help = LimitKey::suggest(name).map(|key| format!("did you mean `{}`?", key.name));
        context.report(
            Problem::new(key.span(), "unknown key").help(help.unwrap_or_else(|| {
                let keys: Vec<&str> = LimitKey::ALL.iter().map(|key| key.name).collect();
                format!("expected one of {}", AnyOf(&keys))
            })),
        );
        return Vec::new();
    };
    let decoded = match (window, value.get_ref()) {
        (KeyWindow::Fixed(per), LimitValue::Count(count)) => {
            to_count(*count, kind).map(|count| vec![Limit { kind, count, per }])
        }
        (KeyWindow::Fixed(_), _) => Err(format!("expected {}", count(kind))),
        (KeyWindow::Any, LimitValue::Rate(rate)) => to_limit(rate, kind).map(|limit| vec![limit]),
        (KeyWindow::Any, LimitValue::Rates(rates)) => {
            let rates = rates.iter();
            rates.map(|rate| to_limit(rate.get_ref(), kind)).collect()
        }
        (KeyWindow::Any, LimitValue::Count(count)) => Err(format!(
            "expected a rate such as `500 per 6s`, found the integer {count}"
        )),
    };
    context.check(value.span(), decoded).unwrap_or_default()
}

/// Returns what a count of a kind must be.
fn count(kind: LimitKind) -> String {
    match kind.max_count() {
        u64::MAX => "a count of at least 1".to_owned(),
        most => format!("a count from 1 to {most}"),
    }
}

fn to_count(value: i64, kind: LimitKind) -> Result<NonZeroU64, String> {
    let valid = u64::try_from(value)
        .ok()
        .filter(|count| *count <= kind.max_count());
    let valid = valid.and_then(NonZeroU64::new);
    valid.ok_or_else(|| format!("expected {}, found {value}", count(kind)))
}

fn to_limit(rate: &str, kind: LimitKind) -> Result<Limit, String> {
    let rate: Rate = rate
        .parse()
        .map_err(|error| format!("{error}, found `{rate}`"))?;
    if rate.count.get() > kind.max_count() {
        return Err(format!("the count must be at most {}", kind.max_count()));
    }
    Ok(rate.limit(kind))
}
