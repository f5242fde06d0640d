//! Mistakes in the cards are errors with a line.

use std::fmt::Write as _;

use xtask::import;

use super::{card, data, edit, with_cards};
use crate::compare;
use crate::damage::{Random, damaged};

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
            "model-list-3d-generation/tripo-h3-1.md:15: expected a known label, found `能力`\n"
        ),
        "{error}"
    );
    assert!(error.ends_with(" more errors"), "{error}");
}

/// Damages cards at random: removes, repeats, swaps and changes lines.
#[test]
fn damage_never_panics() {
    let data = data();
    let mut random = Random::default();
    let mut errors = 0;
    for _ in 0..24 {
        let mut pages = with_cards("2026-10-12");
        let card = random.below(pages.cards.len());
        let text = &mut pages.cards[card].text;
        *text = damaged(text, 6, &mut random);
        if let Err(error) = import(&pages, &data, &[]) {
            errors += 1;
            assert!(error.lines().all(|line| line.contains(".md:")), "{error}");
        }
    }
    assert!(errors > 6, "{errors}");
}
