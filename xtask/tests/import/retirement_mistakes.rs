//! Mistakes in the page about retirement are errors with a line, and nothing is guessed.

use std::fmt::Write as _;

use xtask::{ProviderPages, import};

use crate::{committed, compare, page, with_quotas};

/// The name of a mistake, the text that it replaces where that appears first, and what it puts there.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "unknown heading above the list",
        "## 操作建议",
        "## 常见问题",
    ),
    (
        "list of another site",
        "## 下线模型列表",
        "## 下线模型列表（“新加坡”地区）",
    ),
    (
        "unknown heading in the list",
        "2026年10月10日将下线",
        "2026年10月10日将升级",
    ),
    (
        "heading without a day",
        "2026年10月10日将下线",
        "2026年10月将下线",
    ),
    (
        "date that does not exist",
        "2026年10月10日将下线",
        "2026年11月31日将下线",
    ),
    (
        "unknown text above a table",
        "详细说明，请参见官网公告[【大模型服务平台百炼】部分老旧模型下线通知](https://www.aliyun.com/notice/118434)。",
        "以下模型仅在部分地域下线。",
    ),
    (
        "notice without a number",
        "https://www.aliyun.com/notice/118434",
        "https://www.aliyun.com/notice/",
    ),
    (
        "link that is not a notice",
        "https://www.aliyun.com/notice/118434",
        "https://example.com/notice/118434",
    ),
    (
        "notice of another site",
        "https://www.aliyun.com/notice/118344",
        "https://www.alibabacloud.com/zh/notice/mainline_models_731",
    ),
    (
        "two notices above a table",
        "notice/118434)。\n",
        "notice/118434)。\n\n-   [公告](https://www.aliyun.com/notice/118435)\n",
    ),
    ("unknown column", "**替代模型**", "**推荐模型**"),
    ("missing column", "**下线时间**\n\n", ""),
    (
        "columns in another order",
        "**类别**\n\n**模型名称**",
        "**模型名称**\n\n**类别**",
    ),
    (
        "additional column",
        "**替代模型**",
        "**替代模型**\n\n**地域**",
    ),
    ("unknown category", "视频生成", "视频理解"),
    (
        "unknown category that looks like a model",
        "\nQwQ\n",
        "\nKimi\n",
    ),
    (
        "row without a category",
        "图像生成与编辑\n\naitryon",
        "aitryon",
    ),
    (
        "category without a model",
        "animate-anyone-gen2\n\nwan2.7-r2v\n\nanimate-anyone-template-gen2\n\nemo-v1\n\nemoji-v1\n\n",
        "",
    ),
    (
        "first row without a date",
        "\n\n2026年10月10日00:00:00\n\nqwen-image-2.0",
        "\n\nqwen-image-2.0",
    ),
    (
        "first row without a replacement",
        "语音合成\n\nqwen-tts\n\n2026年10月10日00:00:00\n\ncosyvoice-v3-flash\n\nqwen-tts-realtime\n",
        "语音合成\n\nqwen-tts\n\n2026年10月10日00:00:00\n",
    ),
    (
        "date of another day",
        "2026年10月10日00:00:00",
        "2026年10月11日00:00:00",
    ),
    (
        "date with a time",
        "2026年10月10日00:00:00",
        "2026年10月10日18:00:00",
    ),
    (
        "date without a time",
        "2026年10月10日00:00:00",
        "2026-10-10",
    ),
    (
        "date without a model",
        "视频生成\n",
        "视频生成\n\n2026年10月10日00:00:00\n",
    ),
    ("unknown replacement", "法睿应用", "通义法睿"),
    (
        "two replacements",
        "qwen-image-2.0\n",
        "qwen-image-2.0\n\n无直接替代模型\n",
    ),
    (
        "replacement that is retired",
        "qwen-image-2.0\n",
        "aitryon-plus\n",
    ),
    ("name with a space", "emoji-v1", "emoji v1"),
    ("unknown remark", "又称qwen-max-0107", "仅限qwen-max-0107"),
    (
        "remark that is not below a name",
        "文本生成-千问\n",
        "文本生成-千问\n\n> 又称qwen-max-0107\n",
    ),
    (
        "name twice with different replacements",
        "paraformer-mtl-v1\n\nparaformer-v2",
        "paraformer-v1\n\nparaformer-realtime-v2",
    ),
    (
        "empty batch",
        "重排序\n\ngte-rerank\n\n2026年5月30日00:00:00\n\nqwen3-rerank\n",
        "",
    ),
    ("no notices", "## 下线模型列表", ""),
];

#[test]
fn mistakes_are_errors_with_a_line() {
    let committed = committed();
    let mut report = String::new();
    for (mistake, from, to) in MISTAKES {
        let mut page = page("model-depreciation-2026-08-05.md");
        assert!(page.contains(from), "{mistake}");
        page = page.replacen(from, to, 1);
        if *mistake == "no notices" {
            page.truncate(page.find("### **2026").unwrap());
        }
        let pages = ProviderPages {
            retirements: Some(page),
            ..with_quotas("2026-10-09")
        };
        let error = import(&pages, &committed, &[]).map(|import| import.report);
        let error = error.expect_err(mistake);
        assert!(error.starts_with("model-depreciation.md:"), "{error}");
        _ = writeln!(report, "{mistake}\n{error}\n");
    }
    compare("retirement-mistakes.txt", &report);
}
