//! What a catalogue's enum does, for the built-in one and for one of a library's own.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::{Debug, Display};
use std::str::FromStr;

use fixture::{Account, Chat};
use model_studio_limits::{Category, Limits, Model, ParseModelError, model};
use strum::{EnumCount, IntoEnumIterator, VariantArray, VariantNames};

/// All that can be asked of a constant is a constant.
const _: () = {
    const LIMITS: Limits = Model::QwenPlus.limits();
    assert!(LIMITS.queries_per_minute().unwrap().get() == 600);
    assert!(LIMITS.tokens_per_minute().unwrap().get() == 1_000_000);
    assert!(LIMITS.submissions_per_second().is_none());
    assert!(LIMITS.concurrent_tasks().is_none());
    assert!(Model::ALL.len() >= 58);
    assert!(Model::QwenPlus.name().len() == 9);
    assert!(Model::QwenMax0125.aliases().len() == 1);
    assert!(Model::QwenPlus.series().len() == 9);
    assert!(matches!(
        Model::QwenPlus.category(),
        Category::TextGeneration
    ));
    assert!(Model::QwenPlus.category().as_str().len() == 15);
    assert!(!Model::QwenPlus.is_deprecated());
    assert!(Model::QwenPlus.replacement().is_none());
    assert!(matches!(
        Model::from_name("qwen-plus"),
        Some(Model::QwenPlus)
    ));
    assert!(Model::from_name("qwen-pluss").is_none());
    assert!(matches!(model!("qwen-plus"), Model::QwenPlus));
};

#[test]
fn an_alias_is_its_model() {
    assert_eq!(Model::QwenMax0125, Model::QwenMax2025_01_25);
    let is_alias = |model| matches!(model, Model::QwenMax0125);
    assert!(is_alias(Model::QwenMax2025_01_25));
    assert!(!is_alias(Model::QwenMax));
    assert_eq!(Model::from_name("qwen-max-0125"), Some(Model::QwenMax0125));
}

/// The same for every enum that is generated.
fn behaves<M>(all: &'static [M])
where
    M: Copy + Debug + Display + Eq + Ord + std::hash::Hash + AsRef<str>,
    M: FromStr<Err = ParseModelError> + for<'a> TryFrom<&'a str, Error = ParseModelError>,
    M: VariantArray + VariantNames + EnumCount + IntoEnumIterator + 'static,
    &'static str: From<M>,
    String: From<M>,
{
    assert_eq!(<M as VariantArray>::VARIANTS, all);
    assert_eq!(M::COUNT, all.len());
    assert!(M::iter().eq(all.iter().copied()));
    assert!(M::iter().rev().eq(all.iter().rev().copied()));
    assert_eq!(M::iter().len(), all.len());
    assert_eq!(<M as VariantNames>::VARIANTS.len(), all.len());
    assert!(all.is_sorted());
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    for (model, name) in all.iter().zip(<M as VariantNames>::VARIANTS) {
        assert_eq!(model.to_string(), *name);
        assert_eq!(model.as_ref(), *name);
        assert_eq!(<&'static str>::from(*model), *name);
        assert_eq!(String::from(*model), *name);
        assert_eq!(name.parse::<M>().unwrap(), *model);
        assert_eq!(M::try_from(*name).unwrap(), *model);
        assert_eq!(
            format!("[{model:>80}]").len(),
            format!("[{name:>80}]").len()
        );
    }
    let by_debug: HashMap<String, M> = all.iter().map(|m| (format!("{m:?}"), *m)).collect();
    assert_eq!(by_debug.len(), all.len());
}

#[test]
fn traits_of_every_enum() {
    behaves(Model::ALL);
    behaves(Chat::ALL);
    behaves(Account::ALL);
}

#[test]
fn debug_is_the_identifier() {
    assert_eq!(format!("{:?}", Model::QwenMax0125), "QwenMax2025_01_25");
    assert_eq!(format!("{:?}", Chat::Gpt4), "Gpt4");
    assert_eq!(format!("{:?}", [Some(Model::QwenPlus)]), "[Some(QwenPlus)]");
}

#[test]
fn names_are_exact() {
    for name in Model::ALL
        .iter()
        .flat_map(|m| m.aliases().iter().copied().chain([m.name()]))
    {
        assert!(Model::from_name(name).is_some());
        let mut near = vec![name.to_uppercase(), format!("{name} "), format!("{name}\0")];
        near.extend((0..name.len()).map(|at| name[..at].to_owned()));
        near.extend((0..name.len()).map(|at| format!("{}x{}", &name[..at], &name[at + 1..])));
        for other in near {
            let known = Model::ALL
                .iter()
                .find(|m| m.name() == other || m.aliases().contains(&other.as_str()));
            assert_eq!(Model::from_name(&other), known.copied(), "{other:?}");
        }
    }
}

#[test]
fn errors_show_what_was_read_and_what_is_near() {
    let message = |name: &str| name.parse::<Model>().unwrap_err().to_string();
    assert_eq!(
        message("qwen-pluss"),
        "unknown model `qwen-pluss`, did you mean `qwen-plus`?"
    );
    assert_eq!(
        message("Qwen_Plus"),
        "unknown model `Qwen_Plus`, did you mean `qwen-plus`?"
    );
    // Aliases are names too.
    assert_eq!(
        message("qwen-max-0124"),
        "unknown model `qwen-max-0124`, did you mean `qwen-max-0125`?"
    );
    assert_eq!(message("gpt-4o"), "unknown model `gpt-4o`");
    assert_eq!(message(""), "unknown model ``");
    assert_eq!(message("a\n\u{1b}[31m"), r"unknown model `a\n\u{1b}[31m`");
    let long = "é".repeat(1_000);
    assert_eq!(
        message(&long),
        format!("unknown model `{}…`", "é".repeat(44))
    );
    let error = "qwen-pluss".parse::<Model>().unwrap_err();
    assert_eq!(error.nearest(), Some("qwen-plus"));
    assert_eq!(format!("{error:?}"), r#"ParseModelError("qwen-pluss")"#);
    let error: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert!(error.source().is_none());
}

#[test]
fn deprecated_names_can_be_refused() {
    assert_eq!(
        Model::parse_active("qwen-max-0125").unwrap(),
        Model::QwenMax0125
    );
    let error = Model::parse_active("qwen2-7b-instruct").unwrap_err();
    assert!(error.is_deprecated());
    assert_eq!(error.replacement(), Some("qwen3-235b-a22b"));
    assert_eq!(error.nearest(), None);
    let error = Model::parse_active("qwen-pluss").unwrap_err();
    assert!(!error.is_deprecated());
    assert_eq!(error.replacement(), None);
    assert_eq!(error.nearest(), Some("qwen-plus"));
    let message = |name| Chat::parse_active(name).unwrap_err().to_string();
    assert_eq!(message("older"), "model `older` is deprecated, use `new`");
    assert_eq!(message("dropped"), "model `dropped` is deprecated");
}

/// For clients that take a model as `impl Into<String>`, and for comparing what comes back.
#[test]
fn texts() {
    let text = |model: Model| -> (String, Cow<'static, str>) { (model.into(), model.into()) };
    let (owned, shared) = text(Model::QwenMax0125);
    assert_eq!(owned, "qwen-max-2025-01-25");
    assert!(matches!(shared, Cow::Borrowed("qwen-max-2025-01-25")));
    assert_eq!(Model::QwenPlus, "qwen-plus");
    assert_eq!(Model::QwenPlus, *"qwen-plus");
    assert_eq!("qwen-plus", Model::QwenPlus);
    assert_eq!(*"qwen-plus", Model::QwenPlus);
    assert_ne!(
        Model::QwenMax0125,
        "qwen-max-0125",
        "an alias is another text"
    );
}

#[test]
fn limits_show_what_there_is() {
    assert_eq!(
        format!("{:?}", Model::QwenPlus.limits()),
        "Limits { queries_per_minute: 600, tokens_per_minute: 1000000 }"
    );
    assert_eq!(
        format!("{:?}", Chat::Kept.limits()),
        "Limits { submissions_per_second: 1, concurrent_tasks: 2 }"
    );
}

#[test]
fn categories() {
    for (model, category, spelling) in [
        (Model::QwenPlus, Category::TextGeneration, "text-generation"),
        (
            model!("wan2.1-t2i-plus"),
            Category::ImageGeneration,
            "image-generation",
        ),
        (
            model!("wan2.1-t2v-plus"),
            Category::VideoGeneration,
            "video-generation",
        ),
        (Model::TextEmbeddingV3, Category::Embedding, "embedding"),
    ] {
        assert_eq!(model.category(), category);
        assert_eq!(category.as_str(), spelling);
        assert_eq!(category.to_string(), spelling);
    }
    assert_eq!(format!("{:>16}", Category::Embedding), "       embedding");
}

#[test]
fn own_catalogue() {
    // A library's own names, found exactly.
    for (name, model) in [
        (
            "meta-llama/Llama-3.1-70B-Instruct",
            Chat::MetaLlamaLlama3_1_70BInstruct,
        ),
        (
            "@cf/meta/llama-2-7b-chat-fp16",
            Chat::CfMetaLlama2_7bChatFp16,
        ),
        (
            "ft:gpt-3.5-turbo:acme:suffix:id123",
            Chat::FtGpt3_5TurboAcmeSuffixId123,
        ),
        ("claude-3.5-sonnet@20241022", Chat::Claude3_5Sonnet20241022),
        ("gpt_4*turbo~x+y", Chat::Gpt4),
        ("4o", Chat::_4o),
        ("self", Chat::Self_),
        ("模型", Chat::Moxing),
        ("quo\"te\\`s", Chat::QuoTeS),
        ("a", Chat::A),
        (
            "a-name-that-is-longer-than-twenty-four-bytes-number-2-of-2",
            Chat::ANameThatIsLongerThanTwentyFourBytesNumber2Of2,
        ),
    ] {
        assert_eq!(Chat::from_name(name), Some(model), "{name}");
    }
    assert_eq!(fixture::chat!("quo\"te\\`s"), Chat::QuoTeS);
    assert_eq!(fixture::chat!("模型-max"), Chat::Max);
    let missing = "a-name-that-is-longer-than-twenty-four-bytes-number-3-of-2";
    assert_eq!(Chat::from_name(missing), None);
    let tokens = Chat::CfMetaLlama2_7bChatFp16.limits().tokens_per_minute();
    assert_eq!(tokens.unwrap().get(), u64::MAX);
    let old = Chat::from_name("older").unwrap();
    assert_eq!(
        old.replacement(),
        Some(Chat::New),
        "a chain is followed to its end"
    );
    assert_eq!(Chat::from_name("dropped").unwrap().replacement(), None);
    assert!(!Chat::Kept.is_deprecated());
    assert!(old.series().contains("<b>every</b>"));
}

#[test]
fn an_overlay_sets_limits_and_keeps_the_rest() {
    assert_eq!(fixture::new(), Account::New);
    let new = Account::New.limits().queries_per_minute();
    assert_eq!(new.unwrap().get(), 1200);
    // By an alias, and one limit of two.
    let sonnet = Account::Claude3_5Sonnet20241022.limits();
    assert_eq!(sonnet.queries_per_minute().unwrap().get(), 2);
    assert_eq!(sonnet.tokens_per_minute().unwrap().get(), 3000);
    assert_eq!(Account::A.limits(), Chat::A.limits());
}
