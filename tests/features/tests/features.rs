//! The built-in enum and another crate's own enum with serde, clap, schemars and strum.

use std::collections::BTreeMap;
use std::fmt::Debug;

use clap::{Parser, ValueEnum};
use fixture::{Baseline, Chat};
use model_studio_limits::{Active, Catalogue, Category, Limits, Model, model};
use schemars::JsonSchema;
use serde::de::value::{BytesDeserializer, Error};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoEnumIterator, VariantArray, VariantNames};

/// The traits that every enum implements when all features are on.
trait AllTraits:
    Catalogue
    + Into<String>
    + VariantArray
    + VariantNames
    + EnumCount
    + IntoEnumIterator
    + Serialize
    + DeserializeOwned
    + ValueEnum
    + JsonSchema
{
}

impl AllTraits for Model {}
impl AllTraits for Chat {}

fn serializes_as_its_model_id<M: AllTraits>() {
    for model in M::ALL {
        let name = serde_json::to_value(model.name()).unwrap();
        assert_eq!(serde_json::to_value(model).unwrap(), name);

        let bytes = postcard::to_stdvec(model).unwrap();
        assert_eq!(postcard::to_stdvec(model.name()).unwrap(), bytes);
        assert_eq!(postcard::from_bytes::<M>(&bytes).unwrap(), *model);
    }
    for (name, model) in M::names() {
        let json = serde_json::to_value(name).unwrap();
        assert_eq!(serde_json::from_value::<M>(json).unwrap(), model);
    }
    let map: BTreeMap<M, usize> = M::ALL.iter().copied().zip(0..).collect();
    let json = serde_json::to_string(&map).unwrap();
    let read: BTreeMap<M, usize> = serde_json::from_str(&json).unwrap();
    assert_eq!(read, map);
}

#[test]
fn a_model_serializes_as_its_model_id() {
    serializes_as_its_model_id::<Model>();
    serializes_as_its_model_id::<Chat>();
}

#[test]
fn a_model_deserializes_from_strings_of_all_kinds() {
    let read = |json: &str| serde_json::from_str::<Model>(json).unwrap();
    assert_eq!(read(r#""qwen-max-0125""#), Model::QwenMax0125);
    // Escaped, so that the format cannot borrow the string.
    assert_eq!(read(r#""qwen\u002dmax""#), Model::QwenMax);
    let from_reader: Model = serde_json::from_reader(&br#""qwen-max""#[..]).unwrap();
    assert_eq!(from_reader, Model::QwenMax);
    let keys: BTreeMap<Model, u8> = serde_json::from_str(r#"{ "qwen-max-0125": 1 }"#).unwrap();
    assert_eq!(keys, BTreeMap::from([(Model::QwenMax2025_01_25, 1)]));
}

#[test]
fn a_model_deserializes_from_bytes() {
    let read = |bytes: &'static [u8]| {
        let bytes: BytesDeserializer<'_, Error> = bytes.into_deserializer();
        Model::deserialize(bytes).map_err(|error| error.to_string())
    };
    assert_eq!(read(b"qwen-plus"), Ok(Model::QwenPlus));
    let error = read(b"qwen-pluss").unwrap_err();
    assert_eq!(
        error,
        "unknown model `qwen-pluss`, did you mean `qwen-plus`?"
    );
    let error = read(b"\xff").unwrap_err();
    assert_eq!(
        error,
        "invalid value: byte array, expected the name of a model"
    );
}

#[test]
fn deserialization_errors_contain_suggestions() {
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

/// A configuration with `Active` in every position where a model can be.
#[derive(Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(default)]
struct Config {
    optional: Option<Active<Model>>,
    list: Vec<Active<Model>>,
    map: BTreeMap<Active<Model>, u8>,
    any: Option<Model>,
}

#[test]
fn active_accepts_models_that_are_not_deprecated() {
    let active = |model| Active::new(model).unwrap();
    let json = r#"{
        "optional": "qwen-plus",
        "list": ["qwen-max-0125", "qwen-max"],
        "map": { "qwen-max-0125": 1 },
        "any": "qwen2-7b-instruct"
    }"#;
    let config: Config = serde_json::from_str(json).unwrap();
    let expected = Config {
        optional: Some(active(Model::QwenPlus)),
        list: vec![active(Model::QwenMax0125), active(Model::QwenMax)],
        map: BTreeMap::from([(active(Model::QwenMax0125), 1)]),
        any: Some(model!(
            #[allow(deprecated)]
            "qwen2-7b-instruct"
        )),
    };
    assert_eq!(config, expected);
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<Config>(&json).unwrap(), expected);
}

#[test]
fn active_rejects_deprecated_and_unknown_models() {
    for json in [
        r#"{ "optional": "qwen2-7b-instruct" }"#,
        r#"{ "list": ["qwen-plus", "qwen2-7b-instruct"] }"#,
        r#"{ "map": { "qwen2-7b-instruct": 1 } }"#,
    ] {
        let error = serde_json::from_str::<Config>(json).unwrap_err();
        let expected = "model `qwen2-7b-instruct` is deprecated, use `qwen3-235b-a22b`";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
    let error = serde_json::from_str::<Config>(r#"{ "optional": "qwen-pluss" }"#);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("did you mean `qwen-plus`?"), "{error}");
    let deprecated = model!(
        #[allow(deprecated)]
        "qwen2-7b-instruct"
    );
    assert!(Active::new(deprecated).unwrap_err().is_deprecated());
}

fn strum_agrees_with_the_catalogue<M: AllTraits>() {
    assert_eq!(<M as VariantArray>::VARIANTS, M::ALL);
    assert_eq!(M::COUNT, M::ALL.len());
    assert!(<M as IntoEnumIterator>::iter().eq(M::ALL.iter().copied()));
    let names: Vec<&str> = M::ALL.iter().map(|model| model.name()).collect();
    assert_eq!(<M as VariantNames>::VARIANTS, names);
}

#[test]
fn strum_lists_the_models_of_the_table() {
    strum_agrees_with_the_catalogue::<Model>();
    strum_agrees_with_the_catalogue::<Chat>();
}

fn command<M: AllTraits>() -> clap::Command {
    let model = clap::Arg::new("model").long("model");
    clap::Command::new("app").arg(model.value_parser(clap::builder::EnumValueParser::<M>::new()))
}

fn clap_accepts_every_name<M: AllTraits>() {
    assert_eq!(M::value_variants(), M::ALL);
    for (name, model) in M::names() {
        let read = command::<M>().try_get_matches_from(["app", "--model", name]);
        assert_eq!(read.unwrap().get_one::<M>("model"), Some(&model));
    }
}

#[test]
fn clap_accepts_model_ids_and_aliases() {
    clap_accepts_every_name::<Model>();
    clap_accepts_every_name::<Chat>();
    let error = command::<Model>().try_get_matches_from(["app", "--model", "qwen-pluss"]);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("invalid value 'qwen-pluss'"), "{error}");
    assert!(error.contains("'qwen-plus'"), "{error}");
}

#[test]
fn the_help_of_clap_shows_limits_and_hides_deprecated_models() {
    let value = |model: Model| model.to_possible_value().unwrap();
    let help = Baseline::QwenPlus.to_possible_value().unwrap();
    let help = help.get_help().unwrap().to_string();
    assert_eq!(help, "600 queries and 1,000,000 tokens per minute");
    for model in Model::ALL {
        assert_eq!(value(*model).is_hide_set(), model.is_deprecated());
    }
    let help = command::<Model>().render_long_help().to_string();
    assert!(help.contains("qwen-plus"), "{help}");
    assert!(!help.contains("qwen2-7b-instruct"), "{help}");
}

#[derive(Debug, Parser)]
struct Arguments {
    model: Active<Model>,
    #[arg(long)]
    category: Option<Category>,
}

#[test]
fn active_and_category_are_arguments_of_clap() {
    let parse = |arguments: &[&str]| {
        let all = ["app"].iter().chain(arguments);
        Arguments::try_parse_from(all).map_err(|error| error.to_string())
    };
    let read = parse(&["qwen-plus", "--category", "embedding"]).unwrap();
    assert_eq!(read.model, Model::QwenPlus);
    assert_eq!(read.category, Some(Category::Embedding));
    let error = parse(&["qwen2-7b-instruct"]).unwrap_err();
    assert!(error.contains("use `qwen3-235b-a22b`"), "{error}");
}

/// Returns the strings that a schema accepts by its `enum`, after comparing them with its `oneOf`.
fn accepted(schema: &serde_json::Value) -> Vec<&str> {
    assert_eq!(schema["type"], "string");
    let names = schema["enum"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|name| name.as_str().unwrap()).collect();
    let described = schema["oneOf"].as_array().unwrap().iter();
    let described: Vec<&str> = described
        .map(|one| one["const"].as_str().unwrap())
        .collect();
    assert_eq!(names, described);
    names
}

fn schema_accepts_every_name<M: AllTraits>(name: &str) {
    assert_eq!(M::schema_name(), name);
    let schema = schemars::schema_for!(M);
    let names: Vec<&str> = M::names().map(|(name, _)| name).collect();
    assert_eq!(accepted(schema.as_value()), names);

    let schema = schemars::schema_for!(Active<M>);
    let active = M::names().filter(|(_, model)| !model.is_deprecated());
    let active: Vec<&str> = active.map(|(name, _)| name).collect();
    assert_eq!(accepted(schema.as_value()), active);
}

#[test]
fn the_schema_accepts_what_deserializes() {
    schema_accepts_every_name::<Model>("Model");
    schema_accepts_every_name::<Chat>("Chat");
    assert_ne!(Model::schema_id(), Chat::schema_id());
    assert_ne!(Model::schema_id(), Active::<Model>::schema_id());
}

#[test]
fn the_schema_of_a_map_accepts_aliases_as_keys() {
    let schema = schemars::schema_for!(BTreeMap<Model, u8>);
    let text = schema.as_value().to_string();
    assert!(text.contains("qwen-max-0125"), "{text}");
}

#[test]
fn the_schema_describes_each_name() {
    let schema = schemars::schema_for!(Model);
    let described = schema.as_value()["oneOf"].as_array().unwrap();
    for (one, (name, model)) in described.iter().zip(Model::names()) {
        let limits = model.limits();
        let description = if name == model.name() {
            limits.to_string()
        } else {
            format!("Alias of {model}: {limits}")
        };
        assert_eq!(one["description"], description);
        let deprecated = model.is_deprecated().then_some(true);
        assert_eq!(one["deprecated"].as_bool(), deprecated);
    }
}

#[test]
fn categories_and_limits_have_serde_and_schemas() {
    let json = serde_json::to_string(&(Category::Embedding, Baseline::QwenPlus.limits())).unwrap();
    assert_eq!(json, r#"["embedding",{"qpm":600,"tpm":1000000}]"#);
    let read: (Category, Limits) = serde_json::from_str(&json).unwrap();
    assert_eq!(read, (Category::Embedding, Baseline::QwenPlus.limits()));
    let schema = schemars::schema_for!(Category);
    assert_eq!(
        schema.as_value()["enum"],
        serde_json::to_value(Category::ALL).unwrap()
    );
    let schema = schemars::schema_for!(Limits);
    let object = &schema.as_value()["oneOf"][1];
    assert_eq!(object["minProperties"], 1);
    let properties = &object["properties"];
    assert_eq!(properties["qpm"]["type"], "integer");
    assert!(properties["tokens"]["oneOf"].is_array());
}
