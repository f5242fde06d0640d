//! Files that cannot be read, and files that are very large or deeply nested.

use std::fmt::Write as _;
use std::path::Path;

use model_studio_limits_codegen::Generator;

use crate::scratch::ScratchDir;

const TABLE: &str =
    "groups: [{ category: embedding, series: S, models: [{ name: a, limits: { qpm: 1 } }] }]\n";

fn generate(table: impl AsRef<[u8]>) -> Result<String, String> {
    let scratch = ScratchDir::new();
    scratch.generate(&Generator::new(scratch.write("limits.yaml", table)))
}

#[track_caller]
fn assert_starts_with(report: &str, start: &str) {
    assert!(report.starts_with(start), "{report}");
}

#[test]
fn a_missing_table_is_an_error() {
    let path = Path::new("missing").join("limits.yaml");
    let error = Generator::new(&path).generate().unwrap_err().to_string();
    let expected = format!("{}: cannot read the file: ", path.display());
    assert_starts_with(&error, &expected);
}

#[test]
fn a_missing_overlay_is_an_error() {
    let scratch = ScratchDir::new();
    let path = Path::new("missing").join("account.yaml");
    let generator = Generator::new(scratch.write("limits.yaml", TABLE)).overlay(&path);
    let report = scratch.generate(&generator).unwrap_err();
    let expected = format!("{}: cannot read the file: ", path.display());
    assert_starts_with(&report, &expected);
}

#[test]
fn a_directory_is_an_error() {
    let error = Generator::new("src").generate().unwrap_err().to_string();
    assert_starts_with(&error, "src: cannot read the file: ");
}

#[test]
fn invalid_utf_8_is_an_error() {
    let report = generate(b"groups:\n  - series: caf\xe9\n").unwrap_err();
    let expected = "\
limits.yaml:2:16: the file is not valid UTF-8
  |
2 |   - series: caf
  |                ^
  help: save the file as UTF-8";
    assert_eq!(report, expected);
}

#[test]
fn utf_16_is_an_error() {
    let utf_16: Vec<u8> = TABLE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let report = generate([&[0xff, 0xfe], &utf_16[..]].concat()).unwrap_err();
    assert_starts_with(&report, "limits.yaml:1:1: the file is not valid UTF-8\n");
}

#[test]
fn a_byte_order_mark_is_ignored() {
    assert_eq!(generate(format!("\u{feff}{TABLE}")), generate(TABLE));
}

#[test]
fn carriage_returns_are_not_part_of_lines() {
    let report = generate("groups:\r\n  - serie: S\r\n").unwrap_err();
    let expected = "\
limits.yaml:2:5: unknown key `serie`
  |
2 |   - serie: S
  |     ^
  help: did you mean `series`?
";
    assert_starts_with(&report, expected);
}

#[test]
fn a_file_above_the_size_limit_is_an_error() {
    let report = generate(format!("{TABLE}{}", "#".repeat(8 << 20))).unwrap_err();
    let expected = "limits.yaml: the file is larger than 8 MiB";
    assert_eq!(report, expected);
}

#[test]
fn a_long_comment_is_ignored() {
    let comment = "a".repeat(7 << 20);
    assert_eq!(generate(format!("{TABLE}# {comment}")), generate(TABLE));
}

/// Messages are limited to 500 characters, and excerpts to 60 characters on each side.
#[test]
fn a_long_string_is_shortened_in_the_report() {
    let long = "a".repeat(7 << 20);
    let report = generate(format!("groups: [{{ category: {long} }}]")).unwrap_err();
    let expected = format!(
        "\
limits.yaml:1:22: unknown category `{}…
  |
1 | groups: [{{ category: {}…
  |                      ^
  help: expected one of ",
        "a".repeat(500 - "unknown category `".len()),
        "a".repeat(60),
    );
    assert!(report.contains(&expected), "{report}");
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, close) in [("[", "]"), ("{ a: ", "}"), ("- ", "")] {
        let report = generate(format!(
            "groups:\n  {}{}",
            open.repeat(20_000),
            close.repeat(20_000)
        ));
        let report = report.unwrap_err();
        assert!(
            report.contains(": values are nested too deeply\n"),
            "{report}"
        );
    }
    let lines = (0..2_000).fold(String::new(), |mut lines, depth| {
        _ = writeln!(lines, "{:depth$}-", "");
        lines
    });
    let report = generate(lines).unwrap_err();
    assert!(
        report.contains(": values are nested too deeply\n"),
        "{report}"
    );
}

#[test]
fn brackets_in_quotes_and_comments_do_not_close_nesting() {
    for nesting in [
        "[ ']', ",
        "[ 'it''s ]', ",
        "[ \"\\\"]\", ",
        "[ \"\\\\\", \"]\", ",
        "[ &a ']', ",
        "[ # ]\n",
    ] {
        let report = generate(format!("groups: {}", nesting.repeat(20_000))).unwrap_err();
        assert!(
            report.contains(": values are nested too deeply\n"),
            "{report}"
        );
    }
}

#[test]
fn brackets_in_quotes_and_comments_do_not_open_nesting() {
    for row in [
        "  # - { name: old, limits: { qpm: 1 }",
        "  - { name: NAME, limits: { qpm: 1 } }  # was { qpm: 2",
        "  - { name: NAME, limits: { qpm: 1 }, deprecated: { note: 'see [docs', } }",
        "  - { name: NAME, limits: { qpm: 1 }, deprecated: { note: \"it's [\\\"\" } }",
    ] {
        generate(many_rows("Old, 'new and more", row)).unwrap();
    }
}

#[test]
fn quotes_in_plain_strings_do_not_start_quoted_strings() {
    let row = "  - { name: NAME, limits: { qpm: 1 } }";
    for series in [
        "Models of the '90s",
        "A 5 \" disk",
        "it's - or was",
        "&a 'quoted ]'",
        "\"a: '\"",
    ] {
        generate(many_rows(series, row)).unwrap();
    }
}

/// Returns a table with more rows than the nesting limit, and with different values for `NAME`.
fn many_rows(series: &str, row: &str) -> String {
    let mut table = format!("groups:\n- category: embedding\n  series: {series}\n  models:\n");
    for number in 0..1_200 {
        _ = writeln!(table, "{}", row.replace("NAME", &format!("a{number}")));
    }
    table.push_str("  - { name: last, limits: { qpm: 1 } }\n");
    table
}

/// Each anchor contains the previous one nine times.
#[test]
fn exponentially_many_values_are_an_error() {
    let mut table = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let previous = format!("*a{}", level - 1);
        let items = vec![previous; 9].join(", ");
        _ = writeln!(table, "a{level}: &a{level} [{items}]");
    }
    let report = generate(table).unwrap_err();
    assert!(
        report.contains(": the file contains too many values\n"),
        "{report}"
    );
}

#[test]
fn reports_show_200_errors() {
    let report = generate(format!("groups: [{}]", "0, ".repeat(100_000))).unwrap_err();
    let shown = report
        .lines()
        .filter(|line| line.starts_with("limits.yaml:1:"));
    assert_eq!(shown.count(), 200);
    assert!(
        report.ends_with("\n\nlimits.yaml: 99800 more errors"),
        "{report}"
    );
}

#[test]
fn an_overlay_for_another_table_is_reported_quickly() {
    let scratch = ScratchDir::new();
    let mut table = String::from("groups: [{ category: embedding, series: S, models: [\n");
    let mut overlay = String::from("limits:\n");
    for number in 0..3_000 {
        _ = writeln!(table, "{{ name: model-{number}, limits: {{ qpm: 1 }} }},");
        _ = writeln!(overlay, "  modell-{number}: {{ qpm: 1 }}");
    }
    table.push_str("] }]");
    let generator = Generator::new(scratch.write("limits.yaml", table));
    let generator = generator.overlay(scratch.write("account.yaml", overlay));
    let report = scratch.generate(&generator).unwrap_err();
    let expected = "\
account.yaml:2:3: unknown model `modell-0`
  |
2 |   modell-0: { qpm: 1 }
  |   ^
  help: did you mean `model-0`?
";
    assert_starts_with(&report, expected);
    assert!(
        report.ends_with("\n\naccount.yaml: 2800 more errors"),
        "{report}"
    );
}

#[test]
fn a_model_can_have_thousands_of_aliases() {
    let aliases: Vec<String> = (0..20_000).map(|number| format!("a{number}")).collect();
    let row = format!("name: a, aliases: [{}],", aliases.join(", "));
    generate(TABLE.replace("name: a,", &row)).unwrap();
}

#[test]
fn too_many_names_are_an_error() {
    let mut table = String::from("groups: [{ category: embedding, series: S, models: [\n");
    for number in 0..=50_000 {
        _ = writeln!(table, "{{ name: a{number}, limits: {{ qpm: 1 }} }},");
    }
    table.push_str("] }]");
    let expected = "\
limits.yaml:50002:9: too many names: a table can have at most 50000
      |
50002 | { name: a50000, limits: { qpm: 1 } },
      |         ^";
    assert_eq!(generate(table).unwrap_err(), expected);
}
