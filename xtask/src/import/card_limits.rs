//! Compares the limits on the model cards with those of the rate limit page, which are used.

use std::collections::{BTreeMap, HashSet};

use crate::deployment::table_of;
use crate::import::cards::{CardLimit, Cards};
use crate::import::measures::{self, Reading, with_separators};
use crate::import::property_changes::Groups;
use crate::import::row::Row;

/// Returns the limits that differ, and what the report must mention.
pub(super) fn compare(cards: &Cards, rows: &[Row]) -> (Groups, Vec<String>) {
    let mut conflicts = Groups::new();
    if cards.is_empty() {
        let remark = "there are no model cards, so the properties of the data are kept";
        return (conflicts, vec![remark.to_owned()]);
    }
    let mut listed = HashSet::new();
    let mut without_card = 0;
    for row in rows {
        let [region, scope, name] = row.key();
        let Some(model) = cards.find(row) else {
            without_card += 1;
            continue;
        };
        listed.insert((model.name.as_str(), [region, scope]));
        let limits = model.limits([region, scope]);
        let units = ["rpm", "tpm"];
        let pairs = measures::calls_and_tokens(row)
            .into_iter()
            .zip([limits.rpm, limits.tpm]);
        for ((on_page, on_card), unit) in pairs.zip(units) {
            let on_card = on_card.filter(|on_card| !agree(&on_page, *on_card));
            let Some(on_card) = on_card else {
                continue;
            };
            let on_card = match on_card {
                CardLimit::Number(number) => format!("{} {unit}", with_separators(number)),
                CardLimit::Dynamic => format!("dynamic {unit}"),
            };
            let conflict = format!("{on_page} on the page, {on_card} on the card");
            let models = conflicts.entry(conflict).or_default();
            models.push((name.to_owned(), table_of(region, scope)));
        }
    }
    let mut remarks = Vec::new();
    if without_card > 0 {
        let all = rows.len();
        remarks.push(format!(
            "{without_card} of {all} rows of the page have no model card"
        ));
    }
    let mut unlisted: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
    for model in cards.models() {
        for deployment @ [region, scope] in model.deployments() {
            if !listed.contains(&(model.name.as_str(), deployment)) {
                let names = unlisted.entry(table_of(region, scope)).or_default();
                names.push(&model.name);
            }
        }
    }
    for (table, names) in unlisted {
        let names = names.join(", ");
        remarks.push(format!(
            "cards have limits in {table} that the page does not list: {names}"
        ));
    }
    (conflicts, remarks)
}

fn agree(on_page: &Reading, on_card: CardLimit) -> bool {
    match on_card {
        CardLimit::Number(number) => on_page.rate == Some(number),
        CardLimit::Dynamic => on_page.is_dynamic(),
    }
}
