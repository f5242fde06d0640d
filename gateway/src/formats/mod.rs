//! What a gateway must know of the bytes of clients and of the provider: which requests are calls of a
//! model, what their bodies ask for, and what the responses say about usage and errors.
//!
//! Nothing here reads from a connection or waits.

pub(crate) mod errors;
pub(crate) mod events;
#[cfg(test)]
mod oracle;
mod payload;
pub(crate) mod request;
pub(crate) mod route;
pub(crate) mod tasks;
mod text;
pub(crate) mod usage;

/// The format of a call and of its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// `OpenAI`'s chat completions.
    ChatCompletions,
    /// `OpenAI`'s completions of a prompt.
    Completions,
    /// `OpenAI`'s embeddings.
    Embeddings,
    /// `OpenAI`'s responses.
    Responses,
    /// Anthropic's messages.
    Messages,
    /// The provider's own format, for every kind of model.
    DashScope,
}

impl Format {
    /// Returns the name of the format in metrics and logs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ChatCompletions => "chat_completions",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::DashScope => "dashscope",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn the_names_of_formats_are_those_of_metrics() {
        assert_eq!(Format::ChatCompletions.name(), "chat_completions");
        assert_eq!(Format::DashScope.name(), "dashscope");
    }
}
