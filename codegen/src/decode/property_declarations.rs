//! Decodes the declarations of properties.

use super::property_values::value;
use super::scalars;
use crate::diagnostic::Diagnostic;
use crate::identifier;
use crate::property::{Choice, Choices, Presence, Property, PropertyKind};
use crate::text::one_line;
use crate::yaml::{Entry, Fields, Node, Reader};

/// The keys of a declaration.
const KEYS: [&str; 7] = [
    "type",
    "description",
    "unit",
    "values",
    "enum",
    "required",
    "default",
];

/// The names of the types.
const TYPES: [&str; 7] = [
    "integer", "number", "boolean", "text", "date", "choice", "choices",
];

/// Decodes the properties that a table declares. Returns `None` if one of them is invalid, because
/// values could then be reported that are correct.
pub(super) fn decode(reader: &mut Reader, node: &Node, what: &str) -> Option<Vec<Property>> {
    let entries = reader.mapping(node, what)?;
    if entries.is_empty() {
        return reader.fail(Diagnostic::new(node.location, format!("{what} is empty")));
    }
    let errors = reader.errors.len();
    let mut properties = Vec::<Property>::new();
    for entry in entries {
        if let Some(property) = declaration(reader, entry) {
            check_enum(reader, &properties, &property);
            properties.push(property);
        }
    }
    (reader.errors.len() == errors).then_some(properties)
}

/// Returns `true` for a key of a declaration.
pub(crate) fn is_declaration_key(key: &str) -> bool {
    KEYS.contains(&key)
}

fn declaration(reader: &mut Reader, entry: &Entry) -> Option<Property> {
    let name = entry.key.as_str();
    let is_snake_case =
        !name.starts_with("__") && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    if !is_snake_case || !identifier::is_valid(name) {
        let message = format!("`{name}` is not a valid name of a property");
        let error = Diagnostic::new(entry.location, message);
        reader.error(error.help(
            "use lower-case ASCII letters, digits and `_`; a name cannot begin with a digit or `__`, or be \
             a keyword",
        ));
    } else if identifier::is_method(name) {
        let message = format!("the property `{name}` has the name of a method that every enum has");
        reader.error(Diagnostic::new(entry.location, message).help("choose another name"));
    }
    let fields = reader.fields(&entry.value, &format!("the property `{name}`"), &KEYS)?;
    let kind = reader.required(&fields, "type", |reader, node, what| {
        let text = reader.string(node, what)?;
        let is_known = TYPES.contains(&text);
        if !is_known {
            reader.unknown("type", text, node.location, &TYPES);
        }
        is_known.then_some(text)
    })?;
    let is_choice = matches!(kind, "choice" | "choices");
    let is_number = matches!(kind, "integer" | "number");
    reject(reader, &fields, "unit", is_number, "`integer` and `number`");
    reject(
        reader,
        &fields,
        "values",
        is_choice,
        "`choice` and `choices`",
    );
    reject(reader, &fields, "enum", is_choice, "`choice` and `choices`");
    let mut choices = || decode_choices(reader, &fields, name);
    let kind = match kind {
        "integer" => PropertyKind::Integer,
        "number" => PropertyKind::Number,
        "boolean" => PropertyKind::Boolean,
        "text" => PropertyKind::Text,
        "date" => PropertyKind::Date,
        "choice" => PropertyKind::Choice(choices()?),
        _ => PropertyKind::Choices(choices()?),
    };
    Some(Property {
        description: reader.optional(&fields, "description", scalars::line),
        unit: reader.optional(&fields, "unit", scalars::line),
        presence: decode_presence(reader, &fields, &kind),
        name: name.to_owned(),
        location: entry.location,
        kind,
    })
}

/// Adds an error for a key that the type of the property does not have.
fn reject(reader: &mut Reader, fields: &Fields<'_>, key: &str, is_allowed: bool, types: &str) {
    if let Some(node) = fields.get(key).filter(|_| !is_allowed) {
        let message = format!("only properties of the types {types} have the key `{key}`");
        let help = format!("remove `{key}`");
        reader.error(Diagnostic::new(node.location, message).help(help));
    }
}

fn decode_presence(reader: &mut Reader, fields: &Fields<'_>, kind: &PropertyKind) -> Presence {
    let is_required = reader.optional(fields, "required", Reader::boolean) == Some(true);
    match fields.get("default") {
        Some(node) if is_required => {
            let message = "a required property cannot have a default";
            let error = Diagnostic::new(node.location, message);
            reader.error(error.help("remove `required` or `default`"));
            Presence::Required
        }
        Some(node) => {
            let default = value(reader, kind, node, "`default`");
            default.map_or(Presence::Optional, Presence::Default)
        }
        None if is_required => Presence::Required,
        None => Presence::Optional,
    }
}

fn decode_choices(reader: &mut Reader, fields: &Fields<'_>, property: &str) -> Option<Choices> {
    let enum_name = reader.optional(fields, "enum", |reader, node, what| {
        let name = reader.string(node, what)?;
        if name.starts_with(|c: char| c.is_ascii_uppercase()) && identifier::is_valid(name) {
            return Some(name.to_owned());
        }
        let error = Diagnostic::new(node.location, format!("`{name}` is not a valid enum name"));
        reader.fail(error.help(
            "use an identifier of ASCII letters, digits and `_` that begins with a capital letter",
        ))
    });
    let values = reader.required(fields, "values", Reader::items)?;
    let mut choices = Choices {
        enum_name: enum_name.or_else(|| identifier::variant(property))?,
        values: Vec::new(),
    };
    for node in values {
        let value = decode_choice(reader, &choices, node);
        choices.values.extend(value);
    }
    Some(choices)
}

/// Decodes a value that a choice can have.
fn decode_choice(reader: &mut Reader, choices: &Choices, node: &Node) -> Option<Choice> {
    let name = reader.string(node, "an item of `values`")?;
    let problem = match identifier::variant(name) {
        None => "contains no ASCII letters or digits".to_owned(),
        Some(_) if name != one_line(name) => {
            "contains repeated spaces, a line break or an invisible character".to_owned()
        }
        Some(identifier) if identifier::is_choice_item(&identifier) => {
            format!("would have the identifier `{identifier}`, which is reserved")
        }
        Some(identifier) => {
            let mut earlier = choices.values.iter();
            match earlier.find(|choice| choice.identifier == identifier) {
                Some(earlier) if earlier.name == name => "is listed twice".to_owned(),
                Some(earlier) => format!(
                    "has the same identifier `{identifier}` as `{}`",
                    earlier.name
                ),
                None => {
                    let name = name.to_owned();
                    return Some(Choice { name, identifier });
                }
            }
        }
    };
    reader.fail(Diagnostic::new(
        node.location,
        format!("the value `{name}` {problem}"),
    ))
}

/// Checks that an enum that several properties share has the same values in each.
fn check_enum(reader: &mut Reader, earlier: &[Property], property: &Property) {
    let Some(choices) = property.choices() else {
        return;
    };
    let mut others = earlier
        .iter()
        .filter_map(|other| Some((other, other.choices()?)));
    let same = others.find(|(_, other)| other.enum_name == choices.enum_name);
    if let Some((other, _)) = same.filter(|(_, other)| other.values != choices.values) {
        let message = format!(
            "the properties `{}` and `{}` have the same enum `{}`, but different values",
            property.name, other.name, choices.enum_name
        );
        let help = "list the same values, or choose another name, as in `enum: OtherName`";
        reader.error(Diagnostic::new(property.location, message).help(help));
    }
}
