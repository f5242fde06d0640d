//! What the answers of the quota endpoint change.

use std::fmt::Write as _;

use xtask::{DataFiles, ProviderPages, QuotaAnswer, generate, import};

use crate::{committed, compare, edit, page, with_quotas};

/// Returns the answers of an account in Beijing.
fn answers() -> Vec<QuotaAnswer> {
    let files = ["quota-answer-1.json", "quota-answer-2.json"];
    let answers = files.map(|file| QuotaAnswer {
        region: "beijing".to_owned(),
        file: file.to_owned(),
        text: page(file),
    });
    answers.to_vec()
}

fn pages(quota_answers: Vec<QuotaAnswer>) -> ProviderPages {
    ProviderPages {
        quota_answers,
        ..with_quotas("2026-10-09")
    }
}

fn row<'a>(files: &'a DataFiles, key: &str) -> Option<&'a str> {
    let mut lines = files.quotas.lines();
    lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('\t'))
}

#[test]
fn the_report_describes_the_changes_of_windows() {
    let committed = committed();
    let first = import(&pages(answers()), &committed, &[]).unwrap();
    compare("quotas.md", &first.report);
    assert_eq!(first.files.quota_file, "windows-2026-10-09.tsv");
    for (model, cells) in [
        ("qwen3-max", "1000\t2\t500000\ttotal_tokens\t6\t\t\t"),
        ("farui-plus", "5\t1\t1000000\toutput_tokens\t60\t\t\t"),
        // The endpoint does not answer with the timeout.
        ("happyhorse-1.1-i2v", "5\t1\t\t\t\t500\t3\t180"),
        // The lower of two, and of equal rates the shorter window.
        ("qwen3-vl-rerank", "10\t1\t1500000\ttotal_tokens\t10\t\t\t"),
        ("MiniMax/speech-02-hd", "20\t60\t2000\tcharacters\t6\t\t\t"),
        ("qwen9-preview", "1\t1\t\t\t\t\t\t"),
    ] {
        let found = row(&first.files, &format!("beijing\t{model}"));
        assert_eq!(found, Some(cells), "{model}");
    }
    // All other rows are kept.
    let old = committed.quotas.lines();
    let kept = old.filter(|line| first.files.quotas.lines().any(|new| new == *line));
    assert_eq!(kept.count(), committed.quotas.lines().count() - 5);
    assert_eq!(
        first.files.quotas.lines().count(),
        committed.quotas.lines().count() + 1
    );

    let tables = generate(&first.files).unwrap();
    let beijing = &tables.contents["tables/beijing.yaml"];
    assert!(
        beijing.contains("characters: 2000 per 6s"),
        "the window is used"
    );
    assert!(
        !beijing.contains("requests: 5 per 1s, tpm: 1000000"),
        "the page has another rate"
    );
    let second = import(&pages(answers()), &first.files, &[]).unwrap();
    assert_eq!(second.files.quotas, first.files.quotas);
    assert!(
        second.report.contains("Nothing changed."),
        "{}",
        second.report
    );
}

#[test]
fn one_file_can_have_all_pages_and_another_region() {
    let committed = committed();
    let [mut first, second] = <[QuotaAnswer; 2]>::try_from(answers()).unwrap();
    let beijing = import(&pages(vec![first.clone(), second.clone()]), &committed, &[]).unwrap();
    first.text = format!("{}\n{}", first.text, second.text);
    let together = import(&pages(vec![first.clone()]), &committed, &[]).unwrap();
    assert_eq!(together.files.quotas, beijing.files.quotas);

    "singapore".clone_into(&mut first.region);
    // The rate that the page has in Singapore.
    edit(
        &mut first.text,
        "\"request_limit\": 1000",
        "\"request_limit\": 20",
    );
    let singapore = import(&pages(vec![first]), &committed, &[]).unwrap().files;
    let is_kept = |line: &str| singapore.quotas.lines().any(|new| new == line);
    assert!(
        committed.quotas.lines().all(is_kept),
        "the rows of Beijing are kept"
    );
    let cells = row(&singapore, "singapore\thappyhorse-1.1-i2v");
    assert_eq!(cells, Some("5\t1\t\t\t\t500\t3\t"));

    let tables = generate(&singapore).unwrap().contents;
    let yaml = |table: &str| &tables[&format!("tables/{table}.yaml")];
    // For tokens, the page has another rate.
    let limits = "- name: qwen3-max\n        deprecated: { retires: 2026-10-10, replacement: qwen3.7-max, source: \"notice 1950\" }\n        limits: { requests: 20 per 2s, tpm: 1000000 }\n";
    assert!(yaml("singapore").contains(limits), "{}", yaml("singapore"));
    assert!(yaml("beijing").contains("limits: { requests: 500 per 1s, tokens: 500000 per 6s }"));
    for (table, has_windows) in [("singapore", true), ("beijing", true), ("tokyo", false)] {
        let header = ", windows-2026-10-09.tsv.\n";
        assert_eq!(yaml(table).contains(header), has_windows, "{table}");
        assert_eq!(yaml(table).contains("requests: "), has_windows, "{table}");
    }
    let report = &tables["xtask/data/report.txt"];
    assert!(report.contains(": qwen9-preview: not on the page, window not used\n"));
}

/// Mistakes in the first file: a name, the text that is replaced, and what it becomes.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "an error of the endpoint",
        "\"code\": null,\n  \"message\": null,\n  \"success\": true",
        "\"code\": \"InvalidApiKey\",\n  \"message\": \"Invalid API-key provided.\",\n  \"success\": false",
    ),
    ("no output", "\"output\": {", "\"outputs\": {"),
    ("missing success", "\"success\": true,", ""),
    (
        "unknown field of the answer",
        "\"request_id\": \"a1\"",
        "\"trace_id\": \"a1\"",
    ),
    (
        "unknown limit",
        "\"async_user_queue_limit\": null",
        "\"images_limit\": 5",
    ),
    (
        "renamed limit",
        "\"request_limit\": 1000",
        "\"count_limit\": 1000",
    ),
    ("zero", "\"request_limit\": 1000", "\"request_limit\": 0"),
    (
        "negative",
        "\"request_limit\": 1000",
        "\"request_limit\": -1",
    ),
    (
        "decimal number",
        "\"request_limit\": 1000",
        "\"request_limit\": 1.5",
    ),
    (
        "text instead of a number",
        "\"request_limit\": 1000",
        "\"request_limit\": \"1,000\"",
    ),
    (
        "limit without a period",
        "\"request_limit_period\": 2",
        "\"request_limit_period\": null",
    ),
    (
        "period without a limit",
        "\"request_limit\": 1000",
        "\"request_limit\": null",
    ),
    (
        "period that is too long",
        "\"request_limit_period\": 2",
        "\"request_limit_period\": 18446744073709551615",
    ),
    ("unknown unit", "\"total_tokens\"", "\"images\""),
    ("missing unit", "\"total_tokens\"", "null"),
    (
        "name that is not a model ID",
        "\"qwen3-max\"",
        "\"qwen3 max\"",
    ),
    (
        "quotas that are not a list",
        "\"quotas\": [",
        "\"quotas\": {",
    ),
    (
        "missing quotas of the workspace",
        ",\n        \"workspace_limit\": null",
        "",
    ),
    (
        "other units in two quotas",
        "9000000,\n          \"usage_limit_field\": \"total_tokens\"",
        "9000000,\n          \"usage_limit_field\": \"characters\"",
    ),
    ("another total", "\"total\": 8", "\"total\": 9"),
    ("not JSON", "{\n  \"code\"", "<html>\n  \"code\""),
];

#[test]
fn mistakes_are_errors() {
    let committed = committed();
    let mut report = String::new();
    let mut check = |mistake: &str, answers: Vec<QuotaAnswer>| {
        let error = import(&pages(answers), &committed, &[]).map(|import| import.report);
        _ = writeln!(report, "{mistake}\n{}\n", error.expect_err(mistake));
    };
    for (mistake, from, to) in MISTAKES {
        let mut answers = answers();
        assert!(answers[0].text.contains(from), "{mistake}");
        answers[0].text = answers[0].text.replacen(from, to, 1);
        check(mistake, answers);
    }
    let mut cut_off = answers();
    cut_off[0].text.truncate(400);
    check("cut off", cut_off);
    check("missing page", answers()[..1].to_vec());
    check("page twice", [answers(), answers()[..1].to_vec()].concat());
    let mut empty = answers()[..1].to_vec();
    empty[0].text.clear();
    check("empty file", empty);
    let mut elsewhere = answers();
    "atlantis".clone_into(&mut elsewhere[0].region);
    check("unknown region", elsewhere);
    compare("quota-mistakes.txt", &report);
}
