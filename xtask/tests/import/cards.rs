//! What the model cards become.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use xtask::{CardPage, DataFiles, Import, ProviderPages, generate, import};

use crate::{committed, compare, package, page, with_quotas};

/// The columns that the cards determine.
const COLUMNS: [&str; 10] = [
    "context_window",
    "max_input",
    "max_output",
    "max_input_thinking",
    "max_output_thinking",
    "max_reasoning",
    "input_modalities",
    "output_modalities",
    "function_calling",
    "structured_output",
];

const DIRECTORY: &str = "raw/model-user-guide/support/model-studio-model-list";

/// Returns the cards in the directory with the pages, at the paths that the provider has them.
fn cards() -> Vec<CardPage> {
    let root = package().join("tests/pages/cards-2026-08-20");
    let entries = |directory: &Path| {
        let entries = fs::read_dir(directory).expect("the cards");
        let entries: BTreeSet<_> = entries.map(|entry| entry.unwrap().path()).collect();
        entries
    };
    let files = entries(&root).into_iter().flat_map(|it| entries(&it));
    let cards = files.map(|path| {
        let file = path.strip_prefix(&root).unwrap().to_str().unwrap();
        CardPage {
            file: format!("{DIRECTORY}/{file}"),
            text: fs::read_to_string(&path).unwrap(),
        }
    });
    cards.collect()
}

fn with_cards(date: &str) -> ProviderPages {
    ProviderPages {
        date: date.to_owned(),
        cards: cards(),
        ..with_quotas("2026-10-09")
    }
}

/// Returns the data with the properties of the models that have a card in `cards`.
fn data() -> DataFiles {
    DataFiles {
        property_file: "properties-2026-10-09.tsv".to_owned(),
        properties: page("properties-of-cards.tsv"),
        ..committed()
    }
}

/// Returns the card whose file has a name, to change it.
fn card<'a>(pages: &'a mut ProviderPages, file: &str) -> &'a mut String {
    let mut cards = pages.cards.iter_mut();
    let card = cards.find(|card| card.file.ends_with(&format!("/{file}.md")));
    &mut card.expect("the card").text
}

/// Replaces the first place in a card that has a text.
fn edit(pages: &mut ProviderPages, file: &str, from: &str, to: &str) {
    let text = card(pages, file);
    assert!(text.contains(from), "{file}: {from}");
    *text = text.replacen(from, to, 1);
}

fn accept(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Returns the rows of a file with properties, by region, scope and name.
fn rows(text: &str) -> BTreeMap<[&str; 3], BTreeMap<&str, &str>> {
    let mut lines = text.lines().map(|line| line.split('\t'));
    let header: Vec<_> = lines.next().unwrap().collect();
    let rows = lines.map(|cells| {
        let row: BTreeMap<_, _> = header.iter().copied().zip(cells).collect();
        (["region", "scope", "name"].map(|column| row[column]), row)
    });
    rows.collect()
}

fn section<'a>(import: &'a Import, title: &str) -> &'a str {
    let (_, section) = import.report.split_once(title).unwrap_or_default();
    section.split("\n## ").next().unwrap_or_default()
}

#[test]
fn the_cards_give_the_data_cell_for_cell() {
    let data = data();
    let empty = DataFiles {
        property_file: "properties-2026-08-01.tsv".to_owned(),
        properties: data.properties.lines().next().unwrap().to_owned() + "\n",
        ..data.clone()
    };
    let import = import(&with_cards("2026-08-20"), &empty, &[]).unwrap();
    assert_eq!(import.files.property_file, "properties-2026-08-20.tsv");
    let (new, old) = (rows(&import.files.properties), rows(&data.properties));
    assert!(new.keys().eq(old.keys()));
    let items = |cell: &str| cell.split(',').map(str::to_owned).collect::<BTreeSet<_>>();
    let (mut same, mut absent) = (0, BTreeSet::new());
    for (key, old) in &old {
        let new = &new[key];
        for column in COLUMNS {
            if new[column].is_empty() && !old[column].is_empty() {
                absent.insert((key[2], column));
            } else {
                assert_eq!(items(new[column]), items(old[column]), "{key:?} {column}");
                same += usize::from(!new[column].is_empty());
            }
        }
        assert_eq!(new["category"], old["category"]);
        assert_eq!(new["page_date"], "2026-08-20");
        assert_eq!(old["source"], new["source"], "{key:?}");
        // These are on other pages.
        assert_eq!((new["thinking"], new["note"]), ("", ""));
    }
    // The first numbers contradict each other, and 0 is no limit. The cards of the others do not say what
    // the models can do in all regions, or do not mention a capability that another page has.
    let expected = BTreeSet::from([
        ("qwen3-30b-a3b-thinking-2507", "context_window"),
        ("qwen3-30b-a3b-thinking-2507", "max_input"),
        ("multimodal-embedding-v1", "max_output"),
        ("qwen3-rerank", "max_output"),
        ("deepseek-v4-flash", "input_modalities"),
        ("deepseek-v4-flash", "output_modalities"),
        ("deepseek-v4-flash-0731", "input_modalities"),
        ("deepseek-v4-flash-0731", "output_modalities"),
        ("qwen3.8-max", "input_modalities"),
        ("qwen3.8-max", "output_modalities"),
    ]);
    assert_eq!(absent, expected);
    assert_eq!((new.len(), same), (71, 437));
}

#[test]
fn cards_that_agree_with_the_data_change_nothing() {
    let data = data();
    let import = import(&with_cards("2026-10-12"), &data, &[]).unwrap();
    assert_eq!(import.files.properties, data.properties);
    assert_eq!(import.files.property_file, data.property_file);
    assert!(import.report.contains(" Nothing changed.\n"));
    let remarks = section(&import, "## Remarks");
    for remark in [
        "958 of 1029 rows of the page have no model card",
        "cards have limits in virginia_us that the page does not list: qwen3-vl-flash-2026-01-22-us",
        "model-list-embedding-reranking/qwen3-rerank.md:75: expected a positive number for max_output, found `0`",
        "model-list-speech-synthesis/sambert.md:1: expected a model ID, so the card is not read, found `Sambert语音合成`",
        "model-list-text-generation/qwen3-30b-a3b-thinking-2507.md:71: expected max_input not to exceed context_window, 81920, found `126976`",
    ] {
        assert!(remarks.contains(&format!("\n- {remark}\n")), "{remarks}");
    }
    // The page lists more tokens per minute than the card.
    let conflict =
        "\n- 10,000,000 tpm on the page, 5,000,000 tpm on the card: `qwen-flash` (virginia)\n";
    let conflicts = section(&import, "## Limits of the model cards");
    assert!(conflicts.contains(conflict), "{conflicts}");
}

#[test]
fn cards_in_another_layout_are_read() {
    let data = data();
    let mut pages = with_cards("2026-10-12");
    for (card, text) in pages
        .cards
        .iter_mut()
        .map(|card| &mut card.text)
        .enumerate()
    {
        let lines = text.lines().map(|line| match line.strip_prefix("## ") {
            Some(region) if region.ends_with('）') => format!("#### **{region}**"),
            _ => line.to_owned(),
        });
        *text = lines.collect::<Vec<_>>().join("\n");
        for (from, to) in [
            ("（思考模式下）", "（思考模式）"),
            ("\n\n1000000\n", "\n\n1,000,000 Tokens\n"),
            ("\n\n32768\n", "\n\n32768 Token\n"),
            ("**Text**", "文本"),
            ("**Video**", "视频"),
            ("\u{3000}", ["、", ", ", " / ", " "][card % 4]),
        ] {
            *text = text.replace(from, to);
        }
    }
    let import = import(&pages, &data, &[]).unwrap();
    assert_eq!(import.files.properties, data.properties);
    assert!(import.report.contains(" Nothing changed.\n"));
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
            "该模型采用[动态限流](x.md)。",
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

#[test]
fn the_cards_of_a_checkout_are_found() {
    let checkout = Path::new(env!("CARGO_TARGET_TMPDIR")).join("checkout-with-cards");
    let root = checkout.join("skills/bailian-docs-llm-wiki");
    let write = |file: &str, text: &str| {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let pages = with_cards("2026-10-12");
    let page = "raw/model-user-guide/get-started-with-models/rate-limit.md";
    write(page, &pages.rate_limits);
    for card in &pages.cards {
        write(&card.file, &card.text);
    }
    write(&format!("{DIRECTORY}/README.md"), "# Not a card");
    let loaded = ProviderPages::load(&checkout, pages.date.clone()).unwrap();
    let files = |pages: &ProviderPages| {
        let cards = pages.cards.iter();
        let cards = cards.map(|card| (card.file.clone(), card.text.clone()));
        cards.collect::<Vec<_>>()
    };
    assert_eq!(files(&loaded), files(&pages));
    fs::remove_dir_all(&checkout).unwrap();
}

/// Mistakes in the cards: a name, the card, the lines that the mistake replaces, and what it puts there.
const MISTAKES: &[(&str, &str, &str, &str)] = &[
    (
        "unknown section",
        "qwen3-8-max",
        "## 上下文限制",
        "## 上下文窗口",
    ),
    (
        "unknown section of a snapshot",
        "qwen-flash",
        "#### 上下文限制",
        "#### 上下文窗口",
    ),
    ("unknown region", "qwen3-8-max", "## 新加坡", "## 大阪"),
    (
        "region of an unread section",
        "qwen3-rerank",
        "上下文限制\n",
        "上下文限制\n\n## 新加坡\n",
    ),
    (
        "region above the first section",
        "qwen3-rerank",
        "## 推理服务供应商",
        "## 新加坡",
    ),
    (
        "unknown scope",
        "qwen3-8-max",
        "部署范围：全球",
        "部署范围：南极",
    ),
    (
        "missing scope",
        "qwen3-8-max",
        "（弗吉尼亚）\n\n部署范围：全球",
        "（弗吉尼亚）",
    ),
    (
        "scope without a region",
        "qwen3-rerank",
        "## 模型能力\n",
        "## 模型能力\n\n部署范围：全球\n",
    ),
    (
        "unknown label",
        "qwen3-8-max",
        "最大输入长度\n",
        "最大提示长度\n",
    ),
    (
        "unknown mode",
        "qwen3-8-max",
        "（思考模式下）",
        "（快速模式下）",
    ),
    (
        "unknown capability",
        "qwen3-8-max",
        "Function Calling",
        "Tool Calling",
    ),
    ("unknown modality", "wan3-0-video", "**Link**", "**Smell**"),
    (
        "empty modality",
        "wan3-0-video",
        "**Text**　**Image**　**Video**　**Audio**　**File**　**Link**",
        "、",
    ),
    ("unknown unit", "qwen3-8-max", "991808", "991808 字符"),
    ("fraction", "qwen3-8-max", "991808", "0.99M Token"),
    ("misplaced separator", "qwen3-8-max", "991808", "9918,08"),
    (
        "too few cells",
        "qwen3-8-max",
        "最大输入长度\n\n991808",
        "最大输入长度",
    ),
    (
        "too many cells",
        "qwen3-8-max",
        "991808",
        "991808\n\n991808",
    ),
    (
        "cell without a label",
        "qwen3-8-max",
        "最大输入长度\n\n991808",
        "991808",
    ),
    (
        "last cell missing",
        "qwen3-rerank",
        "5,000,000,000\n\n## 新加坡",
        "## 新加坡",
    ),
    (
        "no header",
        "qwen3-rerank",
        "参数\n\n值\n\n参数\n\n值\n\n最大",
        "最大",
    ),
    (
        "another column",
        "qwen3-rerank",
        "参数\n\n值\n\n参数\n\n值\n\n最大",
        "参数\n\n值\n\n说明\n\n最大",
    ),
    (
        "header between rows",
        "qwen3-rerank",
        "最大输出长度",
        "参数\n\n值\n\n最大输出长度",
    ),
    (
        "label twice",
        "qwen3-rerank",
        "最大输出长度",
        "最大输入长度",
    ),
    (
        "unknown limit",
        "qwen3-rerank",
        "RPM（每分钟请求数）",
        "RPS（每秒请求数）",
    ),
    ("limit in another unit", "qwen3-rerank", "5400", "90 次/秒"),
    ("limit that is no number", "qwen3-rerank", "5400", "约 5400"),
    (
        "region twice",
        "qwen3-rerank",
        "5,000,000,000\n\n## 新加坡\n\n部署范围：国际",
        "4,000,000,000\n\n## 华北2（北京）",
    ),
    (
        "model twice",
        "wan2-5-i2i",
        "**Text**　**Image**",
        "**Text**",
    ),
    (
        "no title",
        "qwen3-rerank",
        "# qwen3-rerank\n",
        "qwen3-rerank\n",
    ),
    ("empty card", "qwen3-rerank", "", ""),
];

#[test]
fn mistakes_are_errors_with_a_line() {
    let data = data();
    let mut report = String::new();
    for (mistake, file, from, to) in MISTAKES {
        let mut pages = with_cards("2026-10-12");
        match from {
            &"" => card(&mut pages, file).clear(),
            from => edit(&mut pages, file, from, to),
        }
        let result = import(&pages, &data, &[]).map(|import| import.report);
        let error = result.expect_err(mistake);
        _ = writeln!(report, "{mistake}\n{error}\n");
    }
    compare("card-errors.txt", &report);
}

#[test]
fn a_message_lists_the_first_errors_of_all_cards() {
    let mut pages = with_cards("2026-10-12");
    for card in &mut pages.cards {
        card.text = card.text.replace("能力项", "能力");
    }
    let error = import(&pages, &data(), &[]).unwrap_err();
    assert_eq!(error.lines().count(), 21);
    assert!(
        error.starts_with(
            "model-list-3d-generation/tripo-h3-1.md:11: expected a known label, found `能力`\n"
        ),
        "{error}"
    );
    assert!(error.ends_with(" more errors"), "{error}");
}
