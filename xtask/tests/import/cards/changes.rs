//! What changes in the properties, and what of it is held back.

use std::collections::BTreeSet;

use xtask::{DataFiles, Import, ProviderPages, generate, import};

use super::{data, edit, rows, section, with_cards};
use crate::{compare, with_quotas};

fn accept(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Changes the cards, and removes a model from the data.
fn changed() -> (ProviderPages, DataFiles) {
    let mut pages = with_cards("2026-10-12");
    for (file, from, to) in [
        (
            "qwen3-8-max",
            "最大输出长度\n\n131072",
            "最大输出长度\n\n262144",
        ),
        ("wan3-0-video", "　**Link**", "　**Link**　**Document**"),
        (
            "cosyvoice-v3-flash",
            "结构化输出\n\n不支持",
            "结构化输出\n\n支持",
        ),
        (
            "cosyvoice-v3-flash",
            "RPM（每分钟请求数）\n\n180",
            "RPM（每分钟请求数）\n\n240",
        ),
        (
            "qwen3-rerank",
            "上下文长度\n\n30000",
            "上下文长度\n\n300000",
        ),
        (
            "qwen3-rerank",
            "最大输入长度\n\n30000",
            "最大输入长度\n\n300000",
        ),
        (
            "qwen3-8-27b",
            "最大思维链长度\n\n262144",
            "最大思维链长度\n\n—",
        ),
        (
            "qwen-math-plus",
            "上下文长度\n\n4096",
            "上下文长度\n\n1M Token",
        ),
        (
            "qwen-math-plus",
            "最大输入长度\n\n3072",
            "最大输入长度\n\n2048 Token",
        ),
        (
            "qwen-math-plus",
            "参数\n\n值\n\nRPM（每分钟请求数）\n\n1200\n\nTPM（每分钟tokens）\n\n1,000,000",
            "该模型采用[动态限流](x.md)",
        ),
        (
            "tripo-h3-1",
            "参数\n\n值\n\nRPM（每分钟请求数）",
            "> 需要申请\n\n参数\n\n值\n\nRPM（每分钟请求数）",
        ),
        (
            "qwen-flash-us",
            "结构化输出\n\n支持",
            "结构化输出\n\n仅支持[JSON Object](x.md)",
        ),
    ] {
        edit(&mut pages, file, from, to);
    }
    let mut data = data();
    let lines = data.properties.lines();
    let lines = lines.filter(|line| !line.contains("\tTripo/Tripo-H3.1\t"));
    data.properties = lines.collect::<Vec<_>>().join("\n") + "\n";
    (pages, data)
}

#[test]
fn the_report_describes_the_changes_of_the_cards() {
    let (pages, data) = changed();
    let held_back = import(&pages, &data, &[]).unwrap();
    compare("cards.md", &held_back.report);
    generate(&held_back.files).unwrap();
    assert_eq!(held_back.files.property_file, "properties-2026-10-12.tsv");
    let accepted = accept(&["qwen3-rerank", "max_reasoning"]);
    let accepted = import(&pages, &data, &accepted).unwrap();
    assert!(!accepted.report.contains("Held back"));

    let cells = |import: &Import, name: &str, column: &str| {
        let rows = rows(&import.files.properties);
        let rows = rows.iter().filter(|([_, _, other], _)| *other == name);
        let cells = rows.map(|(_, row)| row[column].to_owned());
        let cells: Vec<_> = cells.collect::<BTreeSet<_>>().into_iter().collect();
        cells.join(" or ")
    };
    for (name, column, before, after) in [
        ("qwen3.8-max", "max_output", "262144", "262144"),
        ("qwen3.8-max", "thinking", "switchable", "switchable"),
        ("qwen3.8-max", "page_date", "2026-10-12", "2026-10-12"),
        (
            "qwen3.8-max",
            "note",
            "card has no capability section for this region/scope; transcribed by hand or transcribed by hand",
            "card has no capability section for this region/scope; transcribed by hand or transcribed by hand",
        ),
        (
            "wan3.0-video",
            "input_modalities",
            "text,image,audio,video,document,file,link",
            "text,image,audio,video,document,file,link",
        ),
        ("qwen3-rerank", "context_window", "30000", "300000"),
        ("qwen3-rerank", "max_output", "0", "0"),
        ("qwen3-rerank", "page_date", "2026-08-20", "2026-10-12"),
        ("qwen3.8-27b", "max_reasoning", "262144", ""),
        ("qwen-math-plus", "context_window", "4096", "4096"),
        ("qwen-math-plus", "max_input", "2048", "2048"),
        ("Tripo/Tripo-H3.1", "output_modalities", "3d", "3d"),
        (
            "Tripo/Tripo-H3.1",
            "category",
            "3d-generation-third-party",
            "3d-generation-third-party",
        ),
        ("deepseek-v4-flash", "input_modalities", "text", "text"),
    ] {
        assert_eq!(cells(&held_back, name, column), before, "{name} {column}");
        assert_eq!(cells(&accepted, name, column), after, "{name} {column}");
    }

    // The same pages change nothing more, except what is held back.
    let again = import(&pages, &held_back.files, &[]).unwrap();
    assert_eq!(again.files.properties, held_back.files.properties);
    assert!(again.report.contains(" Nothing changed.\n\n## Held back\n"));
    let again = import(&pages, &accepted.files, &[]).unwrap();
    assert_eq!(again.files.properties, accepted.files.properties);
    assert_eq!(again.files.property_file, accepted.files.property_file);
}

#[test]
fn older_cards_change_nothing() {
    let (pages, data) = changed();
    let pages = ProviderPages {
        date: "2026-10-08".to_owned(),
        ..pages
    };
    let import = import(&pages, &data, &[]).unwrap();
    assert_eq!(import.files.properties, data.properties);
    assert!(import.report.contains(" Nothing changed.\n"));
    assert!(!import.report.contains("Held back"));
    let section = section(&import, "## Properties that are not taken");
    for line in [
        "- max_output: 131,072 -> 262,144 (x2) (7 rows): `qwen3.8-max` (beijing, virginia, virginia_us, singapore, frankfurt, tokyo, hong_kong)",
        "- context_window: 30,000 -> 300,000 (x10) (2 rows): `qwen3-rerank` (beijing, singapore)",
        "- input: text; output: 3d: `Tripo/Tripo-H3.1` (beijing)",
    ] {
        assert!(section.contains(&format!("\n{line}\n")), "{section}");
    }
}

#[test]
fn without_cards_the_properties_are_kept() {
    let data = data();
    let pages = with_quotas("2026-10-09");
    let import = import(
        &ProviderPages {
            date: "2026-10-12".to_owned(),
            ..pages
        },
        &data,
        &[],
    )
    .unwrap();
    assert_eq!(import.files.properties, data.properties);
    let remark = "- there are no model cards, so the properties of the data are kept\n";
    assert!(section(&import, "## Remarks").contains(remark));
}

#[test]
fn properties_follow_a_model_that_the_page_renames_or_removes() {
    let mut data = data();
    // The data has the name of older pages, and a model that the page does not list.
    let row = "\nvirginia\tus\ttext-generation\tqwen-flash\t";
    assert_eq!(data.properties.matches(row).count(), 1);
    let expected = data.properties.clone();
    data.properties = data
        .properties
        .replace(row, &row.replace("flash", "flash-us"));
    data.properties = data.properties
        + &expected
            .lines()
            .nth(1)
            .unwrap()
            .replace("qwen3.8-max", "qwen2")
        + "\n";
    let import = import(&with_cards("2026-10-12"), &data, &[]).unwrap();
    assert_eq!(import.files.properties, expected);
}
