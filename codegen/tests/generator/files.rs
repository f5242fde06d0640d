//! Files that are missing, unreadable, or made to harm.

use std::fmt::Write as _;
use std::path::Path;

use model_studio_limits_codegen::Generator;

use crate::support::Files;

const TABLE: &str =
    "groups: [{ category: embedding, series: S, models: [{ name: a, limits: { qpm: 1 } }] }]\n";

#[test]
fn a_missing_file() {
    let error = Generator::new("no/such/limits.yaml")
        .generate()
        .unwrap_err();
    let error = error.to_string();
    assert!(
        error.starts_with("no/such/limits.yaml: cannot be read: "),
        "{error}"
    );
    let files = Files::new("a_missing_file");
    let table = files.write("limits.yaml", TABLE);
    let overlaid = Generator::new(table).overlay("no/account.yaml");
    let error = overlaid.generate().unwrap_err().to_string();
    assert!(
        error.starts_with("no/account.yaml: cannot be read: "),
        "{error}"
    );
}

#[test]
fn a_directory() {
    let error = Generator::new("src").generate().unwrap_err().to_string();
    assert!(error.starts_with("src: cannot be read: "), "{error}");
}

#[test]
fn not_utf_8() {
    let report = Files::new("not_utf_8").generate(b"groups:\n  - series: caf\xe9\n");
    let expected = "\
limits.yaml:2:16: this is not UTF-8
  |
2 |   - series: caf
  |                ^
  help: save the file as UTF-8";
    assert_eq!(report.unwrap_err(), expected);
    let utf_16: Vec<u8> = TABLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let report = Files::new("not_utf_8").generate([&[0xff, 0xfe], &utf_16[..]].concat());
    assert!(
        report
            .unwrap_err()
            .contains("limits.yaml:1:1: this is not UTF-8")
    );
}

/// As editors of Windows save them: a byte order mark, and lines that end in two characters.
#[test]
fn a_byte_order_mark_and_carriage_returns() {
    let files = Files::new("a_byte_order_mark_and_carriage_returns");
    let table = format!("source: {{ title: T }}\n{TABLE}");
    let code = files.generate(format!("\u{feff}{table}"));
    assert_eq!(code, files.generate(table));
    let report = files.generate("groups:\r\n  - category: x\r\n    serie: S\r\n");
    assert!(
        report
            .unwrap_err()
            .contains("3 |     serie: S\n  |     ^\n")
    );
}

#[test]
fn a_file_that_is_too_large() {
    let mut table = TABLE.to_owned();
    table.push_str(&"#".repeat(8 << 20));
    let report = Files::new("a_file_that_is_too_large").generate(table);
    let expected = "limits.yaml: is too large: a catalogue takes at most 8388608 bytes";
    assert_eq!(report.unwrap_err(), expected);
}

/// Seven megabytes in one line: as a name, as a comment and as a nest.
#[test]
fn long_lines() {
    let files = Files::new("long_lines");
    let long = "a".repeat(7 << 20);
    for table in [
        format!("groups: [{{ {long}: 1 }}]"),
        format!("groups: [{{ category: {long} }}]"),
        TABLE.replace("name: a", &format!("name: '{long} '")),
    ] {
        let report = files.generate(table).unwrap_err();
        assert!(report.len() < 3_000, "{}", report.len());
        assert!(report.starts_with("limits.yaml:1:"), "{report}");
    }
    let code = files.generate(format!("{TABLE}# {long}"));
    assert_eq!(code, files.generate(TABLE));
}

#[test]
fn nests() {
    let files = Files::new("nests");
    for (open, close) in [("[", "]"), ("{ a: ", "}"), ("- ", "")] {
        let nest = format!("groups: {}{}", open.repeat(20_000), close.repeat(20_000));
        let report = files.generate(nest).unwrap_err();
        assert!(
            report.contains("nested too deep") || report.contains("not YAML"),
            "{report}"
        );
    }
    // Brackets in quotes and comments neither open nor close.
    for hidden in [
        "[ ']', ",
        "[ 'it''s ]', ",
        "[ \"\\\"]\", ",
        "[ \"\\\\\", \"]\", ",
        "[ &a ']', ",
        "[ # ]\n",
    ] {
        let nest = format!("groups: {}", hidden.repeat(20_000));
        let report = files.generate(nest).unwrap_err();
        assert!(report.contains("nested too deep"), "{report}");
    }
    for rows in [
        "  # - { name: old, limits: { qpm: 1 }",
        "  - { name: NAME, limits: { qpm: 1 } }  # was { qpm: 2",
        "  - { name: NAME, limits: { qpm: 1 }, deprecated: { note: 'see [docs', } }",
        "  - { name: NAME, limits: { qpm: 1 }, deprecated: { note: \"it's [\\\"\" } }",
    ] {
        let mut table = String::from(
            "groups:\n- category: embedding\n  series: Old, 'new and more\n  models:\n",
        );
        for number in 0..1_200 {
            _ = writeln!(table, "{}", rows.replace("NAME", &format!("a{number}")));
        }
        table.push_str("  - { name: last, limits: { qpm: 1 } }\n");
        assert!(files.generate(table).is_ok(), "{rows}");
    }
    // A quote within a text opens nothing.
    for series in [
        "Models of the '90s",
        "A 5 \" disk",
        "it's - or was",
        "&a 'quoted ]'",
        "\"a: '\"",
    ] {
        let mut table = format!("groups:\n- category: embedding\n  series: {series}\n  models:\n");
        for number in 0..1_200 {
            _ = writeln!(table, "  - {{ name: a{number}, limits: {{ qpm: 1 }} }}");
        }
        assert!(files.generate(table).is_ok(), "{series}");
    }
    let mut lines = String::new();
    for depth in 0..2_000 {
        _ = writeln!(lines, "{:depth$}-", "");
    }
    let report = files.generate(lines).unwrap_err();
    assert!(report.contains("nested too deep"), "{report}");
}

/// Nine anchors, each of nine times the one before: a billion values.
#[test]
fn a_bomb_of_aliases() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        let nine = vec![before; 9].join(", ");
        _ = writeln!(bomb, "a{level}: &a{level} [{nine}]");
    }
    let report = Files::new("a_bomb_of_aliases").generate(bomb).unwrap_err();
    assert!(
        report.contains("the file holds too many values"),
        "{report}"
    );
}

/// The overlay of another table, and a file in which everything is wrong.
#[test]
fn more_problems_than_anybody_reads() {
    let files = Files::new("more_problems_than_anybody_reads");
    let mut table = String::from("groups: [{ category: embedding, series: S, models: [\n");
    let mut overlay = String::from("limits:\n");
    for number in 0..3_000 {
        _ = writeln!(table, "{{ name: model-{number}, limits: {{ qpm: 1 }} }},");
        _ = writeln!(overlay, "  modell-{number}: {{ qpm: 1 }}");
    }
    table.push_str("] }]");
    let generator = Generator::new(files.write("limits.yaml", table));
    let generator = generator.overlay(files.write("account.yaml", overlay));
    let report = files.run(&generator).unwrap_err();
    assert!(
        report.starts_with("account.yaml:2:3: unknown model `modell-0`\n"),
        "{report}"
    );
    assert!(report.contains("help: did you mean `model-0`?"), "{report}");
    assert!(
        report.ends_with("account.yaml: and 2800 more problems"),
        "{report}"
    );

    let report = files.generate(format!("groups: [{}]", "0, ".repeat(100_000)));
    assert!(
        report
            .unwrap_err()
            .ends_with("limits.yaml: and 99800 more problems")
    );
}

#[test]
fn thousands_of_aliases_of_one_model() {
    let aliases: String = (0..20_000).fold(String::new(), |mut aliases, number| {
        _ = write!(aliases, "a{number}, ");
        aliases
    });
    let table = TABLE.replace("name: a,", &format!("name: a, aliases: [{aliases}],"));
    assert!(
        Files::new("thousands_of_aliases_of_one_model")
            .generate(table)
            .is_ok()
    );
}

#[test]
fn too_many_names() {
    let mut table = String::from("groups: [{ category: embedding, series: S, models: [\n");
    for number in 0..=50_000 {
        _ = writeln!(table, "{{ name: a{number}, limits: {{ qpm: 1 }} }},");
    }
    table.push_str("] }]");
    let report = Files::new("too_many_names").generate(table).unwrap_err();
    let expected = "limits.yaml:50002:9: this is one name too many: a catalogue holds 50000\n";
    assert!(report.starts_with(expected), "{report}");
}

#[test]
fn settings_that_cannot_be() {
    let files = Files::new("settings_that_cannot_be");
    let table = files.write("limits.yaml", TABLE);
    let generator = || Generator::new(Path::new(&table));
    for name in [
        "", "model", "4o", "Self", "My Model", "Modèle", "Match", "Path", "MustUse",
    ] {
        let report = files.run(&generator().enum_name(name)).unwrap_err();
        let expected = format!("the enum cannot be named `{name}`: ");
        assert!(report.starts_with(&expected), "{report}");
    }
    for path in [
        "",
        "a b",
        "a::",
        "::",
        "a-b",
        "a::crate",
        "type",
        "$crate",
        "super::limits",
        "self",
        "::crate",
    ] {
        let report = files.run(&generator().runtime(path)).unwrap_err();
        assert!(
            report.starts_with(&format!("`{path}` is not a path")),
            "{report}"
        );
    }
    for path in ["limits", "::limits", "crate::deep::limits"] {
        files
            .run(&generator().runtime(path).module("a::b"))
            .unwrap();
    }
    for path in ["a b", "super", "self::a", "crate::crate"] {
        files.run(&generator().module(path)).unwrap_err();
    }
    for (path, written) in [
        ("crate", "$crate::__"),
        ("crates", "$crate:: crates::__"),
        ("crate::a", "$crate:: a::__"),
    ] {
        let code = files.run(&generator().module(path)).unwrap();
        assert!(code.contains(written), "{code}");
    }
}
