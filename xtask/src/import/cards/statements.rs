//! What a card states about a model, and what people must know about the card.

use std::collections::BTreeMap;

use crate::import::markdown::Line;

/// The cells of the data that a card determines, by column. `None` if the card says that there is no value.
pub(crate) type Statements = BTreeMap<&'static str, Option<String>>;

/// Parts of a card that are not used.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Cells with an unusable value: the line, what was expected there, and what was found.
    pub(super) defects: Vec<(usize, String)>,
    /// Sentences: the line and the text.
    pub(super) remarks: Vec<(usize, String)>,
}

/// Sentences that have no meaning for the data.
const KNOWN_REMARKS: [&str; 3] = [
    "说明",
    "在不同的API输入参数组合下，模型支持的长度可能会有变化。",
    "新加坡地域当前仅支持语音合成能力，暂不支持复刻音色功能。",
];

impl Findings {
    pub(super) fn add(&mut self, cell: &Line, message: &str) {
        let message = format!("{message}, found `{}`, which is not used", cell.text);
        self.defects.push((cell.number, message));
    }

    pub(super) fn add_remarks(&mut self, lines: &[&Line]) {
        let lines = lines.iter();
        let unknown = lines.filter(|line| !KNOWN_REMARKS.contains(&line.text.as_str()));
        self.remarks
            .extend(unknown.map(|line| (line.number, line.text.clone())));
    }
}
