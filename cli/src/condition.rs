//! Conditions on the properties of models, such as `context_window>=200k`.

use std::cmp::Ordering;
use std::str::FromStr;

use anyhow::{anyhow, bail};
use model_studio_limits::{Date, PropertyKind, PropertyValue};
use model_studio_limits_core::Escaped;
use model_studio_provider::{Property, TableModel};

use crate::properties::{expected, find};

/// A condition on a property, before its operand is parsed, since its type depends on the table.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    property: String,
    operator: Operator,
    operand: String,
}

/// A condition on a property that a table declares. A model without a value does not meet it.
pub(crate) struct TypedCondition {
    property: &'static str,
    operator: Operator,
    operand: Operand,
}

enum Operand {
    Integer(u64),
    Number(f64),
    Boolean(bool),
    Date(Date),
    /// A text, or the name of a choice.
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// For several choices, one of them is equal.
    Equal,
    /// For several choices, none of them is equal.
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Operators that begin with another one come first.
const OPERATORS: [(&str, Operator); 6] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Operator {
    fn accepts(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

impl FromStr for Condition {
    type Err = &'static str;

    fn from_str(string: &str) -> Result<Self, Self::Err> {
        let start = string.find(['=', '!', '<', '>']);
        let parts = start.map(|start| string.split_at(start));
        let parsed = parts.and_then(|(property, rest)| {
            let mut operators = OPERATORS.iter();
            operators.find_map(|(text, operator)| {
                let operand = rest.strip_prefix(text)?;
                Some(Self::new(property.trim(), *operator, operand.trim()))
            })
        });
        let is_complete = |it: &Self| !it.property.is_empty() && !it.operand.is_empty();
        parsed.filter(is_complete).ok_or(
            "expected a condition such as `thinking=switchable` or `context_window>=200k`, in quotes \
             if it contains `<`, `>` or `!`",
        )
    }
}

impl Condition {
    pub(crate) fn new(property: &str, operator: Operator, operand: &str) -> Self {
        Self {
            property: property.to_owned(),
            operator,
            operand: operand.to_owned(),
        }
    }

    /// Finds the property, and parses the operand as a value of its type.
    ///
    /// # Errors
    ///
    /// Returns an error if the property is not declared, if it cannot have the value, or if its values
    /// have no order but the operator requires one.
    pub(crate) fn resolve(&self, declared: &[Property]) -> anyhow::Result<TypedCondition> {
        let property = find(declared, &self.property)?;
        let operand = self.operand(property)?;
        let is_equality = matches!(self.operator, Operator::Equal | Operator::NotEqual);
        if matches!(operand, Operand::Boolean(_) | Operand::Text(_)) && !is_equality {
            let name = property.name;
            bail!("the values of `{name}` have no order: compare them with `=` or `!=`");
        }
        Ok(TypedCondition {
            property: property.name,
            operator: self.operator,
            operand,
        })
    }

    fn operand(&self, property: Property) -> anyhow::Result<Operand> {
        let text = self.operand.as_str();
        let name = property.name;
        let (operand, expected) = match property.kind {
            PropertyKind::Integer => (integer(text).map(Operand::Integer), INTEGER),
            PropertyKind::Number => (
                number(text).map(Operand::Number),
                "a number such as `0.5` or `200k`",
            ),
            PropertyKind::Date => (
                text.parse().ok().map(Operand::Date),
                "a date such as `2026-10-09`",
            ),
            PropertyKind::Boolean => (text.parse().ok().map(Operand::Boolean), "`true` or `false`"),
            PropertyKind::Choice | PropertyKind::Choices if !property.choices.contains(&text) => {
                let help = expected(text, property.choices);
                bail!("unknown value `{}` of `{name}`{help}", Escaped(text));
            }
            _ => return Ok(Operand::Text(text.to_owned())),
        };
        operand.ok_or_else(|| {
            let text = Escaped(text);
            anyhow!("invalid value `{text}` of `{name}`, expected {expected}")
        })
    }
}

impl TypedCondition {
    pub(crate) fn is_met(&self, model: &TableModel) -> bool {
        let value = model.property(self.property);
        let ordering = value.and_then(|value| self.operand.compare(value));
        ordering.is_some_and(|ordering| self.operator.accepts(ordering))
    }
}

impl Operand {
    /// Compares a value with the operand. The ordering of values without an order only says whether they
    /// are equal.
    fn compare(&self, value: PropertyValue) -> Option<Ordering> {
        let is_equal = match (self, value) {
            (Self::Integer(operand), PropertyValue::Integer(value)) => {
                return Some(value.cmp(operand));
            }
            (Self::Number(operand), PropertyValue::Number(value)) => {
                return value.partial_cmp(operand);
            }
            (Self::Date(operand), PropertyValue::Date(value)) => return Some(value.cmp(operand)),
            (Self::Boolean(operand), PropertyValue::Boolean(value)) => value == *operand,
            (Self::Text(operand), PropertyValue::Choices(names)) => {
                names.contains(&operand.as_str())
            }
            (Self::Text(operand), value) => value.to_string() == *operand,
            _ => return None,
        };
        Some(if is_equal {
            Ordering::Equal
        } else {
            Ordering::Less
        })
    }
}

/// Parses the size of an option, like the operand of a condition.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    integer(text).ok_or_else(|| format!("expected {INTEGER}"))
}

/// Describes the operand for a property of type `integer`.
const INTEGER: &str = "an integer such as `200000`, `200k` or `1M`";

/// Parses an integer, which can end in `k` for thousands or `M` for millions.
fn integer(text: &str) -> Option<u64> {
    let (digits, factor) = split_suffix(text);
    let is_decimal = digits.bytes().all(|byte| byte.is_ascii_digit());
    let integer = digits.parse::<u64>().ok().filter(|_| is_decimal)?;
    integer.checked_mul(factor.into())
}

/// Parses a number, which can end in `k` for thousands or `M` for millions.
fn number(text: &str) -> Option<f64> {
    let (digits, factor) = split_suffix(text);
    let number = digits.parse::<f64>().ok()? * f64::from(factor);
    number.is_finite().then_some(number)
}

fn split_suffix(text: &str) -> (&str, u32) {
    match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000),
        None => text
            .strip_suffix(['m', 'M'])
            .map_or((text, 1), |digits| (digits, 1_000_000)),
    }
}
