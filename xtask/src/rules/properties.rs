//! Sets the properties of models, without those that the provider's pages contradict.

use crate::deployment::DEPLOYMENTS;
use crate::deviations::Deviations;
use crate::property::{Properties, Property, Value};
use crate::read::Data;
use crate::read::page::Listing;
use crate::read::properties::Card;
use crate::table::RegionTable;

/// Returns the tables with properties.
pub(super) fn set<'a>(
    mut tables: Vec<RegionTable<'a>>,
    data: &Data<'_>,
    deviations: &mut Deviations,
) -> Result<Vec<RegionTable<'a>>, String> {
    let (file, cards) = (data.property_file, &data.cards);
    for row in tables.iter_mut().flat_map(|table| &mut table.rows) {
        if let Some(card) = cards.iter().find(|card| describes(card, row.listing)) {
            row.properties = consistent(card, deviations);
        } else {
            let message = format!("not in {file}: no properties");
            deviations.add(&row.listing.name, message);
        }
    }
    for card in cards {
        if !DEPLOYMENTS.iter().any(|it| it.region == card.region.text) {
            return Err(card.region.error("unknown region"));
        }
        let mut rows = tables.iter().flat_map(|table| &table.rows);
        if !rows.any(|row| describes(card, row.listing)) {
            let scope = card.scope;
            let message = format!("no table has this model in scope {scope}: properties not used");
            deviations.add(&card.name, message);
        }
    }
    Ok(tables)
}

fn describes(card: &Card<'_>, listing: &Listing<'_>) -> bool {
    card.name.text == listing.name.text
        && card.region.text == listing.region.text
        && card.scope == listing.scope
}

/// Returns the properties without those that are contradicted.
fn consistent(card: &Card<'_>, deviations: &mut Deviations) -> Properties {
    let mut properties = card.properties.clone();
    for (reason, contradicted) in contradictions(card) {
        let names: Vec<_> = contradicted
            .iter()
            .map(|property| property.name())
            .collect();
        let message = format!("{reason}: {} left out", names.join(", "));
        deviations.add(&card.name, message);
        properties.retain(|property, _| !contradicted.contains(property));
    }
    properties
}

/// Returns the reason of each contradiction, and the properties that are left out because of it.
fn contradictions(card: &Card<'_>) -> Vec<(String, Vec<Property>)> {
    let properties = &card.properties;
    let is = |property: Property| format!("{} is {}", property.name(), properties[&property]);
    let but = |one: Property, other: Property| format!("{}, but {}", is(one), is(other));
    let window = match properties.get(&Property::ContextWindow) {
        Some(Value::Tokens(window)) => *window,
        _ => u64::MAX,
    };
    let has_no_text = match properties.get(&Property::Output) {
        Some(Value::Choices(kinds)) => !kinds.contains(&"text"),
        _ => false,
    };
    let never_thinks = properties.get(&Property::Thinking) == Some(&Value::Choice("none"));

    let mut found = Vec::new();
    for (&property, value) in properties {
        let Value::Tokens(tokens) = *value else {
            continue;
        };
        if tokens == 0 {
            found.push((is(property), vec![property]));
        }
        if tokens > window {
            let reason = but(property, Property::ContextWindow);
            found.push((reason, vec![property, Property::ContextWindow]));
        }
        if has_no_text && Property::WITH_THINKING.contains(&property) {
            found.push((but(property, Property::Output), vec![property]));
        }
    }
    let mut with_thinking = Property::WITH_THINKING.into_iter();
    let with_thinking = with_thinking.find(|limit| properties.contains_key(limit));
    if let Some(limit) = with_thinking.filter(|_| never_thinks) {
        found.push((but(Property::Thinking, limit), vec![Property::Thinking]));
    }
    for (property, words) in &card.conflicts {
        found.push((format!("pages differ ({words})"), vec![*property]));
    }
    found
}
