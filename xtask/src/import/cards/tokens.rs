//! The section with the numbers of tokens, which applies to all regions.

use crate::import::cards::statements::{Findings, Statements};
use crate::import::cards::table;
use crate::import::cells;
use crate::import::error::PageError;
use crate::import::markdown::Line;
use crate::property::Property;

const HEADER: [&str; 2] = ["参数", "值"];

/// The labels without the mode, and their properties without and with thinking.
const LABELS: [(&str, Property, Option<Property>); 4] = [
    ("上下文长度", Property::ContextWindow, None),
    (
        "最大输入长度",
        Property::MaxInput,
        Some(Property::MaxInputThinking),
    ),
    (
        "最大输出长度",
        Property::MaxOutput,
        Some(Property::MaxOutputThinking),
    ),
    ("最大思维链长度", Property::MaxReasoning, None),
];

/// The ends of labels about the mode with thinking.
const WITH_THINKING: [&str; 2] = ["（思考模式下）", "（思考模式）"];

/// A number on a card.
enum Number {
    Tokens(u64),
    NotStated,
    /// `1M Token` is no number, because the cards do not say what M is.
    Ambiguous,
}

/// Reads the section. Numbers that contradict each other are findings and not statements.
pub(super) fn read(lines: &[Line], findings: &mut Findings) -> Result<Statements, PageError> {
    let table = table::read(lines, HEADER, label)?;
    findings.add_remarks(&table.remarks);
    let mut statements = Statements::new();
    if table.rows.is_empty() {
        return Ok(statements);
    }
    // A card with the table lists what there is.
    for (_, property, with_thinking) in LABELS {
        let properties = [Some(property), with_thinking].into_iter().flatten();
        statements.extend(properties.map(|property| (property.column(), None)));
    }
    let mut numbers = Vec::new();
    for (property, value) in table.rows {
        let message = "expected a number of tokens such as `131072` or `7168 Token`";
        let number = number(&value.text).ok_or_else(|| PageError::found(value, message))?;
        match number {
            Number::Tokens(tokens) => numbers.push((property, tokens, value)),
            Number::NotStated => {}
            Number::Ambiguous => {
                let message = "expected a number without K or M, which the card does not define";
                findings.add(value, message);
                statements.remove(property.column());
            }
        }
    }
    let window = numbers.iter().find(|it| it.0 == Property::ContextWindow);
    let window = window.map_or(u64::MAX, |(_, tokens, _)| *tokens);
    for (property, tokens, value) in numbers {
        let name = property.name();
        if tokens == 0 {
            findings.add(value, &format!("expected a positive number for {name}"));
            statements.remove(property.column());
        } else if window != 0 && tokens > window {
            let message = format!("expected {name} not to exceed context_window, {window}");
            findings.add(value, &message);
            statements.remove(property.column());
            statements.remove(Property::ContextWindow.column());
        } else if statements.contains_key(property.column()) {
            statements.insert(property.column(), Some(tokens.to_string()));
        }
    }
    Ok(statements)
}

/// Returns the property that a label is about.
fn label(text: &str) -> Option<Property> {
    let mut with_thinking = WITH_THINKING.iter();
    let base = with_thinking.find_map(|end| text.strip_suffix(end));
    let mut labels = LABELS.iter();
    let (_, property, thinking) = labels.find(|(label, ..)| *label == base.unwrap_or(text))?;
    match base {
        Some(_) => *thinking,
        None => Some(*property),
    }
}

fn number(text: &str) -> Option<Number> {
    if text == "—" || text == "-" {
        return Some(Number::NotStated);
    }
    let digits = ["Tokens", "tokens", "Token", "token"]
        .iter()
        .find_map(|unit| text.strip_suffix(unit))
        .map_or(text, str::trim_end);
    match digits.strip_suffix(['K', 'k', 'M', 'm']) {
        Some(number) => cells::number(number.trim_end()).map(|_| Number::Ambiguous),
        None => cells::number(digits).map(Number::Tokens),
    }
}
