//! Mistakes in the pages are errors with a line, and nothing is guessed.

use std::fmt::Write as _;

use xtask::import;

use crate::damage::{Random, damaged};
use crate::{committed, compare, with_quotas};

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
        "header cell between rows",
        "farui-plus\n\n240\n",
        "farui-plus\n\n**每分钟调用次数（RPM）**\n\n240\n",
    ),
    (
        "unknown remark below a name",
        "qwen3-max\n\n> 用[Batch",
        "qwen3-max\n\n> 仅限白名单用户，用[Batch",
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
        "unknown header of tiers",
        "**百炼平台月消费：**",
        "**百炼平台年消费：**",
    ),
    (
        "tiers of an unknown region",
        "\n#### 新加坡\n\n**百炼",
        "\n#### 大阪\n\n**百炼",
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
        let error = import(&pages, &committed, &[])
            .map(|import| import.report)
            .unwrap_err();
        _ = writeln!(report, "{mistake}\n{error}\n");
    }
    compare("errors.txt", &report);
}

/// Damages a page at random: removes, repeats, swaps and changes lines.
#[test]
fn damage_never_panics() {
    let committed = committed();
    let mut random = Random::default();
    let pages = ["2026-08-10", "2026-10-09"].map(with_quotas);
    let mut errors = 0;
    for round in 0..36 {
        let mut pages = pages[round % 2].clone();
        let page = match round % 6 {
            5 => pages.quotas.as_mut().unwrap(),
            _ => &mut pages.rate_limits,
        };
        *page = damaged(page, 4, &mut random);
        if let Err(error) = import(&pages, &committed, &[]) {
            errors += 1;
            assert!(error.lines().all(|line| line.contains(".md:")), "{error}");
        }
    }
    assert!(errors > 6, "{errors}");
}
