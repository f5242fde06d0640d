//! The committed tables, and what changes and errors in the data do to them.

use std::path::Path;

use xtask::{DataFiles, GeneratedFiles, generate};

fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().expect("the repository")
}

fn committed() -> DataFiles {
    DataFiles::load(&repository().join("xtask/data")).expect("the data files")
}

/// Returns the data files with the rate limit page of 2026-10-09, also when newer ones are committed.
fn data() -> DataFiles {
    DataFiles {
        page_date: "2026-10-09".to_owned(),
        page_file: "models-2026-10-09.tsv".to_owned(),
        page: include_str!("pages/models-2026-10-09.tsv").to_owned(),
        notice_file: "lifecycle-2026-08.tsv".to_owned(),
        notices: include_str!("pages/lifecycle-2026-08.tsv").to_owned(),
        quota_file: "windows-2026-08.tsv".to_owned(),
        quotas: include_str!("pages/windows-2026-08.tsv").to_owned(),
        ..committed()
    }
}

/// Replaces a part of a file, which must be there once.
fn replace(text: &mut String, from: &str, to: &str) {
    assert_eq!(text.matches(from).count(), 1, "{from:?}");
    *text = text.replace(from, to);
}

/// Returns the lines of a table, or of the report.
fn lines<'a>(output: &'a GeneratedFiles, path: &str) -> Vec<&'a str> {
    output.contents[path].lines().collect()
}

/// Returns the rows of a model: its name and what follows, up to the next model.
fn model(output: &GeneratedFiles, table: &str, name: &str) -> Vec<String> {
    let lines = lines(output, &format!("tables/{table}.yaml"));
    let mut lines = lines.into_iter().map(str::trim);
    lines
        .by_ref()
        .find(|line| *line == format!("- name: {name}"))
        .expect(name);
    let lines = lines.take_while(|line| !line.is_empty() && !line.starts_with("- "));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_committed_files_are_what_the_data_gives() {
    let differences = generate(&committed()).unwrap().differences(repository());
    let differences = differences.unwrap();
    assert!(
        differences.is_empty(),
        "run `cargo xtask tables`\n{}",
        differences.join("\n")
    );
}

#[test]
fn a_changed_number_changes_one_line_of_the_tables() {
    let mut data = data();
    let before = generate(&data).unwrap();
    replace(
        &mut data.page,
        "singapore\tinternational\ttext-generation\tQwen language models\tqwen3.7-max\t\t",
        "singapore\tinternational\ttext-generation\tQwen language models\tqwen3.7-max\t\t1",
    );
    let after = generate(&data).unwrap();

    let mut changed = Vec::new();
    let files = before.contents.iter().zip(&after.contents);
    // The page that compares the regions has the number too.
    for ((_, before), (_, after)) in files.filter(|((path, _), _)| path.starts_with("tables/")) {
        assert_eq!(before.lines().count(), after.lines().count());
        let lines = before.lines().zip(after.lines());
        changed.extend(lines.filter(|(before, after)| before != after));
    }
    let expected = (
        "        limits: { qpm: 600, tpm: 1000000 }",
        "        limits: { qpm: 1600, tpm: 1000000 }",
    );
    assert_eq!(changed, [expected]);
}

#[test]
fn every_row_is_in_a_table_or_in_the_report() {
    let data = data();
    let output = generate(&data).unwrap();
    let is_model = |line: &&str| line.trim_start().starts_with("- name: ");
    let models = output.contents.values();
    let models = models.map(|text| text.lines().filter(is_model).count());

    let rows = data.page.lines().count() - 1;
    let left_out = [
        "models-2026-10-09.tsv:509: kimi-k3: line 508 has the same model: the lowest limits are used",
        "models-2026-10-09.tsv:749: Sambert系列模型: not a model ID: left out",
    ];
    assert_eq!(models.sum::<usize>(), rows - left_out.len());
    let report: Vec<_> = output.report().lines().collect();
    for line in left_out {
        assert!(report.contains(&line), "{line}");
    }
}

#[test]
fn limits_have_the_form_of_the_page_or_of_the_exact_window() {
    let output = generate(&data()).unwrap();
    let limits = |table: &str, name: &str| {
        let rows = model(&output, table, name);
        let row = rows.iter().find_map(|row| row.strip_prefix("limits: "));
        row.expect("limits").to_owned()
    };
    for (table, name, expected) in [
        ("singapore", "qwen3-max", "{ qpm: 600, tpm: 1000000 }"),
        (
            "beijing",
            "qwen3-max",
            "{ requests: 500 per 1s, tokens: 500000 per 6s }",
        ),
        (
            "beijing",
            "qwen-plus-2024-12-20",
            "{ requests: 5 per 5s, tpm: 150000 }",
        ),
        ("beijing", "qwen-image-3.0", "{ submissions: 2 per 6s }"),
        (
            "beijing",
            "MiniMax/speech-02-hd",
            "{ qpm: 20, characters: 20000 per 60s }",
        ),
        (
            "beijing",
            "farui-plus",
            "{ requests: 4 per 1s, tpm: 1000000 }",
        ),
        ("beijing", "qwen3.8-max", "{ tpm: 5000000 }"),
        ("beijing", "wan3.0-video", "{ rps: 5, concurrent_tasks: 5 }"),
        ("beijing", "kimi/kimi-k2.6", "{ qpm: 500, tpm: 3000000 }"),
        ("virginia", "kimi-k3", "{ qpm: 10000, tpm: 1200000 }"),
        (
            "virginia_us",
            "qwen3.8-flash",
            "{ qpm: 15000, tpm: 2500000 }",
        ),
    ] {
        assert_eq!(limits(table, name), expected, "{table} {name}");
    }
}

#[test]
fn notices_deprecate_models_and_retire_names() {
    let output = generate(&data()).unwrap();
    let deprecated = |table: &str, name: &str| {
        let rows = model(&output, table, name);
        rows.into_iter().find(|row| row.starts_with("deprecated: "))
    };
    for (table, name, expected) in [
        (
            "beijing",
            "qwen-plus-2025-07-28",
            Some("retires: 2026-10-10, replacement: qwen3.7-plus, source: \"notice 118434\""),
        ),
        (
            "beijing",
            "qwen-plus-2024-12-20",
            Some("retires: 2026-10-10, replacement: qwen3.7-plus, source: \"notice 118434\""),
        ),
        ("beijing", "qwen-plus-2025-12-01", None),
        (
            "singapore",
            "qwen-max",
            Some(
                "retires: 2026-07-13, source: \"notice 731\", note: \"announced for 2026-07-13, still listed on 2026-10-09; replaced by newest of the Qwen3.6 series (no single name)\"",
            ),
        ),
    ] {
        let expected = expected.map(|fields| format!("deprecated: {{ {fields} }}"));
        assert_eq!(deprecated(table, name), expected, "{table} {name}");
    }

    let beijing = lines(&output, "tables/beijing.yaml");
    let row = "  - { name: qwen-max-0107, on: 2025-05-08, replacement: qwen-max, source: \"notice 117139\" }";
    assert!(beijing.contains(&row));
    let tokyo = lines(&output, "tables/tokyo.yaml");
    let row = "  - { name: gte-rerank, on: 2026-05-30, source: \"notice 118217\", note: \"replaced by qwen3-rerank\" }";
    assert!(tokyo.contains(&row));
    assert!(!tokyo.iter().any(|line| line.contains("name: qwen-max,")));
}

#[test]
fn errors_show_file_line_and_column() {
    let row = "virginia\tus\ttext-generation-third-party\tGLM\tglm-5.2\t\t500\t1000000";
    for (cells, message) in [
        (
            "virginia\tus\tc\ts\tglm-5.2\t\t5oo\t1",
            "26: expected a positive integer, found `5oo`",
        ),
        (
            "virginia\tus\tc\ts\tglm-5.2\t\t\t",
            "26: the row has no limit and is not dynamic",
        ),
        (
            "virginia\tus\tc\ts\tglm-5.2\t1",
            "35: expected 17 cells, found 15",
        ),
        ("oregon\tus\tc\ts\tglm-5.2\t\t1\t1", "1: unknown region"),
        (
            "virginia\tus\tc\ts\tqwen-plus\t\t1\t1",
            "17: duplicate name in the table, first listed on line ",
        ),
    ] {
        let mut data = data();
        let line = data.page.lines().position(|line| line.starts_with(row));
        let line = line.expect("the row") + 1;
        replace(&mut data.page, row, cells);
        let error = generate(&data).unwrap_err();
        let expected = format!("models-2026-10-09.tsv:{line}:{message}");
        assert!(error.starts_with(&expected), "{error}\n{expected}");
    }
}

#[test]
fn the_lowest_limits_of_several_rows_are_used_in_any_order() {
    let row = |scope: &str, limits: &str| format!("virginia\t{scope}\tc\ts\tnew\t\t{limits}");
    for [one, other] in [["global", "international"], ["international", "global"]] {
        let mut data = data();
        data.page += &row(one, "500\t1000\t\t\t\t\t\t\t\t\t\n");
        data.page += &row(other, "400\t2000\t\t\t\t7\t\t\t\t\t\n");
        let output = generate(&data).unwrap();
        let rows = model(&output, "virginia", "new");
        assert_eq!(
            rows,
            ["limits: { qpm: 400, tpm: 1000, concurrent_tasks: 7 }"]
        );
    }
    let mut data = data();
    data.page += &row("global", "500\t1000\t\t\t\t\t\t\t\t\t\n").repeat(2);
    let error = generate(&data).unwrap_err();
    assert!(
        error.ends_with("duplicate name in the table, first listed on line 1031"),
        "{error}"
    );
}
