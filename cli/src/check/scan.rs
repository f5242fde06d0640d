//! Finds model IDs in the text of a file.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use model_studio_limits_core::AnyOf;

use super::finding::Kind;
use super::life_cycle::LifeCycles;
use super::place::{Places, is_id_byte};

/// Finds the model IDs that should be changed.
pub(crate) struct Scanner {
    life_cycles: LifeCycles,
    /// Finds the names of `life_cycles.ended`.
    ended: AhoCorasick,
    places: Places,
    servers: AhoCorasick,
    allow_line: AhoCorasick,
    all_names: bool,
}

/// A model ID in a text.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    /// The position in bytes.
    pub(crate) bytes: Range<usize>,
    pub(crate) kind: Kind,
    pub(crate) message: String,
    pub(crate) fix: Option<&'static str>,
}

/// The words by which a file names Model Studio.
const OWN_SERVER: [&str; 8] = [
    "dashscope",
    "aliyun",
    "alibabacloud",
    "bailian",
    "model studio",
    "model-studio",
    "modelstudio",
    "tongyi",
];

/// The words by which a file names another place that serves models with open weights. Ordinary words,
/// such as "together", are not among them.
const OTHER_SERVERS: [&str; 28] = [
    "openrouter",
    "groq",
    "ollama",
    "vllm",
    "sglang",
    "llama.cpp",
    "llama_cpp",
    "lmstudio",
    "xinference",
    "together.ai",
    "together.xyz",
    "together_ai",
    "fireworks.ai",
    "fireworks_ai",
    "deepinfra",
    "huggingface",
    "sambanova",
    "cerebras",
    "nvidia",
    "siliconflow",
    "novita.ai",
    "replicate.com",
    "bedrock",
    "vertexai",
    "vertex_ai",
    "api.moonshot",
    "bigmodel.cn",
    "deepseek.com",
];

/// Prefixes that select Model Studio in front of a model ID, as in `dashscope/qwen-plus`.
const OWN_PREFIXES: [&str; 4] = ["dashscope", "bailian", "modelstudio", "tongyi"];

/// The comment that suppresses the findings of its line.
const ALLOW_LINE: &str = "model-studio-limits: allow";

impl Scanner {
    /// Creates a scanner. With `all_names`, files are known to use Model Studio, so that IDs which
    /// other servers use too are reported everywhere.
    pub(crate) fn new(life_cycles: LifeCycles, all_names: bool) -> Self {
        let ended: Vec<&str> = life_cycles.ended.iter().map(|ended| ended.name).collect();
        let matcher = |builder: &mut AhoCorasickBuilder, patterns: &[&str]| {
            builder.build(patterns).expect("the patterns are short")
        };
        let mut longest = AhoCorasickBuilder::new();
        longest.match_kind(MatchKind::LeftmostLongest);
        let mut any_case = AhoCorasickBuilder::new();
        any_case.ascii_case_insensitive(true);
        let servers: Vec<&str> = OWN_SERVER.iter().chain(&OTHER_SERVERS).copied().collect();
        Self {
            ended: matcher(&mut longest, &ended),
            servers: matcher(&mut any_case, &servers),
            allow_line: matcher(&mut AhoCorasickBuilder::new(), &[ALLOW_LINE]),
            places: Places::new(),
            life_cycles,
            all_names,
        }
    }

    /// Returns the model IDs in the text that should be changed, in their order.
    pub(crate) fn scan(&self, text: &[u8]) -> Vec<Found> {
        let ended: Vec<_> = self
            .ended
            .find_iter(text)
            .filter(|found| is_whole_id(text, &found.range()))
            .map(|found| {
                let ended = &self.life_cycles.ended[found.pattern().as_usize()];
                (found.range(), ended)
            })
            .collect();
        let places = self.places.find(text);
        if ended.is_empty() && places.is_empty() {
            return Vec::new();
        }
        let places = places.into_iter();
        let place_ids: Vec<Range<usize>> = places
            .filter_map(|place| self.own_id(text, place))
            .collect();
        let servers = self.servers_named(text);

        let mut found = Vec::new();
        for (bytes, ended) in ended {
            let is_place = place_ids
                .binary_search_by_key(&bytes.start, |place| place.start)
                .is_ok();
            let has_prefix = matches!(text[..bytes.start].last(), Some(b'/' | b':'));
            if has_prefix || servers.is_model_studio(ended.name, is_place) {
                found.push(Found {
                    bytes,
                    kind: ended.kind,
                    message: ended.message.clone(),
                    fix: ended.fix,
                });
            }
        }
        for bytes in place_ids {
            let Ok(name) = std::str::from_utf8(&text[bytes.clone()]) else {
                continue;
            };
            let mut nearest = self.nearest(name);
            nearest.retain(|nearest| servers.can_be_misspelled(nearest));
            if !nearest.is_empty() {
                let nearest = AnyOf(&nearest);
                found.push(Found {
                    bytes,
                    kind: Kind::Misspelled,
                    message: format!("unknown model `{name}`, did you mean {nearest}?"),
                    fix: None,
                });
            }
        }
        if !found.is_empty() {
            let allowed = self.allowed_lines(text);
            found.retain(|found| {
                let next = allowed.partition_point(|line| line.end <= found.bytes.start);
                !allowed
                    .get(next)
                    .is_some_and(|line| line.contains(&found.bytes.start))
            });
        }
        found.sort_by_key(|found| found.bytes.start);
        found
    }

    /// Returns the part of a string that is an ID of Model Studio: after a prefix such as
    /// `dashscope/`, if there is one. Returns `None` if another prefix selects another server.
    fn own_id(&self, text: &[u8], place: Range<usize>) -> Option<Range<usize>> {
        let id = &text[place.clone()];
        let is_known = |id| self.life_cycles.known.contains(id);
        if std::str::from_utf8(id).is_ok_and(is_known) {
            return Some(place);
        }
        let Some(slash) = id.iter().position(|byte| matches!(byte, b'/' | b':')) else {
            return Some(place);
        };
        is_own_prefix(&id[..slash]).then(|| place.start + slash + 1..place.end)
    }

    /// Returns the model IDs that are a typo away from a name that is unknown.
    fn nearest(&self, name: &str) -> Vec<&'static str> {
        let known = &self.life_cycles.known;
        if known.contains(name) {
            return Vec::new();
        }
        let known = known.iter().copied();
        let mut nearest: Vec<&str> = known.filter(|known| is_typo(name, known)).collect();
        nearest.truncate(3);
        nearest
    }

    /// Returns the lines with a comment that suppresses their findings, in their order.
    fn allowed_lines(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut lines = Vec::<Range<usize>>::new();
        for comment in self.allow_line.find_iter(text) {
            if lines.last().is_none_or(|line| line.end <= comment.start()) {
                lines.push(line(text, comment.start()));
            }
        }
        lines
    }

    fn servers_named(&self, text: &[u8]) -> Servers {
        if self.all_names {
            return Servers {
                own: true,
                other: false,
            };
        }
        let mut servers = Servers::default();
        for found in self.servers.find_iter(text) {
            let is_own = found.pattern().as_usize() < OWN_SERVER.len();
            servers.own |= is_own;
            servers.other |= !is_own;
        }
        servers
    }
}

/// Which servers a file names.
#[derive(Clone, Copy, Default)]
struct Servers {
    own: bool,
    other: bool,
}

impl Servers {
    /// Returns `true` if a name stands for a model of Model Studio.
    fn is_model_studio(self, name: &str, is_place: bool) -> bool {
        let only_own = self.own && !self.other;
        match owner(name) {
            Owner::ModelStudio => true,
            Owner::OpenWeights => only_own || (is_place && (self.own || !self.other)),
            Owner::OtherVendor => only_own,
        }
    }

    /// Returns `true` if a name that is one typo away from `known` should be `known`. Other vendors
    /// have models of their own with similar names.
    fn can_be_misspelled(self, known: &str) -> bool {
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
    const OWN: [&str; 12] = [
        "qwen",
        "qwq",
        "qvq",
        "wan2",
        "wanx",
        "text-embedding-v",
        "cosyvoice",
        "paraformer",
        "fun-asr",
        "gte-rerank",
        "multimodal-embedding-v",
        "tongyi",
    ];
    let is_size = |part: &str| {
        let size = part.strip_suffix('b').unwrap_or_default();
        size.starts_with(|first: char| first.is_ascii_digit())
    };
    if !OWN.iter().any(|own| name.starts_with(own)) {
        Owner::OtherVendor
    } else if name.split('-').any(is_size) {
        Owner::OpenWeights
    } else {
        Owner::ModelStudio
    }
}

/// Returns `true` if a match is not a part of a longer name, path or identifier.
fn is_whole_id(text: &[u8], bytes: &Range<usize>) -> bool {
    let before = &text[..bytes.start];
    let mut after = text[bytes.end..].iter().copied();
    let starts = match before.split_last() {
        Some((b'/' | b':', before)) => is_own_prefix(before),
        // The default of a variable in a shell, such as `${MODEL:-qwen-plus}`.
        Some((b'-', before)) => before.ends_with(b":"),
        Some((byte, _)) => !is_id_byte(*byte),
        None => true,
    };
    let ends = match after.next() {
        // The end of a sentence, or a key of YAML.
        Some(b'.' | b':') => !after.next().is_some_and(is_id_byte),
        Some(byte) => !is_id_byte(byte),
        None => true,
    };
    starts && ends
}

fn is_own_prefix(before: &[u8]) -> bool {
    OWN_PREFIXES.iter().any(|prefix| {
        let rest = before.strip_suffix(prefix.as_bytes());
        rest.is_some_and(|rest| !rest.last().is_some_and(|byte| is_id_byte(*byte)))
    })
}

/// Returns `true` if two names differ in one inserted, missing, replaced or swapped character.
///
/// A change in a digit or beside one is no typo, since it is usually another model: `qwen4-max`,
/// `wan2.6-r2v` or `glm-4.5v`. Names that differ in case are often those of other servers. A name that
/// starts or ends with a separator is a part of something else, such as a pattern.
fn is_typo(name: &str, known: &str) -> bool {
    let (a, b) = (name.as_bytes(), known.as_bytes());
    if a.len().abs_diff(b.len()) > 1 || b.len() < 6 {
        return false;
    }
    let is_separator = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
    if is_separator(a.first()) || is_separator(a.last()) {
        return false;
    }
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let suffix = a[prefix..].iter().rev().zip(b[prefix..].iter().rev());
    let suffix = suffix.take_while(|(a, b)| a == b).count();
    let (end_a, end_b) = (a.len() - suffix, b.len() - suffix);
    let is_edit = match (&a[prefix..end_a], &b[prefix..end_b]) {
        ([_], []) | ([], [_]) => true,
        ([a], [b]) => !a.eq_ignore_ascii_case(b),
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    };
    let has_digit = |name: &[u8], end: usize| {
        let around = &name[prefix.saturating_sub(1)..name.len().min(end + 1)];
        around.iter().any(u8::is_ascii_digit)
    };
    is_edit && !has_digit(a, end_a) && !has_digit(b, end_b)
}

/// Returns the line at a position.
fn line(text: &[u8], at: usize) -> Range<usize> {
    let is_end = |byte: &u8| *byte == b'\n';
    let start = text[..at].iter().rposition(is_end);
    let length = text[at..].iter().position(is_end);
    start.map_or(0, |end| end + 1)..length.map_or(text.len(), |length| at + length)
}

#[cfg(test)]
mod tests {

    use proptest::prelude::*;

    use super::{Scanner, is_typo};
    use crate::check::life_cycle::{Ended, LifeCycles};

    fn scanner() -> Scanner {
        let date = |date: &str| date.parse().unwrap();
        Scanner::new(
            LifeCycles::new(None, date("2026-10-10"), date("2026-12-31")),
            false,
        )
    }

    #[test]
    fn a_typo_is_one_edit_that_is_not_in_a_digit() {
        for typo in [
            "qwen-pluss",
            "qwen-plu",
            "qwen-plas",
            "wqen-plus",
            "qwen--plus",
            "xqwen-plus",
        ] {
            assert!(is_typo(typo, "qwen-plus"), "{typo}");
        }
        for other in [
            "qwen-plus",
            "qwen-plusss",
            "qwne-plsu",
            "qwen-Plus",
            "qwen3-plus",
            "qwen-plus1",
            "",
        ] {
            assert!(!is_typo(other, "qwen-plus"), "{other}");
        }
        for (other, known) in [
            ("qwen4-max", "qwen3-max"),
            ("wan2.6-r2v-flash", "wan2.6-i2v-flash"),
            ("qwen2.5v-max", "qwen2.5-max"),
            ("qwen-plus-", "qwen-plus"),
            ("-qwen-plus", "qwen-plus"),
        ] {
            assert!(!is_typo(other, known), "{other}");
        }
    }

    #[test]
    fn every_model_id_that_has_ended_is_found() {
        let scanner = scanner();
        for Ended { name, .. } in &scanner.life_cycles.ended {
            let text = format!("dashscope: '{name}'");
            let found = scanner.scan(text.as_bytes());
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(&text[found[0].bytes.clone()], *name);
        }
    }

    proptest! {
        /// Texts are made of model IDs, what can be around them, and arbitrary bytes.
        #[test]
        fn findings_are_in_order_and_within_the_text(
            parts in proptest::collection::vec(
                prop_oneof![
                    prop::sample::select(vec![
                        "qwen3-max", "qwen-max-latest", "qwen-pluss", "deepseek-r1", "dashscope/",
                        "model", "models", "=", ": ", "\"", "'", "[", "]", "(", ",", "- ", "\n", "\r\n", "--", "/", ".",
                    ]).prop_map(|part| part.as_bytes().to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..4),
                ],
                0..40,
            )
        ) {
            let text = parts.concat();
            let mut end = 0;
            for found in scanner().scan(&text) {
                prop_assert!(found.bytes.start >= end && found.bytes.end <= text.len());
                end = found.bytes.end;
            }
        }
    }
}
