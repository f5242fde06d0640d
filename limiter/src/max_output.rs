//! The most output tokens of a request, according to the properties of a table.

use model_studio_limits::{Catalogue, PropertyValue};

/// Returns the most output tokens of a request with this input, including its reasoning, or `None`
/// if the properties of the model do not bound them.
pub(crate) fn max_output<M: Catalogue>(model: M, input_tokens: u64) -> Option<u64> {
    let window = tokens(model, "context_window");
    let rest_of_window = window.map(|window| window.saturating_sub(input_tokens));
    [reasoning_and_answer(model), rest_of_window]
        .into_iter()
        .flatten()
        .min()
}

/// Returns the most tokens of an answer and the reasoning before it, which the maximum of an answer
/// does not include.
fn reasoning_and_answer<M: Catalogue>(model: M) -> Option<u64> {
    let answer = tokens(model, "max_output");
    let answer_with_thinking = tokens(model, "max_output_thinking").or(answer)?;
    let reasoning = tokens(model, "max_reasoning").or(never_thinks(model).then_some(0))?;
    let with_thinking = answer_with_thinking.saturating_add(reasoning);
    Some(with_thinking.max(answer.unwrap_or(0)))
}

/// Returns `false` if the model thinks or may think. If a table declares `thinking`, a missing value
/// means that it is unknown.
fn never_thinks<M: Catalogue>(model: M) -> bool {
    let mut properties = M::PROPERTIES.iter();
    if properties.any(|property| property.name == "thinking") {
        return model.property("thinking") == Some(PropertyValue::Choice("none"));
    }
    // Properties that only thinking models have.
    ["max_input_thinking", "max_output_thinking"]
        .iter()
        .all(|name| tokens(model, name).is_none())
}

fn tokens<M: Catalogue>(model: M, property: &str) -> Option<u64> {
    match model.property(property)? {
        PropertyValue::Integer(tokens) => Some(tokens),
        _ => None,
    }
}
