//! Reads whole cards.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use xtask::{DataFiles, ProviderPages, import};

use super::{DIRECTORY, data, rows, section, with_cards};

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
        "model-list-embedding-reranking/qwen3-rerank.md:75: expected a positive number for max_output, found `0`, which is not used",
        "model-list-speech-synthesis/sambert.md:1: `Sambert语音合成` is not a model ID, so the card is not read",
        "model-list-text-generation/qwen3-30b-a3b-thinking-2507.md:71: expected max_input not to exceed context_window, 81920, found `126976`, which is not used",
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
            // The heading above snapshots.
            ("\n## 快照版本\n", "\n"),
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
