//! The properties of models: what the tables declare, and the values of a model.

use std::collections::BTreeMap;
use std::fmt;

/// The properties, in the order of the tables. All tables declare all of them, so a program that is
/// compiled for one region also compiles for the others.
///
/// The rules name properties by their variants, which have the same order.
pub(crate) const DECLARATIONS: &[Declaration] = &[
    Declaration {
        property: Property::ContextWindow,
        name: "context_window",
        column: "context_window",
        kind: PropertyKind::Tokens,
        description: "Maximum length of input and output together",
    },
    Declaration {
        property: Property::MaxInput,
        name: "max_input",
        column: "max_input",
        kind: PropertyKind::Tokens,
        description: "Maximum length of the input; without thinking if max_input_thinking is also set",
    },
    Declaration {
        property: Property::MaxOutput,
        name: "max_output",
        column: "max_output",
        kind: PropertyKind::Tokens,
        description: "Maximum length of the output; without thinking if max_output_thinking is also set",
    },
    Declaration {
        property: Property::MaxInputThinking,
        name: "max_input_thinking",
        column: "max_input_thinking",
        kind: PropertyKind::Tokens,
        description: "Maximum length of the input with thinking",
    },
    Declaration {
        property: Property::MaxOutputThinking,
        name: "max_output_thinking",
        column: "max_output_thinking",
        kind: PropertyKind::Tokens,
        description: "Maximum length of the output with thinking",
    },
    Declaration {
        property: Property::MaxReasoning,
        name: "max_reasoning",
        column: "max_reasoning",
        kind: PropertyKind::Tokens,
        description: "Maximum length of the reasoning, which can exceed max_output_thinking",
    },
    Declaration {
        property: Property::Input,
        name: "input",
        column: "input_modalities",
        kind: PropertyKind::Choices(MODALITIES, "Modality"),
        description: "What the input can contain",
    },
    Declaration {
        property: Property::Output,
        name: "output",
        column: "output_modalities",
        kind: PropertyKind::Choices(MODALITIES, "Modality"),
        description: "What the output can contain",
    },
    Declaration {
        property: Property::Thinking,
        name: "thinking",
        column: "thinking",
        kind: PropertyKind::Choice(&["none", "always", "switchable"]),
        description: "Whether the model reasons before it answers: never, always, or as each request chooses",
    },
];

/// The kinds of input and output.
pub(crate) const MODALITIES: &[&str] = &[
    "text", "image", "audio", "video", "document", "file", "link", "3d",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Property {
    ContextWindow,
    MaxInput,
    MaxOutput,
    MaxInputThinking,
    MaxOutputThinking,
    MaxReasoning,
    Input,
    Output,
    Thinking,
}

/// What the tables declare about a property.
pub(crate) struct Declaration {
    pub(crate) property: Property,
    /// The key in the tables.
    pub(crate) name: &'static str,
    /// The column in the data.
    pub(crate) column: &'static str,
    pub(crate) kind: PropertyKind,
    pub(crate) description: &'static str,
}

/// The type of a property.
#[derive(Clone, Copy)]
pub(crate) enum PropertyKind {
    /// A number of tokens.
    Tokens,
    /// One of these values.
    Choice(&'static [&'static str]),
    /// Several of the values, of which the generator makes an enum of this name.
    Choices(&'static [&'static str], &'static str),
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Tokens(u64),
    Choice(&'static str),
    /// In the order of the property's values.
    Choices(Vec<&'static str>),
}

/// The properties of a model.
pub(crate) type Properties = BTreeMap<Property, Value>;

impl Property {
    /// Limits that apply if the model thinks.
    pub(crate) const WITH_THINKING: [Self; 3] = [
        Self::MaxInputThinking,
        Self::MaxOutputThinking,
        Self::MaxReasoning,
    ];

    /// Returns the key in the tables.
    pub(crate) fn name(self) -> &'static str {
        DECLARATIONS[self as usize].name
    }

    /// Returns the column in the data.
    pub(crate) fn column(self) -> &'static str {
        DECLARATIONS[self as usize].column
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tokens(tokens) => write!(f, "{tokens}"),
            Self::Choice(choice) => f.write_str(choice),
            Self::Choices(choices) => f.write_str(&choices.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_in_the_order_of_the_variants() {
        for (index, declaration) in DECLARATIONS.iter().enumerate() {
            assert_eq!(declaration.property as usize, index);
        }
    }
}
