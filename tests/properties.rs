//! The properties of a table: accessors, enums of choices, and properties that are found by name.

use fixture::typed::{Modality, Model, Thinking};
use model_studio_limits::{Catalogue, Date, Property, PropertyKind, PropertyValue};

/// A program can check in a constant that its model is suitable.
const _: () = {
    const MODEL: Model = Model::Large;
    assert!(MODEL.context_window().unwrap() >= 200_000);
    assert!(accepts_images(MODEL));
    assert!(!accepts_images(Model::Small));
    assert!(matches!(MODEL.thinking(), Thinking::Switchable));
    assert!(MODEL.released().year() == 2026);
    assert!(MODEL.open_weights());
    assert!(Modality::Image.as_str().len() == 5);
};

const fn accepts_images(model: Model) -> bool {
    let input = model.input();
    let mut index = 0;
    while index < input.len() {
        if matches!(input[index], Modality::Image) {
            return true;
        }
        index += 1;
    }
    false
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn accessors_return_the_values_of_the_table() {
    let large = Model::Large;
    assert_eq!(large.context_window(), Some(1_000_000));
    assert_eq!(large.price(), Some(0.25));
    assert!(large.open_weights());
    assert_eq!(large.family(), Some("The *family*"));
    assert_eq!(large.released(), date("2026-02-28"));
    assert_eq!(large.thinking(), Thinking::Switchable);
    assert_eq!(large.input(), [Modality::Text, Modality::Image]);
    assert_eq!(large.output(), Some(&[Modality::Text][..]));
}

#[test]
fn a_missing_value_is_none_or_the_default() {
    assert_eq!(Model::Speech.context_window(), None);
    assert_eq!(Model::Small.price(), None);
    assert!(!Model::Speech.open_weights());
    assert_eq!(Model::Speech.thinking(), Thinking::None);
    assert_eq!(Model::Speech.output(), None);
    // A list that is empty is not missing.
    assert_eq!(Model::Small.output(), Some(&[][..]));
    assert!(Model::ALL.iter().all(|model| model.license().is_none()));
}

#[test]
fn the_values_of_a_choice_are_listed_in_the_order_of_the_table() {
    let all = [Thinking::None, Thinking::Always, Thinking::Switchable];
    assert_eq!(Thinking::ALL, all);
    assert!(all.is_sorted());
    let names = Modality::ALL.iter().map(|modality| modality.as_str());
    assert!(names.eq(["text", "image", "audio"]));
}

#[test]
fn a_choice_is_written_and_parsed_as_its_name_in_the_table() {
    for thinking in Thinking::ALL {
        let name = thinking.as_str();
        assert_eq!(thinking.to_string(), name);
        assert_eq!(thinking.as_ref(), name);
        assert_eq!(name.parse(), Ok(*thinking));
    }
    assert_eq!(format!("[{:>7}]", Modality::Text), "[   text]");
    assert_eq!(format!("[{:-<7}]", Modality::Text), "[text---]");
    assert_eq!(format!("{:?}", Modality::Text), "Text");
}

#[test]
fn errors_of_parsing_a_choice_contain_suggestions() {
    let message = |name: &str| name.parse::<Modality>().unwrap_err().to_string();
    assert_eq!(
        message("imgae"),
        "unknown modality `imgae`, did you mean `image`?"
    );
    assert_eq!(
        message("Text"),
        "unknown modality `Text`, did you mean `text`?"
    );
    assert_eq!(
        message("smell"),
        "unknown modality `smell`, expected one of `text`, `image` or `audio`"
    );
    assert_eq!(
        "".parse::<Thinking>().unwrap_err().to_string(),
        "unknown thinking ``, expected one of `none`, `always` or `switchable`"
    );
}

#[test]
fn properties_describe_what_the_table_declares() {
    let describe = |it: &Property| (it.name, it.description, it.unit, it.choices);
    let modalities = &["text", "image", "audio"][..];
    let described: Vec<_> = Model::PROPERTIES.iter().map(describe).collect();
    let expected = [
        (
            "context_window",
            Some("Input and output together."),
            Some("tokens"),
            &[][..],
        ),
        ("price", None, Some("USD"), &[]),
        ("open_weights", None, None, &[]),
        ("family", None, None, &[]),
        ("released", None, None, &[]),
        ("thinking", None, None, &["none", "always", "switchable"]),
        ("input", None, None, modalities),
        ("output", None, None, modalities),
        ("license", None, None, &[]),
    ];
    assert_eq!(described, expected);
    assert!(fixture::Chat::PROPERTIES.is_empty());
}

#[test]
fn properties_have_the_types_that_the_table_declares() {
    use PropertyKind::{Boolean, Choice, Choices, Integer, Number, Text};

    let kinds: Vec<PropertyKind> = Model::PROPERTIES.iter().map(Property::kind).collect();
    let date = PropertyKind::Date;
    let expected = [
        Integer, Number, Boolean, Text, date, Choice, Choices, Choices, Text,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn generic_code_finds_values_by_name() {
    fn values<M: Catalogue>(model: M) -> Vec<Option<PropertyValue>> {
        let properties = M::PROPERTIES.iter();
        properties
            .map(|property| model.property(property.name))
            .collect()
    }
    use PropertyValue::{Boolean, Choice, Choices, Integer, Number, Text};
    assert_eq!(
        values(Model::Large),
        [
            Some(Integer(1_000_000)),
            Some(Number(0.25)),
            Some(Boolean(true)),
            Some(Text("The *family*")),
            Some(PropertyValue::Date(date("2026-02-28"))),
            Some(Choice("switchable")),
            Some(Choices(&["text", "image"])),
            Some(Choices(&["text"])),
            None,
        ]
    );
    assert_eq!(
        values(Model::Small),
        [
            Some(Integer(8_192)),
            None,
            Some(Boolean(false)),
            None,
            Some(PropertyValue::Date(date("2025-01-01"))),
            Some(Choice("none")),
            Some(Choices(&["text"])),
            Some(Choices(&[])),
            None,
        ]
    );
}

#[test]
fn a_property_that_the_table_does_not_declare_is_none() {
    for name in ["", "context", "context_window ", "CONTEXT_WINDOW", "limits"] {
        assert_eq!(Catalogue::property(Model::Large, name), None, "{name}");
    }
    assert_eq!(
        Catalogue::property(fixture::Chat::Gpt4, "context_window"),
        None
    );
}

#[test]
fn values_are_displayed_as_in_the_table() {
    let shown = |name| Catalogue::property(Model::Large, name).map(|value| value.to_string());
    for (name, expected) in [
        ("context_window", "1000000"),
        ("price", "0.25"),
        ("open_weights", "true"),
        ("family", "The *family*"),
        ("released", "2026-02-28"),
        ("thinking", "switchable"),
        ("input", "text, image"),
        ("output", "text"),
    ] {
        assert_eq!(shown(name).as_deref(), Some(expected));
    }
    let shown = |value: PropertyValue| value.to_string();
    assert_eq!(shown(PropertyValue::Choices(&[])), "");
    assert_eq!(shown(PropertyValue::Number(3.0)), "3");
    assert_eq!(
        shown(PropertyValue::Integer(u64::MAX)),
        "18446744073709551615"
    );
}
