//! What the body of a call asks for.

mod edit;
mod reader;

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::Format;
use edit::Edit;

/// What the body of a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallBody {
    /// The model, as the client wrote it.
    pub(crate) model: String,
    /// Whether the response is to be a stream. In the provider's own format, header fields say so:
    /// see [`asks_for_events`](super::route::asks_for_events).
    pub(crate) streams: bool,
    /// Whether a stream will report its usage without [a change](Self::edited) of the body.
    pub(crate) reports_usage: bool,
    /// The bound of the output of one answer in tokens, with the bound of the thoughts where it is
    /// separate. `None` if the body has none that can be read.
    pub(crate) max_output_tokens: Option<u64>,
    /// The number of answers, or of images.
    pub(crate) answers: u64,
    /// The number of bytes of text that the model reads, in UTF-8. Keys count if the model reads
    /// them, such as those of tools. Binary data does not count.
    pub(crate) text_bytes: u64,
    /// The number of images and other parts that are not text, as data or as a URL.
    pub(crate) binary_parts: u64,
    model_at: Range<usize>,
    usage_edit: Option<Edit>,
}

impl CallBody {
    /// Reads the body of a call.
    ///
    /// # Errors
    ///
    /// Returns an error if the body is not a JSON object with a model, if a field has the wrong type,
    /// if a field that is read here occurs twice, or if values are nested too deeply.
    ///
    /// The provider may use the first of two fields of the same name or the last, so such a body could
    /// be limited as a call of one model and answered by another.
    pub(crate) fn parse(format: Format, body: &[u8]) -> Result<Self, BodyError> {
        let error = |message: String| BodyError { message };
        let fields = reader::read(format, body).map_err(|cause| error(cause.to_string()))?;
        let (model, model_at) = fields
            .model
            .ok_or_else(|| error("missing field `model`".to_owned()))?;
        let with_thoughts = |limit: u64| limit.saturating_add(fields.thinking_budget);
        Ok(Self {
            model,
            model_at,
            streams: fields.streams,
            reports_usage: fields.usage_edit.is_none(),
            usage_edit: fields.usage_edit,
            max_output_tokens: fields.output_limit.map(with_thoughts),
            answers: fields.answers,
            text_bytes: fields.content.bytes,
            binary_parts: fields.content.parts,
        })
    }

    /// Returns the body for another model, or with the request that the stream report its usage.
    /// `body` must be the one that was parsed. All other bytes stay as they are.
    ///
    /// `ask_for_usage` changes nothing in formats whose streams always report their usage.
    pub(crate) fn edited(&self, body: &Bytes, model: Option<&str>, ask_for_usage: bool) -> Bytes {
        let model = model.map(|model| Edit {
            at: self.model_at.clone(),
            text: edit::quoted(model).into(),
        });
        let usage = self.usage_edit.clone().filter(|_| ask_for_usage);
        edit::replace(body, [model, usage])
    }
}

/// Error returned when the body of a call cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BodyError {
    message: String,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid request body: {}", self.message)
    }
}

impl std::error::Error for BodyError {}

#[cfg(test)]
mod tests;
