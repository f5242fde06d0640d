//! Which servers a file uses, by the words in it.

use aho_corasick::AhoCorasick;

/// The words by which a file names Model Studio.
const MODEL_STUDIO: &str =
    "dashscope, aliyun, alibabacloud, bailian, model studio, model-studio, modelstudio, tongyi";

/// The words by which a file names another place that serves models with open weights. Ordinary words,
/// such as "together", are not among them.
const OTHER_SERVERS: &str = "api.moonshot, bedrock, bigmodel.cn, cerebras, deepinfra, deepseek.com, \
    fireworks.ai, fireworks_ai, groq, huggingface, llama.cpp, llama_cpp, lmstudio, novita.ai, nvidia, \
    ollama, openrouter, replicate.com, sambanova, sglang, siliconflow, together.ai, together.xyz, \
    together_ai, vertex_ai, vertexai, vllm, xinference";

/// The beginnings of the names of Model Studio's own models.
const OWN_MODELS: &str = "qwen, qwq, qvq, wan2, wanx, text-embedding-v, cosyvoice, paraformer, \
    fun-asr, gte-rerank, multimodal-embedding-v, tongyi";

/// Finds the words by which a file names a server.
pub(super) struct ServerWords(AhoCorasick);

impl ServerWords {
    pub(super) fn new() -> Self {
        let words = MODEL_STUDIO.split(", ").chain(OTHER_SERVERS.split(", "));
        let mut builder = AhoCorasick::builder();
        let words = builder.ascii_case_insensitive(true).build(words);
        Self(words.expect("the words are short"))
    }

    pub(super) fn find_in(&self, text: &[u8]) -> Servers {
        let own_words = MODEL_STUDIO.split(", ").count();
        let mut servers = Servers::default();
        for found in self.0.find_iter(text) {
            let is_own = found.pattern().as_usize() < own_words;
            servers.own |= is_own;
            servers.other |= !is_own;
        }
        servers
    }
}

/// Which servers a file names.
#[derive(Clone, Copy, Default)]
pub(super) struct Servers {
    own: bool,
    other: bool,
}

impl Servers {
    /// Only Model Studio.
    pub(super) const MODEL_STUDIO: Self = Self {
        own: true,
        other: false,
    };

    /// Returns `true` if a name stands for a model of Model Studio.
    pub(super) fn is_model_studio(self, name: &str, is_place: bool) -> bool {
        let only_own = self.own && !self.other;
        match owner(name) {
            Owner::ModelStudio => true,
            Owner::OpenWeights => only_own || (is_place && (self.own || !self.other)),
            Owner::OtherVendor => only_own,
        }
    }

    /// Returns `true` if a name that is one typo away from `known` should be `known`. Other vendors
    /// have models of their own with similar names.
    pub(super) fn can_be_misspelled(self, known: &str) -> bool {
        !matches!(owner(known), Owner::OtherVendor) && self.is_model_studio(known, true)
    }
}

/// Who serves models with a name.
enum Owner {
    ModelStudio,
    /// Any server can have the model. Its size is part of its name.
    OpenWeights,
    /// The vendor of the model serves it too, or the name can be an ordinary word.
    OtherVendor,
}

fn owner(name: &str) -> Owner {
    let is_size = |part: &str| {
        let size = part.strip_suffix('b').unwrap_or_default();
        size.starts_with(|first: char| first.is_ascii_digit())
    };
    if !OWN_MODELS.split(", ").any(|start| name.starts_with(start)) {
        Owner::OtherVendor
    } else if name.split('-').any(is_size) {
        Owner::OpenWeights
    } else {
        Owner::ModelStudio
    }
}
