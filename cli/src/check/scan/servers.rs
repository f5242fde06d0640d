//! Which servers a file uses, by the words in it.

use aho_corasick::AhoCorasick;

use super::blocks;

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

    pub(super) fn find_in<'a>(&self, text: &'a [u8]) -> Servers<'a> {
        let own_words = MODEL_STUDIO.split(", ").count();
        let words = self.0.find_iter(text);
        let words = words.map(|found| (found.start(), found.pattern().as_usize() < own_words));
        let mut words: Vec<_> = words.collect();
        if !words.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            words.truncate(1);
        }
        Servers { text, words }
    }
}

/// The servers that a file names.
pub(super) struct Servers<'a> {
    text: &'a [u8],
    /// The positions of the words, and whether each one stands for Model Studio. There is only one if
    /// all stand for the same.
    words: Vec<(usize, bool)>,
}

impl<'a> Servers<'a> {
    /// Returns the servers of a file that uses Model Studio only.
    pub(super) fn only_model_studio(text: &'a [u8]) -> Self {
        let words = vec![(0, true)];
        Self { text, words }
    }

    /// Returns `true` if a name at a position stands for a model of Model Studio.
    pub(super) fn is_model_studio(&self, name: &str, at: usize, is_place: bool) -> bool {
        let owner = owner(name);
        if matches!(owner, Owner::ModelStudio) {
            return true;
        }
        let words = self.words_near(at);
        let own = words.iter().any(|(_, is_own)| *is_own);
        let other = words.iter().any(|(_, is_own)| !is_own);
        match owner {
            Owner::OpenWeights if is_place => own || !other,
            _ => own && !other,
        }
    }

    /// Returns `true` if a name that is one typo away from `known` counts as a misspelling of it. Other
    /// vendors have further models with similar names.
    pub(super) fn can_be_misspelled(&self, known: &str, at: usize) -> bool {
        !matches!(owner(known), Owner::OtherVendor) && self.is_model_studio(known, at, true)
    }

    /// Returns the words in the smallest block around a position that has any, or all words.
    fn words_near(&self, at: usize) -> &[(usize, bool)] {
        if self.words.len() < 2 {
            return &self.words;
        }
        let words = blocks::around(self.text, at).into_iter().map(|block| {
            let first = self.words.partition_point(|(at, _)| *at < block.start);
            let last = self.words.partition_point(|(at, _)| *at < block.end);
            &self.words[first..last]
        });
        let mut words = words.filter(|words| !words.is_empty());
        words.next().unwrap_or(&self.words)
    }
}

/// Who serves the models with a given name.
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
