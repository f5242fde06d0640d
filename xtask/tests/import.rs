//! What the provider's pages become.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use xtask::{DataFiles, ProviderPages, generate, import};

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the data files with the rate limit page of 2026-10-09, also when newer ones are committed.
fn committed() -> DataFiles {
    let files = DataFiles::load(&package().join("data")).expect("the data files");
    DataFiles {
        page_date: "2026-10-09".to_owned(),
        page_file: "models-2026-10-09.tsv".to_owned(),
        page: page("models-2026-10-09.tsv"),
        ..files
    }
}

fn page(file: &str) -> String {
    let path = package().join("tests/pages").join(file);
    fs::read_to_string(path).expect("the page")
}

fn pages(date: &str) -> ProviderPages {
    ProviderPages {
        date: date.to_owned(),
        rate_limits: page(&format!("rate-limit-{date}.md")),
        quotas: None,
    }
}

fn with_quotas(date: &str) -> ProviderPages {
    let quotas = Some(page("quota-management.md"));
    ProviderPages {
        quotas,
        ..pages(date)
    }
}

/// Returns the data files without rows of the page.
fn no_data() -> DataFiles {
    let mut files = committed();
    files
        .page
        .truncate(files.page.find('\n').expect("a header") + 1);
    files
}

/// Returns the cells of the rows, and their columns.
fn rows(files: &DataFiles) -> Vec<BTreeMap<&str, &str>> {
    let mut lines = files.page.lines().map(|line| line.split('\t'));
    let header: Vec<_> = lines.next().expect("a header").collect();
    lines
        .map(|cells| header.iter().copied().zip(cells).collect())
        .collect()
}

#[test]
fn the_page_gives_the_data_row_for_row() {
    let committed = committed();
    for pages in [with_quotas("2026-10-09"), pages("2026-10-09")] {
        let import = import(&pages, &committed).unwrap();
        for (new, old) in import.files.page.lines().zip(committed.page.lines()) {
            assert_eq!(new, old);
        }
        assert_eq!(import.files.page, committed.page);
        assert_eq!(import.files.page_file, committed.page_file);
    }
}

#[test]
fn without_older_data_only_remarks_written_by_hand_are_missing() {
    let committed = committed();
    let import = import(&with_quotas("2026-10-09"), &no_data()).unwrap();
    let (new, old) = (rows(&import.files), rows(&committed));
    assert_eq!(new.len(), old.len());
    let mut remarks = 0;
    for (new, mut old) in new.into_iter().zip(old) {
        if ["was ", "the page "]
            .iter()
            .any(|begin| old["note"].starts_with(begin))
        {
            old.insert("note", "");
            remarks += 1;
        }
        assert_eq!(new, old);
    }
    assert_eq!(remarks, 20);
}

#[test]
fn headings_are_recognized_at_any_level() {
    let newest = with_quotas("2026-10-09");
    let expected = import(&newest, &no_data()).unwrap().files.page;
    let mut pages = newest.clone();
    let relevel = |(index, line): (usize, &str)| match line.trim_start_matches('#') {
        text if text.len() == line.len() => line.to_owned(),
        text if index % 2 == 0 => format!("{} **{}**", &"######"[..=index % 5], text.trim()),
        text => format!("##{text}"),
    };
    let lines = newest.rate_limits.lines().enumerate().map(relevel);
    pages.rate_limits = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(import(&pages, &no_data()).unwrap().files.page, expected);
}

#[test]
fn an_older_edition_with_another_layout_is_read() {
    let import = import(&pages("2026-08-10"), &no_data()).unwrap();
    assert_eq!(import.files.page_file, "models-2026-08-10.tsv");
    let rows = rows(&import.files);

    // Each name is a line of its own, up to the names that were retired.
    let page = page("rate-limit-2026-08-10.md");
    let (_, page) = page.split_once("## **文本生成-千问**").unwrap();
    let (page, _) = page.split_once("## **已下线模型**").unwrap();
    let is_name = |line: &&str| {
        let mut chars = line.chars();
        chars
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic())
            && chars.all(|c| c.is_ascii_graphic())
    };
    let names = page
        .lines()
        .filter(is_name)
        .map(|line| line.replace("**", "").replace('\\', ""));
    let found = rows.iter().map(|row| row["name"].to_owned());
    // One row has a Chinese name.
    let found: Vec<_> = found.filter(|name| name.is_ascii()).collect();
    assert_eq!(found, names.collect::<Vec<_>>());
    assert_eq!(rows.len(), found.len() + 1);

    let find = |region: &str, scope: &str, name: &str| {
        let mut rows = rows.iter();
        let row =
            rows.find(|row| [row["region"], row["scope"], row["name"]] == [region, scope, name]);
        let row = row.unwrap();
        let filled = row.iter().filter(|(_, cell)| !cell.is_empty());
        let filled = filled.filter(|(column, _)| !["region", "scope", "name"].contains(column));
        let cells: Vec<_> = filled
            .map(|(column, cell)| format!("{column}: {cell}"))
            .collect();
        cells.join(", ")
    };
    for (region, scope, name, expected) in [
        (
            "beijing",
            "mainland",
            "qwen-plus-2025-07-14",
            "aliases: qwen-plus-0714, category: text-generation, rpm: 60, series: Qwen language models, tpm: 100000",
        ),
        (
            "virginia",
            "us",
            "qwen-plus-us",
            "category: text-generation, rpm: 600, series: Qwen language models, tpm: 1000000",
        ),
        (
            "singapore",
            "international",
            "qwen3-tts-vd-2026-01-26",
            "category: speech-synthesis, rpm: 180, series: Qwen-TTS > Qwen3-TTS-VD",
        ),
        (
            "beijing",
            "mainland",
            "kimi/kimi-k2.5",
            "category: text-generation-third-party, rpm: 500, series: Kimi, supplied by Moonshot AI, shared_by: 5 models share 500 RPM; 5 models share 3000000 TPM, tpm: 3000000",
        ),
    ] {
        assert_eq!(find(region, scope, name), expected, "{name}");
    }

    let tables = generate(&import.files).unwrap();
    assert!(tables.contents["tables/tokyo.yaml"].contains("date: 2026-08-10"));
}

/// Mistakes in the pages: a name, the lines that the mistake replaces, and what it puts there.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "unknown category",
        "## 文本生成-第三方模型",
        "## 文本生成-其他",
    ),
    (
        "unknown first category",
        "## 文本生成-千问\n",
        "## 文本生成\n",
    ),
    ("unknown series", "### 千问Coder\n", "### 千问Coder2\n"),
    ("unknown region", "#### 日本（东京）", "#### 日本（大阪）"),
    (
        "table without region",
        "### 千问Coder\n\n#### 华北2（北京）\n",
        "### 千问Coder\n",
    ),
    (
        "unknown scope",
        "qwen3.8-max-0902\n\n全球",
        "qwen3.8-max-0902\n\n南极",
    ),
    (
        "missing scope",
        "qwen3.8-max-0902\n\n全球",
        "qwen3.8-max-0902",
    ),
    ("unknown unit", "120 次/分钟", "120 次/小时"),
    (
        "unit of another page",
        "farui-plus\n\n240\n\n1,000,000",
        "farui-plus\n\n240\n\n100万",
    ),
    (
        "ambiguous unit",
        "farui-plus\n\n240\n\n1,000,000",
        "farui-plus\n\n240\n\n1M Token",
    ),
    (
        "unknown column",
        "**每分钟消耗字符数**",
        "**每分钟消耗图片数**",
    ),
    (
        "unknown remark in the header",
        "> **仅含输入字符数**",
        "> **仅含输出字符数**",
    ),
    (
        "too few cells",
        "farui-plus\n\n240\n\n1,000,000",
        "farui-plus\n\n240",
    ),
    (
        "too few cells in the first row",
        "farui-plus\n\n240\n\n1,000,000",
        "farui-plus",
    ),
    (
        "too few cells in a later row",
        "qwen3-max\n\n国际\n\n600\n\n1,000,000",
        "qwen3-max\n\n国际\n\n1,000,000",
    ),
    (
        "too many cells",
        "farui-plus\n\n240\n\n1,000,000",
        "farui-plus\n\n240\n\n1,000,000\n\n7",
    ),
    (
        "cells without a name",
        "farui-plus\n\n240\n\n1,000,000",
        "240\n\n1,000,000",
    ),
    (
        "misplaced separator",
        "farui-plus\n\n240\n\n1,000,000",
        "farui-plus\n\n240\n\n1,00,000",
    ),
    (
        "zero",
        "farui-plus\n\n240\n\n1,000,000",
        "farui-plus\n\n0\n\n1,000,000",
    ),
    ("name with a space", "farui-plus\n", "farui plus\n"),
    (
        "row twice with different numbers",
        "farui-plus\n\n240\n\n1,000,000",
        "farui-plus\n\n240\n\n1,000,000\n\nfarui-plus\n\n300\n\n1,000,000",
    ),
    (
        "table without limits",
        "**每分钟调用次数（RPM）**\n\nfun-music",
        "fun-music",
    ),
    (
        "unexpected form",
        "fun-music-preview\n\n180",
        "fun-music-preview\n\n同步接口无限制",
    ),
    (
        "no limit",
        "fun-music-preview\n\n180",
        "fun-music-preview\n\n—",
    ),
    (
        "unknown shared quota",
        "在 20 个模型间共享并发额度",
        "在 20 个模型间共享额外额度",
    ),
    (
        "contradictory shared quota",
        "任务总数加起来不能超过 10 个。\n\nTripo",
        "任务总数加起来不能超过 11 个。\n\nTripo",
    ),
    (
        "shared quota of another number",
        "Tripo-H3.1\n\n5\n\n10\n",
        "Tripo-H3.1\n\n5\n\n12\n",
    ),
    (
        "text outside of a table",
        "### Sambert\n\n#### 华北2（北京）\n",
        "### Sambert\n\n#### 华北2（北京）\n\n敬请期待。\n",
    ),
    ("no model", "## ", "# "),
    (
        "tiers in another unit",
        "1000万\n\n2000万\n\n**qwen3.8-max-0902",
        "10亿\n\n20亿\n\n**qwen3.8-max-0902",
    ),
    (
        "too few tiers",
        "1000万\n\n2000万\n\n**qwen3.8-max-0902",
        "1000万\n\n**qwen3.8-max-0902",
    ),
    (
        "descending tiers",
        "1000万\n\n2000万\n\n**qwen3.8-max-0902",
        "2000万\n\n1000万\n\n**qwen3.8-max-0902",
    ),
];

#[test]
fn mistakes_are_errors_with_a_line() {
    let committed = committed();
    let mut report = String::new();
    for (mistake, from, to) in MISTAKES {
        let mut pages = with_quotas("2026-10-09");
        let quotas = pages.quotas.as_mut().unwrap();
        let page = if quotas.contains(from) && !pages.rate_limits.contains(from) {
            quotas
        } else {
            &mut pages.rate_limits
        };
        assert!(page.contains(from), "{mistake}");
        *page = match *mistake {
            "no model" => page
                .split_once("\n## 文本生成-千问\n")
                .unwrap()
                .0
                .to_owned(),
            _ => page.replacen(from, to, 1),
        };
        let error = import(&pages, &committed)
            .map(|import| import.report)
            .unwrap_err();
        _ = writeln!(report, "{mistake}\n{error}\n");
    }
    compare("errors.txt", &report);
}

/// Compares a text with a file. With `UPDATE=1`, writes the file.
fn compare(file: &str, text: &str) {
    let path: PathBuf = package().join("tests/import").join(file);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    for (line, expected) in text.lines().zip(expected.lines()) {
        assert_eq!(line, expected);
    }
    assert!(text == expected, "{file} has another number of lines");
}

/// Damages a page at random: removes, repeats, swaps and changes lines.
#[test]
fn damage_never_panics() {
    let committed = committed();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    let pages = ["2026-08-10", "2026-10-09"].map(with_quotas);
    let mut errors = 0;
    for round in 0..36 {
        let mut pages = pages[round % 2].clone();
        let page = match round % 6 {
            5 => pages.quotas.as_mut().unwrap(),
            _ => &mut pages.rate_limits,
        };
        let mut lines: Vec<_> = page.lines().map(str::to_owned).collect();
        for _ in 0..=random(4) {
            let (index, other) = (random(lines.len()), random(lines.len()));
            match random(5) {
                0 => _ = lines.remove(index),
                1 => lines.insert(index, lines[other].clone()),
                2 => lines.swap(index, other),
                3 => lines[index] = lines[index].chars().rev().collect(),
                _ => {
                    let end = random(lines[index].chars().count() + 1);
                    lines[index] = lines[index].chars().take(end).collect();
                }
            }
        }
        *page = lines.join("\n");
        if let Err(error) = import(&pages, &committed) {
            errors += 1;
            assert!(error.lines().all(|line| line.contains(".md:")), "{error}");
        }
    }
    assert!(errors > 6, "{errors}");
}
