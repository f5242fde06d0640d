//! The built-in enum and a library's own one through serde, clap, schemars, strum and std, together.

use std::collections::BTreeMap;
use std::fmt::Debug;

use clap::ValueEnum;
use fixture::Chat;
use model_studio_limits::{Model, model};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoEnumIterator, VariantArray, VariantNames};

trait Everything:
    Copy
    + Debug
    + Ord
    + AsRef<str>
    + Into<String>
    + std::str::FromStr
    + VariantArray
    + VariantNames
    + EnumCount
    + IntoEnumIterator
    + Serialize
    + DeserializeOwned
    + ValueEnum
    + JsonSchema
    + 'static
{
}

impl Everything for Model {}
impl Everything for Chat {}

/// Every model through a text format, a binary one, and as the key of a map.
fn through_serde<M: Everything>(all: &[M]) {
    for model in all {
        let name = serde_json::to_value(model.as_ref()).unwrap();
        assert_eq!(serde_json::to_value(model).unwrap(), name);
        assert_eq!(serde_json::from_value::<M>(name).unwrap(), *model);

        let bytes = postcard::to_stdvec(model).unwrap();
        assert_eq!(postcard::to_stdvec(model.as_ref()).unwrap(), bytes);
        assert_eq!(postcard::from_bytes::<M>(&bytes).unwrap(), *model);
    }
    let map: BTreeMap<M, usize> = all.iter().copied().zip(0..).collect();
    let json = serde_json::to_string(&map).unwrap();
    assert_eq!(
        serde_json::from_str::<BTreeMap<M, usize>>(&json).unwrap(),
        map
    );
}

#[test]
fn serde() {
    through_serde(Model::ALL);
    through_serde(Chat::ALL);
    // Aliases, borrowed and owned, escaped so that a format has to own the text, and from a reader.
    let read = |json: &str| serde_json::from_str::<Model>(json);
    assert_eq!(read(r#""qwen-max-0125""#).unwrap(), Model::QwenMax0125);
    assert_eq!(read(r#""qwen\u002dmax""#).unwrap(), Model::QwenMax);
    assert_eq!(
        serde_json::from_reader::<_, Model>(&br#""qwen-max""#[..]).unwrap(),
        Model::QwenMax
    );
    let keys: BTreeMap<Model, u8> = serde_json::from_str(r#"{ "qwen-max-0125": 1 }"#).unwrap();
    assert_eq!(keys[&Model::QwenMax2025_01_25], 1);
}

#[test]
fn serde_errors() {
    let message = |json: &str| serde_json::from_str::<Model>(json).unwrap_err().to_string();
    assert_eq!(
        message(r#""qwen-pluss""#),
        "unknown model `qwen-pluss`, did you mean `qwen-plus`? at line 1 column 12"
    );
    assert_eq!(
        message("7"),
        "invalid type: integer `7`, expected the name of a model at line 1 column 1"
    );
}

/// A configuration that takes no deprecated model, and one that takes any.
#[derive(Debug, Deserialize)]
struct Config {
    #[serde(deserialize_with = "Model::deserialize_active")]
    model: Model,
    archive: Option<Model>,
}

#[test]
fn serde_active() {
    let read = serde_json::from_str::<Config>;
    let config = read(r#"{ "model": "qwen-plus", "archive": "qwen2-7b-instruct" }"#).unwrap();
    assert_eq!(config.model, model!("qwen-plus"));
    assert!(config.archive.unwrap().is_deprecated());
    let error = read(r#"{ "model": "qwen2-7b-instruct" }"#).unwrap_err();
    let expected = "model `qwen2-7b-instruct` is deprecated, use `qwen3-235b-a22b`";
    assert!(error.to_string().starts_with(expected), "{error}");
    let error = read(r#"{ "model": "qwen-pluss" }"#)
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean `qwen-plus`?"), "{error}");
}

/// What strum and std say of the models is what the other traits say.
fn through_strum_and_std<M: Everything>(all: &[M]) {
    assert_eq!(<M as VariantArray>::VARIANTS, all);
    assert_eq!(M::COUNT, all.len());
    assert!(M::iter().eq(all.iter().copied()));
    for (model, name) in all.iter().zip(<M as VariantNames>::VARIANTS) {
        assert_eq!(serde_json::to_value(model).unwrap(), *name);
        assert_eq!(model.to_possible_value().unwrap().get_name(), *name);
        let text: String = (*model).into();
        assert_eq!(text.parse::<M>().ok(), Some(*model));
    }
}

#[test]
fn strum_and_std() {
    through_strum_and_std(Model::ALL);
    through_strum_and_std(Chat::ALL);
}

fn command<M: Everything + Send + Sync>() -> clap::Command {
    let model = clap::Arg::new("model").long("model");
    clap::Command::new("app").arg(model.value_parser(clap::builder::EnumValueParser::<M>::new()))
}

fn through_clap<M: Everything + Send + Sync>(all: &[M]) {
    assert_eq!(M::value_variants(), all);
    for model in all {
        let value = model.to_possible_value().unwrap();
        for name in value.get_name_and_aliases() {
            let read = command::<M>().try_get_matches_from(["app", "--model", name]);
            assert_eq!(read.unwrap().get_one::<M>("model"), Some(model));
        }
    }
}

#[test]
fn clap() {
    through_clap(Model::ALL);
    through_clap(Chat::ALL);
    let value = |model: Model| model.to_possible_value().unwrap();
    let plus = value(Model::QwenPlus);
    assert_eq!(
        plus.get_help().unwrap().to_string(),
        "600 queries and 1,000,000 tokens per minute"
    );
    let max = value(Model::QwenMax0125);
    let names: Vec<&str> = max.get_name_and_aliases().collect();
    assert_eq!(names, ["qwen-max-2025-01-25", "qwen-max-0125"]);
    for model in Model::ALL {
        assert_eq!(value(*model).is_hide_set(), model.is_deprecated());
    }
    let help = command::<Model>().render_long_help().to_string();
    assert!(help.contains("qwen-plus"), "{help}");
    assert!(!help.contains("qwen2-7b-instruct"), "{help}");
    let error = command::<Model>().try_get_matches_from(["app", "--model", "qwen-pluss"]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("invalid value 'qwen-pluss'"), "{error}");
    assert!(error.contains("'qwen-plus'"), "{error}");
}

/// With `parse_active` as the parser, deprecated models are refused.
#[test]
fn clap_active() {
    let model = clap::Arg::new("model").value_parser(Model::parse_active);
    let command = clap::Command::new("app").arg(model);
    let read = command
        .clone()
        .try_get_matches_from(["app", "qwen-plus"])
        .unwrap();
    assert_eq!(read.get_one::<Model>("model"), Some(&Model::QwenPlus));
    let error = command
        .try_get_matches_from(["app", "qwen2-7b-instruct"])
        .unwrap_err();
    assert!(
        error.to_string().contains("use `qwen3-235b-a22b`"),
        "{error}"
    );
}

fn through_schemars<M: Everything>(all: &[M], name: &str) {
    assert_eq!(M::schema_name(), name);
    let schema = schemars::schema_for!(M);
    let schema = schema.as_value();
    assert_eq!(schema["type"], "string");
    let names: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
    assert_eq!(schema["enum"], serde_json::json!(names));
    let described = schema["oneOf"].as_array().unwrap();
    assert_eq!(described.len(), all.len());
    for (one, name) in described.iter().zip(names) {
        assert_eq!(one["const"], name);
        assert!(one["description"].as_str().unwrap().contains(' '));
    }
}

#[test]
fn schemars() {
    through_schemars(Model::ALL, "Model");
    through_schemars(Chat::ALL, "Chat");
    assert_ne!(Model::schema_id(), Chat::schema_id());
    let schema = schemars::schema_for!(Model);
    for (one, model) in schema.as_value()["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .zip(Model::ALL)
    {
        assert_eq!(one["description"], model.limits().to_string());
        assert_eq!(
            one["deprecated"].as_bool(),
            model.is_deprecated().then_some(true)
        );
    }
}
