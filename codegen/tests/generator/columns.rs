//! Compares the properties in generated code with what they should be.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser, Result};
use syn::{Expr, Ident, Item, Lit, LitStr, Token, UnOp};

use crate::expected::{Property, Value};
use crate::expressions::{array, field, number, static_value, string, variant};

/// Checks the declarations, the values of each model, and the accessors.
///
/// # Panics
///
/// Panics if one of them is not as expected.
pub(crate) fn check(items: &[Item], expected: &[Property]) {
    let enums = enums(items);
    let accessors = accessors(items);
    let declared = array(static_value(items, "PROPERTIES"), arguments);
    assert_eq!(declared.len(), expected.len());
    assert_eq!(accessors.len(), expected.len());
    for ((arguments, accessor), property) in declared.iter().zip(&accessors).zip(expected) {
        check_declaration(arguments, property);

        let own_enum = own_enum(&enums, accessor, property);
        let typed = Column::of(items, &accessor.column.to_string());
        typed.check(property, |value| typed_value(value, property, own_enum));
        check_accessor(accessor, property, own_enum);

        // The last argument is a call such as `PropertyColumn::Choice(&column)`.
        let by_name = &arguments[4];
        assert_eq!(called(by_name).to_lowercase(), property.kind);
        let column = Column::parse(items, referenced(&self::arguments(by_name)[0]));
        column.check(property, |value| value_by_name(value, property));
    }
}

fn check_declaration(arguments: &[Expr], property: &Property) {
    assert_eq!(string(&arguments[0]), property.name);
    for (argument, text) in [
        (&arguments[1], &property.description),
        (&arguments[2], &property.unit),
    ] {
        let shown = match argument {
            Expr::Path(_) => {
                assert_eq!(variant(argument), "None");
                None
            }
            _ => Some(string(&self::arguments(argument)[0])),
        };
        // White space and control characters may differ.
        let visible = |text: &String| text.chars().filter(|c| c.is_alphanumeric()).collect();
        let (shown, text): (Option<String>, Option<String>) =
            (shown.as_ref().map(visible), text.as_ref().map(visible));
        assert_eq!(shown, text);
    }
    assert_eq!(array(referenced(&arguments[3]), string), property.choices);
}

/// Checks the type and the method that returns the value.
fn check_accessor(accessor: &Accessor, property: &Property, own_enum: Option<&ChoiceEnum>) {
    let enum_name = own_enum.map_or("", |own| own.name.as_str());
    let value = match property.kind.as_str() {
        "integer" => "u64".to_owned(),
        "number" => "f64".to_owned(),
        "boolean" => "bool".to_owned(),
        "text" => "&'staticstr".to_owned(),
        "date" => "::model_studio_limits::Date".to_owned(),
        "choice" => enum_name.to_owned(),
        _ => format!("&'static[{enum_name}]"),
    };
    assert_eq!(accessor.name, property.name);
    let (value, getter) = if property.is_optional {
        (format!("::core::option::Option<{value}>"), "get")
    } else {
        (value, "require")
    };
    assert_eq!(accessor.value.replace(' ', ""), value);
    assert_eq!(accessor.getter, getter);
}

/// Returns the enum of an accessor's type, if the property has one, after checking its name and values.
fn own_enum<'a>(
    enums: &'a [ChoiceEnum],
    accessor: &Accessor,
    property: &Property,
) -> Option<&'a ChoiceEnum> {
    if property.choices.is_empty() {
        return None;
    }
    // The type ends with the name of the enum. `Option` can be the name of one.
    let words = accessor
        .value
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let name = words
        .rev()
        .find(|word| !word.is_empty())
        .unwrap_or_default();
    let own = enums.iter().find(|own| own.name == name).expect("an enum");
    let letters = |name: &str| name.replace('_', "").to_lowercase();
    match &property.enum_name {
        Some(given) => assert_eq!(own.name, *given),
        None => assert_eq!(letters(&own.name), letters(&property.name)),
    }
    let names: Vec<&String> = own.choices.iter().map(|(_, name)| name).collect();
    assert!(names.into_iter().eq(&property.choices));
    Some(own)
}

fn typed_value(value: &Expr, property: &Property, own_enum: Option<&ChoiceEnum>) -> Value {
    let choice = |value: &Expr| {
        let own = own_enum.expect("the property has choices");
        let mut choices = own.choices.iter();
        let choice = choices.find(|(identifier, _)| *identifier == variant(value));
        choice.expect("a variant of the enum").1.clone()
    };
    match property.kind.as_str() {
        "choice" => Value::Choice(choice(value)),
        "choices" => Value::Choices(elements(referenced(value)).iter().map(choice).collect()),
        _ => value_by_name(value, property),
    }
}

fn value_by_name(value: &Expr, property: &Property) -> Value {
    match property.kind.as_str() {
        "integer" => Value::Integer(number(value)),
        "number" => Value::Number(float(value).to_bits()),
        "boolean" => match literal(value) {
            Lit::Bool(value) => Value::Boolean(value.value),
            _ => panic!("not a boolean"),
        },
        "text" => Value::Text(string(value)),
        "date" => {
            let [year, month, day] = &arguments(value)[..] else {
                panic!("not a date");
            };
            let (year, month, day): (u16, u8, u8) = (number(year), number(month), number(day));
            Value::Date(format!("{year:04}-{month:02}-{day:02}"))
        }
        "choice" => Value::Choice(string(value)),
        _ => Value::Choices(array(referenced(value), string)),
    }
}

/// Positions of values, counted from 1, and the values.
struct Column {
    positions: Vec<usize>,
    values: Vec<Expr>,
}

impl Column {
    /// Returns the column in a static.
    fn of(items: &[Item], name: &str) -> Self {
        Self::parse(items, static_value(items, name))
    }

    /// Returns a column from an expression of the type `Column`, or the name of a static.
    fn parse(items: &[Item], column: &Expr) -> Self {
        let Expr::Struct(column) = column else {
            return Self::of(items, &variant(column));
        };
        let array_of = |name| static_value(items, &variant(referenced(field(column, name))));
        Self {
            positions: array(array_of("positions"), number),
            values: elements(array_of("values")),
        }
    }

    /// Checks that each model has its value, and that no array is longer than necessary.
    fn check(&self, property: &Property, convert: impl Fn(&Expr) -> Value) {
        let values: Vec<Value> = self.values.iter().map(convert).collect();
        let models = 0..property.values.len();
        let found = models.map(|model| match self.positions.get(model) {
            None | Some(0) => None,
            Some(position) => Some(values[position - 1].clone()),
        });
        let found: Vec<Option<Value>> = found.collect();
        assert_eq!(found, property.values, "{}", property.name);

        assert_ne!(self.positions.last(), Some(&0));
        for (index, value) in values.iter().enumerate() {
            assert!(
                !values[..index].contains(value),
                "{value:?} is listed twice"
            );
            assert!(self.positions.contains(&(index + 1)), "{value:?} is unused");
        }
    }
}

struct ChoiceEnum {
    name: String,
    /// The variants and their names in the table.
    choices: Vec<(String, String)>,
}

impl Parse for ChoiceEnum {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let _kind: Ident = input.parse()?;
        let _doc: LitStr = input.parse()?;
        let _what: LitStr = input.parse()?;
        let name: Ident = input.parse()?;
        let content;
        syn::braced!(content in input);
        let mut choices = Vec::new();
        while !content.is_empty() {
            let _doc: LitStr = content.parse()?;
            let (identifier, name): (Ident, LitStr) = (content.parse()?, content.parse()?);
            content.parse::<Token![,]>()?;
            choices.push((identifier.to_string(), name.value()));
        }
        Ok(Self {
            name: name.to_string(),
            choices,
        })
    }
}

struct Accessor {
    name: Ident,
    /// The type.
    value: String,
    /// The static with the values.
    column: Ident,
    getter: Ident,
}

impl Parse for Accessor {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let _doc: LitStr = input.parse()?;
        let name = input.parse()?;
        input.parse::<Token![:]>()?;
        let mut value = TokenStream::new();
        while !input.peek(Token![=]) {
            value.extend([input.parse::<TokenTree>()?]);
        }
        input.parse::<Token![=]>()?;
        let column = input.parse()?;
        input.parse::<Token![.]>()?;
        let getter = input.parse()?;
        input.parse::<Token![;]>()?;
        Ok(Self {
            name,
            value: value.to_string(),
            column,
            getter,
        })
    }
}

fn enums(items: &[Item]) -> Vec<ChoiceEnum> {
    let invocations = invocations(items, "choice");
    let enums = invocations.map(|tokens| syn::parse2(tokens).unwrap());
    enums.collect()
}

fn accessors(items: &[Item]) -> Vec<Accessor> {
    let parse = |input: ParseStream<'_>| {
        let _model: Ident = input.parse()?;
        let mut accessors = Vec::new();
        while !input.is_empty() {
            accessors.push(input.parse()?);
        }
        Ok(accessors)
    };
    let tokens = invocations(items, "accessors").next();
    tokens.map_or(Vec::new(), |tokens| parse.parse2(tokens).unwrap())
}

/// Returns the input of each invocation of a macro of the runtime.
fn invocations<'a>(items: &'a [Item], name: &str) -> impl Iterator<Item = TokenStream> + 'a {
    let name = name.to_owned();
    items.iter().filter_map(move |item| match item {
        Item::Macro(item) if item.mac.path.segments.last()?.ident == name => {
            Some(item.mac.tokens.clone())
        }
        _ => None,
    })
}

fn arguments(call: &Expr) -> Vec<Expr> {
    match call {
        Expr::Call(call) => call.args.iter().cloned().collect(),
        _ => panic!("not a call"),
    }
}

/// Returns the name of the called function.
fn called(call: &Expr) -> String {
    match call {
        Expr::Call(call) => variant(&call.func),
        _ => panic!("not a call"),
    }
}

fn referenced(reference: &Expr) -> &Expr {
    match reference {
        Expr::Reference(reference) => &reference.expr,
        _ => panic!("not a reference"),
    }
}

fn elements(value: &Expr) -> Vec<Expr> {
    array(value, Expr::clone)
}

fn literal(value: &Expr) -> &Lit {
    match value {
        Expr::Lit(literal) => &literal.lit,
        _ => panic!("not a literal"),
    }
}

fn float(value: &Expr) -> f64 {
    match value {
        Expr::Unary(negative) if matches!(negative.op, UnOp::Neg(_)) => -float(&negative.expr),
        _ => match literal(value) {
            Lit::Float(value) => value.base10_parse().unwrap(),
            _ => panic!("not a floating-point number"),
        },
    }
}
