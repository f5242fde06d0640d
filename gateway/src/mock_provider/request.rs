//! What the mock provider reads of a request.

use std::borrow::Cow;

use http::{HeaderMap, Method};
use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A call of a model.
    Call(Format),
    /// The state of an asynchronous task.
    Task(String),
    /// The list of models.
    Models,
    /// What was counted.
    Counts,
}

/// The format of a call and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Chat,
    Completion,
    Embedding,
    Response,
    Message,
    /// The provider's own format.
    Generation,
    /// The provider's own format, for models that take images.
    MultimodalGeneration,
    /// The provider's own format.
    NativeEmbedding,
    /// The submission of an asynchronous task.
    Submission,
}

impl Format {
    /// Returns whether errors have the provider's own format.
    pub(super) const fn is_native(self) -> bool {
        matches!(
            self,
            Self::Generation
                | Self::MultimodalGeneration
                | Self::NativeEmbedding
                | Self::Submission
        )
    }
}

/// The ends of the paths of `OpenAI`'s and Anthropic's formats. What precedes them depends on the base
/// URL, such as `/compatible-mode`.
const PATHS: [(&str, Format); 5] = [
    ("/v1/chat/completions", Format::Chat),
    ("/v1/completions", Format::Completion),
    ("/v1/embeddings", Format::Embedding),
    ("/v1/responses", Format::Response),
    ("/v1/messages", Format::Message),
];

/// Returns what a request asks for, or `None` if the mock provider does not know the path.
pub(super) fn route(method: &Method, path: &str, headers: &HeaderMap) -> Option<Route> {
    if method == Method::GET {
        return match path {
            "/mock/counts" => Some(Route::Counts),
            _ if path.ends_with("/v1/models") => Some(Route::Models),
            _ => {
                let task = path.strip_prefix("/api/v1/tasks/")?;
                Some(Route::Task(task.to_owned()))
            }
        };
    }
    let format = if let Some(service) = path.strip_prefix("/api/v1/services/") {
        if is_enabled(headers, "x-dashscope-async") {
            Format::Submission
        } else if service.starts_with("embeddings/") {
            Format::NativeEmbedding
        } else if service.starts_with("aigc/multimodal-generation/") {
            Format::MultimodalGeneration
        } else {
            Format::Generation
        }
    } else {
        PATHS.iter().find(|(end, _)| path.ends_with(end))?.1
    };
    (method == Method::POST).then_some(Route::Call(format))
}

/// Returns whether a header field of the provider has the value `enable`.
pub(super) fn is_enabled(headers: &HeaderMap, name: &str) -> bool {
    headers.get(name).is_some_and(|value| value == "enable")
}

/// The fields of a call's body that affect the answer.
#[derive(Debug, Deserialize)]
pub(super) struct Call<'a> {
    #[serde(borrow)]
    pub(super) model: Cow<'a, str>,
    #[serde(default)]
    pub(super) stream: bool,
    #[serde(default)]
    pub(super) stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(default)]
    max_output_tokens: Option<u64>,
    #[serde(default, borrow)]
    tools: Option<Vec<Tool<'a>>>,
    #[serde(default, borrow)]
    messages: Option<&'a RawValue>,
    #[serde(default, borrow)]
    system: Option<&'a RawValue>,
    #[serde(default, borrow)]
    prompt: Option<&'a RawValue>,
    /// The texts of embeddings, or what the provider's own format encloses.
    #[serde(default, borrow)]
    input: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) dimensions: Option<usize>,
    #[serde(default, borrow)]
    encoding_format: Option<Cow<'a, str>>,
    /// The settings of the provider's own format.
    #[serde(default, borrow)]
    parameters: Option<Parameters<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct StreamOptions {
    #[serde(default)]
    pub(super) include_usage: bool,
}

#[derive(Debug, Default, Deserialize)]
struct Parameters<'a> {
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    incremental_output: bool,
    #[serde(default, borrow)]
    result_format: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    tools: Option<Vec<Tool<'a>>>,
    #[serde(default)]
    dimension: Option<usize>,
}

/// A tool, whose name is in a function or, in Anthropic's and the Responses format, beside the type.
#[derive(Debug, Deserialize)]
struct Tool<'a> {
    #[serde(default, borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    function: Option<Function<'a>>,
}

#[derive(Debug, Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl Call<'_> {
    /// Returns the input tokens: one for four bytes of the messages or what corresponds to them,
    /// without data in Base64.
    pub(super) fn input_tokens(&self) -> u64 {
        let inputs = [self.messages, self.system, self.prompt, self.input];
        let bytes = inputs.into_iter().flatten().map(|it| text_bytes(it.get()));
        (bytes.sum::<usize>() as u64).div_ceil(4)
    }

    /// Returns the most output tokens that the call allows.
    pub(super) fn max_output(&self) -> u64 {
        let limits = [
            self.max_tokens,
            self.max_completion_tokens,
            self.max_output_tokens,
            self.parameters.as_ref().and_then(|it| it.max_tokens),
        ];
        limits.into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    /// Returns the name of the tool that the model calls: the first one.
    pub(super) fn tool(&self) -> Option<&str> {
        let native = self.parameters.as_ref().and_then(|it| it.tools.as_ref());
        let tool = self.tools.as_ref().or(native)?.first()?;
        let function = tool.function.as_ref().map(|function| &function.name);
        Some(function.or(tool.name.as_ref())?)
    }

    /// Returns whether each event has only the text since the one before.
    pub(super) fn is_incremental(&self) -> bool {
        self.parameters
            .as_ref()
            .is_some_and(|it| it.incremental_output)
    }

    /// Returns whether the answer is a message, rather than a text.
    pub(super) fn wants_message(&self) -> bool {
        let parameters = self.parameters.as_ref();
        let format = parameters.and_then(|it| it.result_format.as_deref());
        format == Some("message")
    }

    /// Returns the number of texts to embed.
    pub(super) fn texts(&self) -> usize {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Input {
            List(Vec<IgnoredAny>),
            Native { texts: Vec<IgnoredAny> },
        }
        let input = self.input.map(RawValue::get).unwrap_or_default();
        match serde_json::from_str(input) {
            Ok(Input::List(texts) | Input::Native { texts }) => texts.len(),
            Err(_) => 1,
        }
    }

    /// Returns the length of the vectors to return.
    pub(super) fn dimensions(&self) -> usize {
        /// The default of `text-embedding-v4`, and of `text-embedding-v3`.
        const DEFAULT: usize = 1_024;
        /// No model of the provider returns longer vectors.
        const MAX: usize = 4_096;
        let native = self.parameters.as_ref().and_then(|it| it.dimension);
        self.dimensions.or(native).unwrap_or(DEFAULT).min(MAX)
    }

    /// Returns whether vectors are sent in Base64.
    pub(super) fn wants_base64(&self) -> bool {
        self.encoding_format.as_deref() == Some("base64")
    }
}

/// Returns whether the messages contain the result of a tool.
pub(super) fn has_tool_result(body: &[u8]) -> bool {
    let marks = [
        "\"tool_call_id\"",
        "\"tool_result\"",
        "\"function_call_output\"",
    ];
    marks
        .iter()
        .any(|mark| memmem::find(body, mark.as_bytes()).is_some())
}

/// Returns the number of output tokens that a prompt asks for, with `[output_tokens=200]`.
pub(super) fn requested_output(body: &[u8]) -> Option<u64> {
    const MARK: &[u8] = b"[output_tokens=";
    let start = memmem::find(body, MARK)? + MARK.len();
    let end = start + memchr::memchr(b']', &body[start..])?;
    std::str::from_utf8(&body[start..end]).ok()?.parse().ok()
}

/// Returns the length of a JSON value without data in Base64.
fn text_bytes(json: &str) -> usize {
    let data = |start: usize| memchr::memchr(b'"', &json.as_bytes()[start..]).unwrap_or(0);
    let starts = memmem::find_iter(json.as_bytes(), ";base64,");
    json.len() - starts.map(data).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::{Call, requested_output};

    #[test]
    fn images_are_not_text() {
        let image = "A".repeat(10_000);
        let body = format!(
            r#"{{"model":"qwen-vl-max","messages":[{{"role":"user","content":[
                {{"type":"text","text":"What is this?"}},
                {{"type":"image_url","image_url":{{"url":"data:image/png;base64,{image}"}}}}
            ]}}]}}"#
        );
        let call: Call<'_> = serde_json::from_str(&body).unwrap();
        assert!((30..100).contains(&call.input_tokens()));
    }

    #[test]
    fn a_prompt_can_contain_the_length_of_the_answer() {
        assert_eq!(requested_output(b"Hello [output_tokens=200]"), Some(200));
        assert_eq!(requested_output(b"Hello [output_tokens=many]"), None);
        assert_eq!(requested_output(b"Hello"), None);
    }
}
