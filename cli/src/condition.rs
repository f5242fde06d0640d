//! Conditions on the properties of models, such as `context_window>=200k`.

use std::cmp::Ordering;
use std::str::FromStr;

use anyhow::{anyhow, bail};
use model_studio_limits::PropertyValue;
use model_studio_limits_core::Escaped;

use crate::properties::{expected, find};
use crate::tables::{Property, TableModel};

/// A condition on a property. A model without a value does not meet it.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    property: String,
    operator: Operator,
    operand: String,
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

    /// Checks that the property is declared, and that a choice can have the value.
    pub(crate) fn check(&self, declared: &[Property]) -> anyhow::Result<()> {
        let choices = find(declared, &self.property)?.choices;
        let operand = self.operand.as_str();
        if !choices.is_empty() && !choices.contains(&operand) {
            let (property, help) = (&self.property, expected(operand, choices));
            bail!("unknown value `{}` of `{property}`{help}", Escaped(operand));
        }
        Ok(())
    }

    /// Removes the models that do not meet the condition.
    ///
    /// # Errors
    ///
    /// Returns an error if the value of a model cannot be compared with that of the condition.
    pub(crate) fn retain(&self, models: &mut Vec<TableModel>) -> anyhow::Result<()> {
        let is_met = models.iter().map(|model| self.is_met(model));
        let is_met = is_met.collect::<anyhow::Result<Vec<bool>>>()?;
        let mut is_met = is_met.into_iter();
        models.retain(|_| is_met.next() == Some(true));
        Ok(())
    }

    fn is_met(&self, model: &TableModel) -> anyhow::Result<bool> {
        match model.property(&self.property) {
            Some(value) => Ok(self.operator.accepts(self.compare(value)?)),
            None => Ok(false),
        }
    }

    fn compare(&self, value: PropertyValue) -> anyhow::Result<Ordering> {
        let operand = self.operand.as_str();
        match value {
            PropertyValue::Integer(value) => {
                let operand = integer(operand);
                Ok(value.cmp(&operand.ok_or_else(|| self.invalid(INTEGER))?))
            }
            PropertyValue::Number(value) => {
                let ordering = number(operand).and_then(|operand| value.partial_cmp(&operand));
                ordering.ok_or_else(|| self.invalid("a number such as `0.5` or `200k`"))
            }
            PropertyValue::Date(value) => {
                let operand = operand.parse();
                Ok(value.cmp(&operand.map_err(|_| self.invalid("a date such as `2026-10-09`"))?))
            }
            PropertyValue::Boolean(value) => {
                let operand = operand.parse::<bool>();
                self.equality(value == operand.map_err(|_| self.invalid("`true` or `false`"))?)
            }
            PropertyValue::Choices(names) => self.equality(names.contains(&operand)),
            value => self.equality(value.to_string() == operand),
        }
    }

    /// Returns an ordering for values that are equal or not, without an order.
    fn equality(&self, is_equal: bool) -> anyhow::Result<Ordering> {
        if !matches!(self.operator, Operator::Equal | Operator::NotEqual) {
            let property = &self.property;
            bail!("the values of `{property}` have no order: compare them with `=` or `!=`");
        }
        Ok(if is_equal {
            Ordering::Equal
        } else {
            Ordering::Less
        })
    }

    fn invalid(&self, expected: &str) -> anyhow::Error {
        let (property, operand) = (&self.property, Escaped(&self.operand));
        anyhow!("invalid value `{operand}` of `{property}`, expected {expected}")
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
