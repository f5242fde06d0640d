//! Enums of choices and values of properties with serde, clap, schemars and strum.

use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use clap::ValueEnum;
use fixture::{typed, unusual};
use model_studio_limits::{Catalogue, ParseChoiceError};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use strum::{EnumCount, IntoEnumIterator, VariantArray, VariantNames};
use typed::{Modality, Model, Thinking};

/// The traits that every enum of choices implements when all features are on.
trait Choice:
    Copy
    + Send
    + Sync
    + Debug
    + Display
    + Ord
    + AsRef<str>
    + FromStr<Err = ParseChoiceError>
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

impl Choice for Modality {}
impl Choice for Thinking {}
// Their values and names could conflict with the generated implementations.
impl Choice for unusual::Some {}
impl Choice for unusual::Format {}
impl Choice for unusual::Option {}
impl Choice for unusual::Ok {}
impl Choice for unusual::String {}
impl Choice for unusual::Vec {}
impl Choice for unusual::Clone {}
impl Choice for unusual::S {}
impl Choice for unusual::D {}

fn names<C: Choice>() -> Vec<&'static str> {
    let all = <C as VariantArray>::VARIANTS.iter();
    all.map(AsRef::as_ref).collect()
}

fn implements_all_traits<C: Choice>() {
    let (all, names) = (<C as VariantArray>::VARIANTS, names::<C>());
    assert_eq!(<C as EnumCount>::COUNT, all.len());
    assert_eq!(<C as VariantNames>::VARIANTS, names);
    assert!(<C as IntoEnumIterator>::iter().eq(all.iter().copied()));

    for (choice, name) in all.iter().zip(&names) {
        let json = serde_json::to_value(name).unwrap();
        assert_eq!(serde_json::to_value(choice).unwrap(), json);
        assert_eq!(serde_json::from_value::<C>(json).unwrap(), *choice);
        let bytes = postcard::to_stdvec(choice).unwrap();
        assert_eq!(postcard::to_stdvec(name).unwrap(), bytes);
        assert_eq!(postcard::from_bytes::<C>(&bytes).unwrap(), *choice);
    }
    let map: BTreeMap<C, usize> = all.iter().copied().zip(0..).collect();
    let json = serde_json::to_string(&map).unwrap();
    assert_eq!(
        serde_json::from_str::<BTreeMap<C, usize>>(&json).unwrap(),
        map
    );

    assert_eq!(C::value_variants(), all);
    let parser = clap::builder::EnumValueParser::<C>::new();
    let command = clap::Command::new("app").arg(clap::Arg::new("choice").value_parser(parser));
    for (choice, name) in all.iter().zip(&names) {
        let read = command.clone().try_get_matches_from(["app", name]).unwrap();
        assert_eq!(read.get_one::<C>("choice"), Some(choice));
    }
    let error = command.try_get_matches_from(["app", "no such value"]);
    assert!(error.unwrap_err().to_string().contains(names[0]));

    let schema = schemars::schema_for!(C);
    let schema = schema.as_value();
    assert_eq!(schema["type"], "string");
    assert_eq!(schema["enum"], serde_json::to_value(&names).unwrap());
}

#[test]
fn enums_of_choices_implement_the_traits_of_all_features() {
    implements_all_traits::<Modality>();
    implements_all_traits::<Thinking>();
}

#[test]
fn enums_with_unusual_names_implement_the_traits_of_all_features() {
    implements_all_traits::<unusual::Some>();
    implements_all_traits::<unusual::Format>();
    implements_all_traits::<unusual::Option>();
    implements_all_traits::<unusual::Ok>();
    implements_all_traits::<unusual::String>();
    implements_all_traits::<unusual::Vec>();
    implements_all_traits::<unusual::Clone>();
    implements_all_traits::<unusual::S>();
    implements_all_traits::<unusual::D>();
}

#[test]
fn schemas_of_enums_have_different_names() {
    assert_eq!(Modality::schema_name(), "Modality");
    assert_eq!(unusual::Modality::schema_name(), "Modality");
    assert_ne!(Modality::schema_id(), unusual::Modality::schema_id());
}

#[test]
fn deserialization_errors_of_choices_contain_suggestions() {
    let message = |json: &str| {
        serde_json::from_str::<Modality>(json)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        message(r#""imgae""#),
        "unknown modality `imgae`, did you mean `image`? at line 1 column 7"
    );
    let error = message("7");
    assert!(
        error.starts_with("invalid type: integer `7`, expected "),
        "{error}"
    );
}

#[test]
fn values_serialize_as_in_the_table() {
    let values = Model::PROPERTIES.iter().map(|property| {
        let value = Catalogue::property(Model::Large, property.name);
        (property.name, value)
    });
    let values: BTreeMap<&str, _> = values.collect();
    let expected = serde_json::json!({
        "context_window": 1_000_000,
        "price": 0.25,
        "open_weights": true,
        "family": "The *family*",
        "released": "2026-02-28",
        "thinking": "switchable",
        "input": ["text", "image"],
        "output": ["text"],
        "license": null,
    });
    assert_eq!(serde_json::to_value(values).unwrap(), expected);
    let value = unusual::Model::Only.property("u64");
    assert_eq!(
        serde_json::to_string(&value).unwrap(),
        "18446744073709551615"
    );
    let value = unusual::Model::Negative.property("f64");
    assert_eq!(serde_json::to_string(&value).unwrap(), "-0.0");
}
