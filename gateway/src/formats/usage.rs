//! The tokens that a call used.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Format;

/// The tokens that a call used, as the provider reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The tokens that the model read. Those of a cache are included.
    pub(crate) input: u64,
    /// The tokens that the model wrote. Thoughts are included.
    pub(crate) output: u64,
}

impl Usage {
    /// Returns the number of tokens.
    pub(crate) const fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Returns `true` if the call can have used that many tokens. `most` is the highest number of
    /// tokens that a call of the model can use.
    pub(crate) const fn is_plausible(self, most: u64) -> bool {
        self.total() <= most
    }
}

/// Returns the usage in the JSON body of a response. Returns `None` if there is none, or if a number
/// in it is not a whole number from 0 to `u64::MAX`.
pub(crate) fn usage_of_body(format: Format, body: &[u8]) -> Option<Usage> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        usage: &'a RawValue,
    }
    let body: Body<'_> = serde_json::from_slice(body).ok()?;
    Counts::parse(body.usage)?.usage(format)
}

/// The counts in an object of usage, under the names of all formats.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_field_names,
    reason = "these are the names in the formats"
)]
pub(super) struct Counts {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

impl Counts {
    /// Returns the counts in an object, or `None` if one of them is not a whole number.
    pub(super) fn parse(object: &RawValue) -> Option<Self> {
        // A list would be read as the counts in the order of the declaration.
        let is_object = object.get().starts_with('{');
        serde_json::from_str(object.get())
            .ok()
            .filter(|_| is_object)
    }

    /// Returns the counts after a later event of the same stream, which has the counts so far or some
    /// of them. A server may write 0 for a count that it does not report in this event.
    pub(super) fn merged(self, later: Self) -> Self {
        Self {
            prompt_tokens: self.prompt_tokens.max(later.prompt_tokens),
            completion_tokens: self.completion_tokens.max(later.completion_tokens),
            input_tokens: self.input_tokens.max(later.input_tokens),
            output_tokens: self.output_tokens.max(later.output_tokens),
            cache_creation_input_tokens: self
                .cache_creation_input_tokens
                .max(later.cache_creation_input_tokens),
            cache_read_input_tokens: self
                .cache_read_input_tokens
                .max(later.cache_read_input_tokens),
            total_tokens: self.total_tokens.max(later.total_tokens),
        }
    }

    /// Returns the usage, or `None` if a count is missing that the others do not give.
    pub(super) fn usage(self, format: Format) -> Option<Usage> {
        let (input, output) = match format {
            Format::ChatCompletions | Format::Completions | Format::Embeddings => {
                (self.prompt_tokens, self.completion_tokens)
            }
            Format::Responses | Format::DashScope => (self.input_tokens, self.output_tokens),
            Format::Messages => (self.input_with_cache(), self.output_tokens),
        };
        match (input, output, self.total_tokens) {
            (Some(input), Some(output), _) => Some(Usage { input, output }),
            (Some(input), None, Some(total)) => Some(Usage {
                input,
                output: total.checked_sub(input)?,
            }),
            (None, Some(output), Some(total)) => Some(Usage {
                input: total.checked_sub(output)?,
                output,
            }),
            // Embeddings and rankings have no output.
            (None, None, Some(total)) => Some(Usage {
                input: total,
                output: 0,
            }),
            (Some(input), None, None)
                if matches!(format, Format::Embeddings | Format::DashScope) =>
            {
                Some(Usage { input, output: 0 })
            }
            _ => None,
        }
    }

    /// Returns the input in Anthropic's format, where `input_tokens` leaves out those of the cache.
    fn input_with_cache(self) -> Option<u64> {
        self.input_tokens?
            .checked_add(self.cache_creation_input_tokens.unwrap_or(0))?
            .checked_add(self.cache_read_input_tokens.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests;
