//! Whose models the names in a file stand for. Several servers can use the same names.

use std::ops::Range;

use aho_corasick::AhoCorasick;

use super::blocks;
use crate::table_arguments::Selection;

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

/// Prefixes that select Model Studio in front of a model ID, as in `dashscope/qwen-plus`.
const MODEL_STUDIO_PREFIXES: &[&str] = &["dashscope", "bailian", "modelstudio", "tongyi"];

/// Decides whose models the names in a text stand for.
pub(super) enum Provider {
    /// The tables are those of Model Studio, and the words by which a file names a server count.
    Named(AhoCorasick),
    /// The tables are those of Model Studio, which all files use.
    ModelStudio,
    /// The table is a user's own.
    Own,
}

impl Provider {
    pub(super) fn new(selection: &Selection) -> Self {
        match selection {
            Selection::AllRegions => {
                let words = MODEL_STUDIO.split(", ").chain(OTHER_SERVERS.split(", "));
                let mut builder = AhoCorasick::builder();
                let words = builder.ascii_case_insensitive(true).build(words);
                Self::Named(words.expect("the words are short"))
            }
            Selection::Region(_) => Self::ModelStudio,
            Selection::Own(..) => Self::Own,
        }
    }

    /// Returns the prefixes that select the provider in front of a model ID. The provider of a user's own
    /// table is not known, so its model IDs are those of the table, which can contain a prefix.
    pub(super) const fn prefixes(&self) -> &'static [&'static str] {
        match self {
            Self::Named(_) | Self::ModelStudio => MODEL_STUDIO_PREFIXES,
            Self::Own => &[],
        }
    }

    pub(super) fn servers<'a>(&self, text: &'a [u8]) -> Servers<'a> {
        match self {
            Self::Named(words) => Servers::Named(ServerWords::find(words, text)),
            Self::ModelStudio => Servers::ModelStudio,
            Self::Own => Servers::Own,
        }
    }
}

/// The servers that a text uses.
pub(super) enum Servers<'a> {
    Named(ServerWords<'a>),
    ModelStudio,
    Own,
}

impl Servers<'_> {
    /// Returns `true` if a name at a position stands for a model of the tables.
    pub(super) fn is_own_model(&self, name: &str, at: usize, is_place: bool) -> bool {
        match self {
            Self::Named(words) => words.name_model_studio(name, at, is_place),
            Self::ModelStudio => true,
            // In other places, names such as `o1` and `command` can stand for anything.
            Self::Own => is_place || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        }
    }

    /// Returns `true` if a name that is one typo away from `known` counts as a misspelling of it, where a
    /// model is named. Other vendors have further models with similar names.
    pub(super) fn can_be_misspelled(&self, known: &str, at: usize) -> bool {
        match self {
            Self::Named(_) | Self::ModelStudio => {
                !matches!(owner(known), Owner::OtherVendor) && self.is_own_model(known, at, true)
            }
            Self::Own => true,
        }
    }
}

/// The words by which a text names servers.
pub(super) struct ServerWords<'a> {
    text: &'a [u8],
    /// The positions of the words, and whether each one stands for Model Studio. There is only one if
    /// all stand for the same.
    words: Vec<(usize, bool)>,
}

impl<'a> ServerWords<'a> {
    fn find(words: &AhoCorasick, text: &'a [u8]) -> Self {
        let own_words = MODEL_STUDIO.split(", ").count();
        let words = words.find_iter(text);
        let words = words.map(|found| (found.start(), found.pattern().as_usize() < own_words));
        let mut words: Vec<_> = words.collect();
        if !words.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            words.truncate(1);
        }
        Self { text, words }
    }

    /// Returns `true` if a name at a position stands for a model of Model Studio.
    fn name_model_studio(&self, name: &str, at: usize, is_place: bool) -> bool {
        let owner = owner(name);
        if matches!(owner, Owner::ModelStudio) {
            return true;
        }
        let near = self.near(at..at + name.len());
        match owner {
            Owner::OpenWeights if is_place => near.own || !near.other,
            _ => near.own && !near.other,
        }
    }

    /// Returns what the words in the smallest block around a name that has any stand for, or all words.
    /// A word in the name itself, such as `siliconflow/deepseek-r1`, does not count.
    fn near(&self, name: Range<usize>) -> Near {
        let stand_for = |words: &[(usize, bool)]| {
            let mut near = Near::default();
            for (_, is_own) in words.iter().filter(|(at, _)| !name.contains(at)) {
                near.own |= is_own;
                near.other |= !is_own;
            }
            near
        };
        if self.words.len() < 2 {
            return stand_for(&self.words);
        }
        let mut blocks = blocks::around(self.text, name.start).into_iter();
        let near = blocks.find_map(|block| {
            let first = self.words.partition_point(|(at, _)| *at < block.start);
            let last = self.words.partition_point(|(at, _)| *at < block.end);
            let near = stand_for(&self.words[first..last]);
            (near.own || near.other).then_some(near)
        });
        near.unwrap_or_else(|| stand_for(&self.words))
    }
}

/// What the words around a name stand for.
#[derive(Clone, Copy, Default)]
struct Near {
    /// Model Studio.
    own: bool,
    /// Another server.
    other: bool,
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

#[cfg(test)]
mod tests {
    use super::Provider;
    use crate::table_arguments::Selection;

    #[test]
    fn a_word_in_the_name_itself_does_not_count() {
        let provider = Provider::new(&Selection::AllRegions);
        for (text, name, expected) in [
            (
                "dashscope: siliconflow/deepseek-r1",
                "siliconflow/deepseek-r1",
                true,
            ),
            ("siliconflow/deepseek-r1", "siliconflow/deepseek-r1", false),
            ("dashscope: siliconflow deepseek-r1", "deepseek-r1", false),
            (
                "dashscope:\n\n  a: siliconflow/deepseek-r1\n",
                "siliconflow/deepseek-r1",
                true,
            ),
        ] {
            let at = text.find(name).unwrap();
            let found = provider
                .servers(text.as_bytes())
                .is_own_model(name, at, true);
            assert_eq!(found, expected, "{text}");
        }
    }
}
