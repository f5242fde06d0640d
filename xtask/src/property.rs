//! The properties of models: what the tables declare, and the values of a model.

use std::collections::BTreeMap;
use std::fmt;

/// The kinds of input and output.
const MODALITIES: &[&str] = &[
    "text", "image", "audio", "video", "document", "file", "link", "3d",
];

const THINKING: &[&str] = &["none", "always", "switchable"];

/// A property, in the order of the tables.
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
    /// All properties, which are the same in every table. A program that is compiled for one region
    /// therefore also compiles for the others.
    pub(crate) const ALL: [Self; 9] = [
        Self::ContextWindow,
        Self::MaxInput,
        Self::MaxOutput,
        Self::MaxInputThinking,
        Self::MaxOutputThinking,
        Self::MaxReasoning,
        Self::Input,
        Self::Output,
        Self::Thinking,
    ];

    /// Limits that apply if the model thinks.
    pub(crate) const WITH_THINKING: [Self; 3] = [
        Self::MaxInputThinking,
        Self::MaxOutputThinking,
        Self::MaxReasoning,
    ];

    /// Returns the key in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ContextWindow => "context_window",
            Self::MaxInput => "max_input",
            Self::MaxOutput => "max_output",
            Self::MaxInputThinking => "max_input_thinking",
            Self::MaxOutputThinking => "max_output_thinking",
            Self::MaxReasoning => "max_reasoning",
            Self::Input => "input",
            Self::Output => "output",
            Self::Thinking => "thinking",
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::ContextWindow => "Maximum length of input and output together",
            Self::MaxInput => {
                "Maximum length of the input; without thinking if max_input_thinking is also set"
            }
            Self::MaxOutput => {
                "Maximum length of the output; without thinking if max_output_thinking is also set"
            }
            Self::MaxInputThinking => "Maximum length of the input with thinking",
            Self::MaxOutputThinking => "Maximum length of the output with thinking",
            Self::MaxReasoning => {
                "Maximum length of the reasoning, which can exceed max_output_thinking"
            }
            Self::Input => "What the input can contain",
            Self::Output => "What the output can contain",
            Self::Thinking => {
                "Whether the model reasons before it answers: never, always, or as each request chooses"
            }
        }
    }

    pub(crate) fn kind(self) -> PropertyKind {
        match self {
            Self::Input | Self::Output => PropertyKind::Choices(MODALITIES, "Modality"),
            Self::Thinking => PropertyKind::Choice(THINKING),
            _ => PropertyKind::Tokens,
        }
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
