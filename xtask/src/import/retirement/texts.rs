//! The texts that the cells of the retirement page can contain, other than model IDs and dates.

use crate::import::tables::is_model_id;

/// The cells of the column with the category. Some of them have the form of a model ID.
const CATEGORIES: &[&str] = &[
    "AnyText图文融合",
    "BELLE",
    "BiLLa",
    "ChatGLM",
    "Dolly",
    "Llama 4",
    "Llama-仅文本输入",
    "Llama-文本和图像输入",
    "NLU",
    "QVQ",
    "QVQ-Max快照",
    "QVQ-Plus快照",
    "QwQ",
    "QwQ-Plus快照",
    "元语",
    "其他",
    "创意文字生成-WordArt锦书",
    "动漫人物生成",
    "千问1.5",
    "千问2-开源版",
    "千问3开源版",
    "千问Audio",
    "千问Coder",
    "千问Coder-Plus快照",
    "千问Coder-Turbo快照",
    "千问Flash",
    "千问Long",
    "千问Math",
    "千问Math-Turbo快照",
    "千问Max",
    "千问Max快照",
    "千问Omni",
    "千问Plus",
    "千问TTS",
    "千问Turbo",
    "千问Turbo快照",
    "千问VL",
    "千问VL OCR",
    "千问VL-Max快照",
    "千问VL-Plus快照",
    "千问VL快照版",
    "千问翻译",
    "图像生成",
    "图像生成与编辑",
    "图配文",
    "声音复刻",
    "姜子牙",
    "幻影人像Motionshop视频生成模型",
    "开源系列快照",
    "文本生成-千问",
    "文本生成-千问-开源版",
    "百川-开源版",
    "第三方模型",
    "视频生成",
    "语音合成",
    "语音翻译",
    "语音识别",
    "重排序",
    "零一万物",
    "音色设计",
];

/// Replacements that are not one model, and their words in the data.
const REPLACEMENTS: &[(&str, &str)] = &[
    ("无直接替代模型", "none (page: no direct replacement)"),
    ("法睿应用", "Farui application (not a model)"),
    (
        "可使用animate-anyone-gen2的“按视频背景生成”功能，达到近似效果",
        "animate-anyone-gen2 (\"generate on the video background\")",
    ),
];

pub(super) fn is_category(text: &str) -> bool {
    CATEGORIES.contains(&text)
}

/// Returns `true` if a text has the form of a model ID. A word with capitals, such as `Kimi`, can also be a
/// category that is not known.
pub(super) fn is_id(text: &str) -> bool {
    let is_lowercase = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let has_other_characters = !text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_model_id(text) && (is_lowercase || has_other_characters)
}

/// Returns the words of the data for a replacement that is not one model.
pub(super) fn replacement(text: &str) -> Option<String> {
    let mut known = REPLACEMENTS.iter();
    if let Some((_, words)) = known.find(|(known, _)| *known == text) {
        return Some((*words).to_owned());
    }
    series(text).or_else(|| several(text))
}

/// Reads a text such as `Qwen3.7/3.6 系列最新模型`.
fn series(text: &str) -> Option<String> {
    let name = text.strip_suffix("系列最新模型")?.trim();
    let version = name.strip_prefix("Qwen")?;
    let is_version = |c: char| c.is_ascii_digit() || "./".contains(c);
    let is_valid = !version.is_empty() && version.chars().all(is_version);
    is_valid.then(|| format!("newest of the {name} series (no single name)"))
}

/// Reads a text such as `qwen-max、qwen-plus、qwen-flash等`.
fn several(text: &str) -> Option<String> {
    let (names, etc) = match text.strip_suffix('等') {
        Some(names) => (names, " etc."),
        None => (text, ""),
    };
    let names: Vec<_> = names.split('、').collect();
    let is_valid = names.len() > 1 && names.iter().all(|name| is_id(name));
    is_valid.then(|| format!("{}{etc}", names.join(", ")))
}
