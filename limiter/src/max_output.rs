//! The most output tokens of a request, according to the properties of a table.

use model_studio_limits::{Catalogue, PropertyValue};

/// The properties that only models that think have.
const WITH_THINKING: [&str; 3] = ["max_input_thinking", "max_output_thinking", "max_reasoning"];

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
    let reasoning = match tokens(model, "max_reasoning") {
        Some(reasoning) => reasoning,
        None if thinks(model) => return None,
        None => 0,
    };
    let with_thinking = answer_with_thinking.saturating_add(reasoning);
    Some(with_thinking.max(answer.unwrap_or(0)))
}

fn thinks<M: Catalogue>(model: M) -> bool {
    match model.property("thinking") {
        Some(PropertyValue::Choice(thinking)) if thinking != "none" => true,
        _ => WITH_THINKING
            .iter()
            .any(|name| tokens(model, name).is_some()),
    }
}

fn tokens<M: Catalogue>(model: M, property: &str) -> Option<u64> {
    match model.property(property)? {
        PropertyValue::Integer(tokens) => Some(tokens),
        _ => None,
    }
}
