//! The generated enum: the built-in one, and another crate's own one.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroU64;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use fixture::{Account, Baseline, Chat};
use model_studio_limits::{
    Active, Catalogue, Category, Date, Deprecation, Limit, LimitKind, Limits, Model,
    ParseModelError, Retired, Source, model,
};

/// The properties of a model can be used in constants.
const _: () = {
    const LIMITS: Limits = Baseline::QwenPlus.limits();
    assert!(LIMITS.queries_per_minute().unwrap().get() == 600);
    assert!(LIMITS.tokens_per_minute().unwrap().get() == 1_000_000);
    assert!(LIMITS.submissions_per_second().is_none());
    assert!(LIMITS.concurrent_tasks().is_none());
    assert!(Model::ALL[Model::QwenPlus.index()].index() == Model::QwenPlus.index());
    assert!(Model::SOURCE.title.is_some());
    assert!(Model::QwenPlus.name().len() == 9);
    assert!(Model::QwenMax0125.aliases()[0].len() == 13);
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
    assert!(Model::RETIRED.is_empty());
    assert!(Model::QwenPlus.deprecation().is_none());
    assert!(matches!(model!("qwen-plus"), Model::QwenPlus));
};

#[test]
fn an_alias_is_a_constant_of_its_model() {
    assert_eq!(Model::QwenMax0125, Model::QwenMax2025_01_25);
    let is_alias = |model| matches!(model, Model::QwenMax0125);
    assert!(is_alias(Model::QwenMax2025_01_25));
    assert!(!is_alias(Model::QwenMax));
    assert_eq!(Model::from_name("qwen-max-0125"), Some(Model::QwenMax0125));
}

/// Checks what holds for every generated enum.
fn check_enum<M>()
where
    M: Catalogue + for<'a> TryFrom<&'a str, Error = ParseModelError>,
    M: TryFrom<String, Error = ParseModelError> + PartialEq<str> + PartialEq<String>,
    M: UnwindSafe + RefUnwindSafe + Unpin,
    &'static str: From<M> + for<'a> From<&'a M>,
    String: From<M> + for<'a> From<&'a M>,
{
    let all = M::ALL;
    assert!(all.is_sorted());
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    for (index, model) in all.iter().enumerate() {
        let name = model.name();
        assert_eq!(model.index(), index);
        assert_eq!(model.to_string(), name);
        assert_eq!(model.as_ref(), name);
        assert_eq!(<&'static str>::from(*model), name);
        assert_eq!(<&'static str>::from(model), name);
        assert_eq!(String::from(*model), name);
        assert_eq!(String::from(model), name);
        let owned = name.to_owned();
        assert!(*model == *name && *model == owned);
        assert_eq!(name.parse::<M>().unwrap(), *model);
        assert_eq!(M::try_from(name).unwrap(), *model);
        assert_eq!(M::try_from(name.to_owned()).unwrap(), *model);
        assert_eq!(format!("[{model:>80}]"), format!("[{name:>80}]"));
        assert_eq!(
            M::parse_active(name).is_err(),
            model.is_deprecated(),
            "{name}"
        );
        for alias in model.aliases() {
            assert_eq!(M::from_name(alias), Some(*model));
        }
    }
    let identifiers: HashSet<String> = all.iter().map(|model| format!("{model:?}")).collect();
    assert_eq!(identifiers.len(), all.len());
}

#[test]
fn every_enum_implements_the_same_traits() {
    check_enum::<Model>();
    check_enum::<Chat>();
    check_enum::<Account>();
    check_enum::<Baseline>();
}

#[test]
fn public_types_have_auto_traits() {
    fn check<T: Clone + Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static>() {}
    check::<Active<Model>>();
    check::<Category>();
    check::<Deprecation>();
    check::<Limit>();
    check::<LimitKind>();
    check::<Limits>();
    check::<ParseModelError>();
    check::<Retired>();
    check::<Source>();
}

/// Returns all models for which a condition holds, by looking at each.
fn select<M: Catalogue>(condition: impl Fn(M) -> bool) -> Vec<M> {
    let models = M::ALL.iter().copied();
    models.filter(|model| condition(*model)).collect()
}

#[test]
fn iterators_select_models() {
    let active: Vec<Model> = Model::active().collect();
    assert_eq!(active, select(|model: Model| !model.is_deprecated()));
    for category in Category::ALL {
        let models: Vec<Model> = Model::in_category(*category).collect();
        assert_eq!(models, select(|model: Model| model.category() == *category));
    }
    let series: Vec<Model> = Model::in_series("Qwen LLMs").collect();
    assert_eq!(series, select(|model: Model| model.series() == "Qwen LLMs"));
    assert_eq!(Model::in_series("no such series").next(), None);
    let names: Vec<(&str, Model)> = Model::names().collect();
    let ids = Model::ALL.iter().map(|model| (model.name(), *model));
    let aliases = Model::ALL.iter();
    let aliases = aliases.flat_map(|model| model.aliases().iter().map(|alias| (*alias, *model)));
    assert_eq!(names, ids.chain(aliases).collect::<Vec<_>>());
}

#[test]
fn the_source_contains_the_title_and_the_overlay() {
    let url = "https://www.alibabacloud.com/help/en/model-studio/rate-limit";
    assert_eq!(Model::SOURCE.url, Some(url));
    assert_eq!(Chat::SOURCE.title, None);
    assert_eq!(Chat::SOURCE.overlay, None);
    assert_eq!(Account::SOURCE.overlay, Some("account.yaml"));
    assert_eq!(<Account as Catalogue>::SOURCE, Account::SOURCE);
}

#[test]
fn debug_writes_the_identifier() {
    assert_eq!(format!("{:?}", Model::QwenMax0125), "QwenMax2025_01_25");
    assert_eq!(format!("{:?}", Chat::Gpt4), "Gpt4");
    assert_eq!(format!("{:?}", [Some(Model::QwenPlus)]), "[Some(QwenPlus)]");
}

#[test]
fn names_have_to_match_exactly() {
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
fn parse_errors_contain_the_string_and_suggestions() {
    let message = |name: &str| name.parse::<Model>().unwrap_err().to_string();
    assert_eq!(
        message("qwen-pluss"),
        "unknown model `qwen-pluss`, did you mean `qwen-plus`?"
    );
    assert_eq!(
        message("Qwen_Plus"),
        "unknown model `Qwen_Plus`, did you mean `qwen-plus`?"
    );
    // Aliases are suggested too.
    assert_eq!(
        message("qwen-max-0124"),
        "unknown model `qwen-max-0124`, did you mean `qwen-max-0125`?"
    );
    assert_eq!(
        message("qwen-plus-2025"),
        "unknown model `qwen-plus-2025`, did you mean `qwen-plus-2025-04-28`, \
         `qwen-plus-2025-01-25` or `qwen-plus-0125`?"
    );
    assert_eq!(message("gpt-4o"), "unknown model `gpt-4o`");
    assert_eq!(message(""), "unknown model ``");
    assert_eq!(message("a\n\u{1b}[31m"), r"unknown model `a\n\u{1b}[31m`");
    // A hyphen that looks like the one in the suggestion.
    assert_eq!(
        message("qwen\u{2011}plus"),
        r"unknown model `qwen\u{2011}plus`, did you mean `qwen-plus`?"
    );
    let long = "é".repeat(1_000);
    assert_eq!(
        message(&long),
        format!("unknown model `{}…`", "é".repeat(40))
    );
    // The last character does not fit.
    assert_eq!(
        message(&"模".repeat(30)),
        format!("unknown model `{}…`", "模".repeat(26))
    );
}

#[test]
fn parse_errors_return_their_suggestions() {
    let error = |name: &str| name.parse::<Model>().unwrap_err();
    let suggestions: Vec<&str> = error("qwen-plus-2025").suggestions().collect();
    assert_eq!(
        suggestions,
        [
            "qwen-plus-2025-04-28",
            "qwen-plus-2025-01-25",
            "qwen-plus-0125"
        ]
    );
    assert_eq!(error("qwen-pluss").nearest(), Some("qwen-plus"));
    assert_eq!(error("gpt-4o").nearest(), None);
    assert_eq!(error("gpt-4o"), error("gpt-4o"));
    assert_ne!(error("gpt-4o"), error("gpt-4"));
    assert_ne!(error("gpt-4o"), "gpt-4o".parse::<Chat>().unwrap_err());
    let error = error("qwen-pluss");
    assert_eq!(format!("{error:?}"), r#"ParseModelError("qwen-pluss")"#);
    let error: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert!(error.source().is_none());
}

#[test]
fn parse_active_rejects_deprecated_models() {
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
    assert_eq!(
        message("older"),
        "model `older` is deprecated, use `new`; \"#gone\" <i>soon</i>"
    );
    assert_eq!(
        message("ending"),
        "model `ending` is deprecated and retires on 2026-10-10; in spring"
    );
    assert_eq!(message("dropped"), "model `dropped` is deprecated");
}

#[test]
fn a_deprecation_has_the_date_the_note_and_the_source() {
    let ending = Chat::from_name("ending").unwrap();
    let deprecation = ending.deprecation().unwrap();
    assert_eq!(deprecation.retires, Date::new(2026, 10, 10));
    assert_eq!(deprecation.note, Some("in spring"), "one line");
    assert_eq!(deprecation.source, Some("notice 7"));
    assert_eq!(ending.retires(), deprecation.retires);

    let Deprecation {
        retires,
        note,
        source,
        ..
    } = Chat::from_name("dropped").unwrap().deprecation().unwrap();
    assert_eq!((retires, note, source), (None, None, None));
    assert_eq!(Chat::Kept.deprecation(), None);
    for model in Chat::ALL {
        assert_eq!(model.is_deprecated(), model.deprecation().is_some());
        assert_eq!(Catalogue::deprecation(*model), model.deprecation());
    }
}

#[test]
fn retired_models_are_listed_and_cannot_be_parsed() {
    let [away, gone] = Chat::RETIRED else {
        panic!("{:?}", Chat::RETIRED);
    };
    assert_eq!((away.name, gone.name), ("away", "gone"), "sorted by name");
    assert_eq!(gone.on, Date::new(2026, 5, 13).unwrap());
    assert_eq!(gone.replacement, Some("new"), "the end of the chain");
    assert_eq!(gone.note, Some("it is `gone`"));
    assert_eq!(gone.source, Some("notice 8"));
    let optional = (away.replacement, away.note, away.source);
    assert_eq!(optional, (None, None, None));
    assert_eq!(<Account as Catalogue>::RETIRED, Chat::RETIRED);

    let error = "gone".parse::<Chat>().unwrap_err();
    assert_eq!(error.retired(), Some(gone));
    assert_eq!(error.replacement(), gone.replacement);
    assert!(!error.is_deprecated());
    assert_eq!(
        error.to_string(),
        "model `gone` was retired on 2026-05-13, use `new`; it is `gone`"
    );
    let error = "away".parse::<Chat>().unwrap_err();
    assert_eq!(error.to_string(), "model `away` was retired on 2025-12-31");
    assert_eq!("awayy".parse::<Chat>().unwrap_err().retired(), None);
    assert_eq!(Chat::from_name("gone"), None);
}

#[test]
fn models_convert_to_strings_and_compare_with_them() {
    let text = |model: Model| -> (String, Cow<'static, str>) { (model.into(), model.into()) };
    let (owned, shared) = text(Model::QwenMax0125);
    assert_eq!(owned, "qwen-max-2025-01-25");
    assert!(matches!(shared, Cow::Borrowed("qwen-max-2025-01-25")));
    assert_eq!(Model::QwenPlus, "qwen-plus");
    assert_eq!(Model::QwenPlus, *"qwen-plus");
    assert_eq!("qwen-plus", Model::QwenPlus);
    assert_eq!(*"qwen-plus", Model::QwenPlus);
    assert_eq!(Model::QwenPlus, "qwen-plus".to_owned());
    assert_eq!("qwen-plus".to_owned(), Model::QwenPlus);
    assert_ne!(Model::QwenMax0125, "qwen-max-0125", "an alias is not equal");
}

#[test]
fn limits_are_a_list() {
    let per_minute = |kind, count| Limit {
        kind,
        count: NonZeroU64::new(count).unwrap(),
        per: Some(Duration::from_secs(60)),
    };
    let limits = Baseline::QwenPlus.limits();
    let expected = [
        per_minute(LimitKind::Requests, 600),
        per_minute(LimitKind::Tokens, 1_000_000),
    ];
    assert_eq!(limits.as_slice(), expected);
    assert!(limits.iter().eq(&expected));
    assert_eq!(
        limits.to_string(),
        "600 queries and 1,000,000 tokens per minute"
    );
    assert_eq!(format!("{limits:?}"), format!("Limits({limits})"));
    let tasks = Chat::Kept.limits();
    assert_eq!(
        tasks.to_string(),
        "1 submission per second and 2 concurrent tasks"
    );
    assert_eq!(tasks.as_slice()[1].to_string(), "2 concurrent tasks");
}

#[test]
fn models_have_categories() {
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
fn an_own_enum_has_the_names_of_its_table() {
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
        "the replacement of the replacement"
    );
    assert_eq!(Chat::from_name("dropped").unwrap().replacement(), None);
    assert!(!Chat::Kept.is_deprecated());
    assert!(old.series().contains("<b>every</b>"));
}

#[test]
fn an_overlay_sets_some_limits_and_keeps_the_others() {
    assert_eq!(fixture::new(), Account::New);
    let new = Account::New.limits().queries_per_minute();
    assert_eq!(new.unwrap().get(), 1200);
    // Set by alias, and only one of two limits.
    let sonnet = Account::Claude3_5Sonnet20241022.limits();
    assert_eq!(sonnet.queries_per_minute().unwrap().get(), 2);
    assert_eq!(sonnet.tokens_per_minute().unwrap().get(), 3000);
    assert_eq!(Account::A.limits(), Chat::A.limits());
}
