//! The section with the modalities and capabilities.

use crate::import::cards::statements::{Findings, Statements};
use crate::import::cards::table;
use crate::import::error::PageError;
use crate::import::markdown::Line;
use crate::property::{MODALITIES, Property};

const HEADER: [&str; 2] = ["能力项", "支持情况"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Modalities(Property),
    /// A column of the data.
    Flag(&'static str),
    Unused(&'static str),
}

const LABELS: [(&str, Label); 4] = [
    ("输入模态", Label::Modalities(Property::Input)),
    ("输出模态", Label::Modalities(Property::Output)),
    ("Function Calling", Label::Flag("function_calling")),
    ("结构化输出", Label::Flag("structured_output")),
];

const UNUSED: [&str; 6] = [
    "模型体验",
    "联网搜索",
    "前缀续写",
    "上下文缓存",
    "批量推理",
    "模型调优",
];

/// The provider's words for modalities. Older cards are in English.
const WORDS: [(&str, &str); 18] = [
    ("Text", "text"),
    ("文本", "text"),
    ("Image", "image"),
    ("图像", "image"),
    ("图片", "image"),
    ("Audio", "audio"),
    ("音频", "audio"),
    ("语音", "audio"),
    ("Video", "video"),
    ("视频", "video"),
    ("Document", "document"),
    ("文档", "document"),
    ("File", "file"),
    ("文件", "file"),
    ("Link", "link"),
    ("链接", "link"),
    ("3D-Generation", "3d"),
    ("3D", "3d"),
];

/// Reads the section of a region.
pub(super) fn read(lines: &[Line], findings: &mut Findings) -> Result<Statements, PageError> {
    let table = table::read(lines, HEADER, label)?;
    findings.add_remarks(&table.remarks);
    let mut statements = Statements::new();
    for (label, value) in table.rows {
        match label {
            Label::Modalities(property) => {
                statements.insert(property.column(), modalities(value)?);
            }
            // Cards often say that a model lacks a capability that it has.
            Label::Flag(column) => match value.text.as_str() {
                "支持" => _ = statements.insert(column, Some("yes".to_owned())),
                "不支持" | "—" | "-" => {}
                _ => findings.add(value, "expected `支持` or `不支持`"),
            },
            Label::Unused(_) => {}
        }
    }
    Ok(statements)
}

fn label(text: &str) -> Option<Label> {
    let mut labels = LABELS.iter();
    let label = labels.find(|(label, _)| *label == text);
    let mut unused = UNUSED.iter();
    label.map(|(_, label)| *label).or_else(|| {
        unused
            .find(|label| **label == text)
            .map(|it| Label::Unused(it))
    })
}

/// Returns the modalities of a cell in the order of the tables, or `None` for a dash.
fn modalities(cell: &Line) -> Result<Option<String>, PageError> {
    if cell.text == "—" || cell.text == "-" {
        return Ok(None);
    }
    let is_separator = |c: char| c.is_whitespace() || "、,，/".contains(c);
    let words = cell
        .text
        .split(is_separator)
        .filter(|word| !word.is_empty());
    let found = words.map(|word| {
        let mut words = WORDS.iter();
        words
            .find(|(other, _)| *other == word)
            .map(|(_, name)| *name)
    });
    let message = "expected modalities such as `Text` or `图像`";
    let found = found.collect::<Option<Vec<_>>>();
    let found = found.filter(|found| !found.is_empty());
    let found = found.ok_or_else(|| PageError::found(cell, message))?;
    let names = MODALITIES.iter().filter(|name| found.contains(name));
    Ok(Some(names.copied().collect::<Vec<_>>().join(",")))
}
