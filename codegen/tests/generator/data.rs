//! A table as plain data, instead of code.

use model_studio_limits_codegen::{Category, Generator, LimitKind, PropertyKind, PropertyValue};

use crate::scratch::ScratchDir;

const TABLE: &str = "\
source: { title: T, date: 2026-10-09 }
properties:
  context_window: { type: integer, unit: tokens, description: What fits together }
  input: { type: choices, values: [text, image], enum: Modality }
  thinking: { type: choice, values: [none, always], default: none }
  released: { type: date }
groups:
  - category: text-generation
    series: Chat
    models:
      - name: old
        aliases: [older, oldest]
        limits: { qpm: 60 }
        pool: shared
        dynamic: true
        deprecated: { retires: 2027-01-01, replacement: middle, source: notice, note: soon }
        properties: { context_window: 8000, input: [image, text], thinking: always, released: 2025-02-28 }
      - name: middle
        limits: none
        deprecated: { replacement: new }
  - category: embedding
    series: Vectors
    models:
      - name: new
        limits: { tpm: 1000 }
        properties: { input: [] }
retired:
  - { name: zero, on: 2025-01-01, replacement: old, note: gone }
  - { name: first, on: 2024-01-01 }
";

#[test]
fn a_table_is_returned_as_data() {
    let scratch = ScratchDir::new();
    let generator = Generator::new(scratch.write("limits.yaml", TABLE));
    let table = generator.table().unwrap();

    assert_eq!(table.source.title.as_deref(), Some("T"));
    assert_eq!(table.source.url, None);
    assert_eq!(table.source.date.unwrap().to_string(), "2026-10-09");

    let names: Vec<&str> = table.properties.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["context_window", "input", "thinking", "released"]);
    let kinds = table.properties.iter().map(|it| it.kind);
    assert!(kinds.eq([
        PropertyKind::Integer,
        PropertyKind::Choices,
        PropertyKind::Choice,
        PropertyKind::Date,
    ]));
    assert_eq!(table.properties[0].unit.as_deref(), Some("tokens"));
    let description = table.properties[0].description.as_deref();
    assert_eq!(description, Some("What fits together"));
    assert_eq!(table.properties[0].choices, [""; 0]);
    assert_eq!(table.properties[1].choices, ["text", "image"]);

    let [old, middle, new] = &table.models[..] else {
        panic!("{:?}", table.models);
    };
    assert_eq!(old.name, "old");
    assert_eq!(old.aliases, ["older", "oldest"]);
    assert_eq!(
        (old.category, old.series.as_str()),
        (Category::TextGeneration, "Chat")
    );
    assert_eq!(
        (new.category, new.series.as_str()),
        (Category::Embedding, "Vectors")
    );
    assert_eq!(old.limits.len(), 1);
    assert_eq!(old.limits[0].kind, LimitKind::Requests);
    assert_eq!(old.limits[0].count.get(), 60);
    assert!(middle.limits.is_empty());
    assert!(old.dynamic && !new.dynamic);
    assert_eq!(
        (old.pool.as_deref(), new.pool.as_deref()),
        (Some("shared"), None)
    );
    let deprecation = old.deprecation.as_ref().unwrap();
    assert_eq!(deprecation.retires.unwrap().to_string(), "2027-01-01");
    assert_eq!(deprecation.source.as_deref(), Some("notice"));
    assert_eq!(deprecation.note.as_deref(), Some("soon"));
    assert!(new.deprecation.is_none());
    // The end of the chain.
    assert_eq!(old.replacement.as_deref(), Some("new"));
    assert_eq!(new.replacement, None);

    let retired: Vec<_> = table.retired.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(retired, ["first", "zero"]);
    assert_eq!(table.retired[1].on.to_string(), "2025-01-01");
    assert_eq!(table.retired[1].replacement.as_deref(), Some("new"));
    assert_eq!(table.retired[1].note.as_deref(), Some("gone"));

    let choices = |names: &[&str]| {
        PropertyValue::Choices(names.iter().map(|name| (*name).to_owned()).collect())
    };
    assert_eq!(old.properties.len(), 4);
    assert_eq!(
        old.properties["context_window"],
        PropertyValue::Integer(8000)
    );
    assert_eq!(old.properties["input"], choices(&["image", "text"]));
    assert_eq!(
        old.properties["thinking"],
        PropertyValue::Choice("always".to_owned())
    );
    assert_eq!(
        old.properties["released"],
        PropertyValue::Date("2025-02-28".parse().unwrap())
    );
    // A default is a value, and an empty list is one too.
    assert_eq!(
        new.properties["thinking"],
        PropertyValue::Choice("none".to_owned())
    );
    assert_eq!(new.properties["input"], choices(&[]));
    assert_eq!(new.properties.len(), 2);
}

#[test]
fn the_data_contains_the_overlay() {
    let scratch = ScratchDir::new();
    let overlay =
        "limits: { new: { tpm: 5, qpm: 6 } }\nproperties: { middle: { context_window: 7 } }\n";
    let generator = Generator::new(scratch.write("limits.yaml", TABLE));
    let generator = generator.overlay(scratch.write("account.yaml", overlay));
    let table = generator.table().unwrap();
    assert_eq!(
        table.models[1].properties["context_window"],
        PropertyValue::Integer(7)
    );
    let counts: Vec<u64> = table.models[2]
        .limits
        .iter()
        .map(|it| it.count.get())
        .collect();
    assert_eq!(counts, [6, 5]);
}

#[test]
fn the_errors_are_those_of_the_generator() {
    let scratch = ScratchDir::new();
    let generator = Generator::new(scratch.write("limits.yaml", TABLE.replace("qpm", "qmp")));
    let code = generator.generate().unwrap_err().to_string();
    assert_eq!(generator.table().unwrap_err().to_string(), code);
    assert!(code.contains("unknown key `qmp`"), "{code}");
}
