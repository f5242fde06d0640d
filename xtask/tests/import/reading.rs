//! Reads whole pages.

use xtask::{DataFiles, generate, import};

use crate::{committed, no_data, page, pages, rows, with_quotas};

#[test]
fn the_page_gives_the_data_row_for_row() {
    let committed = committed();
    for pages in [with_quotas("2026-10-09"), pages("2026-10-09")] {
        let import = import(&pages, &committed, &[]).unwrap();
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
    let import = import(&with_quotas("2026-10-09"), &no_data(), &[]).unwrap();
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
fn headings_are_recognized_at_any_level_and_with_other_spaces() {
    let newest = with_quotas("2026-10-09");
    let expected = import(&newest, &no_data(), &[]).unwrap().files.page;
    let mut pages = newest.clone();
    let relevel = |(index, line): (usize, &str)| match line.trim_start_matches('#') {
        text if text.len() == line.len() => line.to_owned(),
        text => {
            let text = match index % 4 {
                0 => format!("**{}**", text.trim()),
                1 => format!("[{}](regions.md) ##", text.trim()),
                2 => text.replace('（', " (").replace('）', ") "),
                _ => text.replace("千问", "千问 "),
            };
            format!("{} {text}", &"######"[..=index % 5])
        }
    };
    let lines = newest.rate_limits.lines().enumerate().map(relevel);
    pages.rate_limits = lines.collect::<Vec<_>>().join("\n");
    for (text, other) in [
        ("Token数（TPM）", " Token 数 (TPM)"),
        ("调用次数（RPM）", "调用次数 (RPM)"),
        ("Batch API](", " Batch API ]("),
    ] {
        pages.rate_limits = pages.rate_limits.replace(text, other);
    }
    assert_eq!(
        import(&pages, &no_data(), &[]).unwrap().files.page,
        expected
    );
}

#[test]
fn an_older_edition_with_another_layout_is_read() {
    let import = import(&pages("2026-08-10"), &no_data(), &[]).unwrap();
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

    let files = DataFiles {
        notices: committed().notices,
        ..import.files
    };
    let tables = generate(&files).unwrap();
    assert!(tables.contents["tables/tokyo.yaml"].contains("date: 2026-08-10"));
}

#[test]
fn texts_of_older_editions_have_the_same_meaning() {
    let newest = with_quotas("2026-10-09");
    let expected = import(&newest, &no_data(), &[]).unwrap().files.page;
    let mut older = newest;
    for (text, other) in [
        ("### Qwen-Audio-TTS\n", "### Qwen-Audio-TTS语音合成\n"),
        (
            "在 5 个模型中共享 500 RPM",
            "kimi/kimi-k2.6与 kimi/kimi-k2.5 共享 500 RPM",
        ),
        (
            "在 5 个模型中共享 3000000 TPM",
            "kimi/kimi-k2.6 与 kimi/kimi-k2.5 共享 3000000 TPM",
        ),
    ] {
        assert_eq!(older.rate_limits.matches(text).count(), 1, "{text}");
        older.rate_limits = older.rate_limits.replace(text, other);
    }
    for unit in ["w", "W"] {
        older.quotas = Some(page("quota-management.md").replace('万', unit));
        let found = import(&older, &no_data(), &[]).unwrap().files.page;
        assert_eq!(found, expected);
    }
}

/// Older editions have the column for scopes also in Beijing.
#[test]
fn a_region_with_one_scope_can_have_a_column_for_it() {
    let newest = with_quotas("2026-10-09");
    let expected = import(&newest, &no_data(), &[]).unwrap().files.page;
    let mut lines = Vec::new();
    let (mut in_beijing, mut has_name) = (false, false);
    for line in newest.rate_limits.lines().filter(|line| !line.is_empty()) {
        let is_about_the_name = line.starts_with(['（', '(']) || line.starts_with("> 用[Batch");
        if has_name && !is_about_the_name {
            lines.push("中国内地");
            has_name = false;
        }
        lines.push(line);
        if line.starts_with('#') {
            in_beijing =
                line.ends_with("华北2（北京）") || in_beijing && line.starts_with("#### Q");
        }
        let is_id = line.starts_with(|c: char| c.is_ascii_alphabetic());
        match line.trim_matches('*') {
            "模型名称" | "模型服务" if in_beijing => lines.push("**服务部署范围**"),
            _ => has_name |= in_beijing && is_id,
        }
    }
    let mut pages = newest.clone();
    pages.rate_limits = lines.join("\n\n");
    assert_eq!(
        import(&pages, &no_data(), &[]).unwrap().files.page,
        expected
    );
}

#[test]
fn a_row_that_is_repeated_is_used_once() {
    let newest = with_quotas("2026-10-09");
    let mut pages = newest.clone();
    let row = "farui-plus\n\n240\n\n1,000,000\n\n";
    pages.rate_limits = pages.rate_limits.replacen(row, &row.repeat(2), 1);
    let import = import(&pages, &committed(), &[]).unwrap();
    assert_eq!(import.files.page, committed().page);
    let remark = "- rate-limit.md:9391: farui-plus: repeats line 9385\n";
    assert!(import.report.contains(remark), "{}", import.report);
}
