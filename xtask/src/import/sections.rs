//! Divides the rate limit page into sections, by its headings.

use crate::import::deployments;
use crate::import::error::PageError;
use crate::import::headings::{Headings, Path};
use crate::import::markdown::{Line, is_same};
use crate::import::template;

/// The heading above the models that have been retired, which have no limits.
const RETIRED: &str = "已下线模型";

/// The lines below a heading, and what the headings above them say.
#[derive(Clone, Debug, Default)]
pub(super) struct Section<'a> {
    pub(super) path: Path<'a>,
    pub(super) deployments: Vec<Deployment>,
    /// A remark about all models of the series.
    pub(super) note: Option<&'static str>,
    pub(super) lines: Vec<Line>,
}

/// A region, and the deployment scope if the table does not have a column for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deployment {
    pub(super) region: &'static str,
    pub(super) scope: Option<&'static str>,
}

/// Remarks about all models of a series, and their texts for the data file.
const SERIES_REMARKS: [(&str, &str); 2] = [
    (
        "Qwen-Audio-TTS/CosyVoice声音复刻/设计共用一个模型，共用限流额度。",
        "voice cloning and design use one model and one shared limit",
    ),
    (
        "CosyVoice声音复刻共用一个模型，共用限流额度。",
        "voice cloning uses one model and one shared limit",
    ),
];

/// Returns the sections with models. Each line of the page is in one of them, except the text above
/// the first category and the models that have been retired.
pub(super) fn divide<'a>(
    lines: Vec<Line>,
    headings: &Headings<'a>,
    errors: &mut Vec<PageError>,
) -> Vec<Section<'a>> {
    let mut sections = vec![Section::default()];
    let mut is_retired = false;
    // What is below an unknown heading is not read. It would be taken for a part of the section above.
    let mut is_unknown = false;
    for line in lines {
        let Some(current) = sections.last_mut() else {
            break;
        };
        if !line.is_heading() {
            if !is_retired && !is_unknown && !current.add_remark(&line) {
                current.lines.push(line);
            }
            continue;
        }
        if is_same(&line.text, RETIRED) {
            is_retired = true;
            is_unknown = false;
            sections.push(Section::default());
        } else if is_retired && is_retirement_date(&line.text) {
            // The models below it are not read.
        } else if let Some(section) = current.below(&line.text, headings) {
            is_retired = false;
            is_unknown &= section.path == current.path.series();
            sections.push(section);
        } else if is_retired || !current.path.is_empty() {
            is_unknown = true;
            let text = &line.text;
            let message = format!(
                "unknown heading `{text}`: expected a region or a heading of xtask/data/headings.tsv"
            );
            errors.push(PageError::new(line.number, message));
        }
    }
    sections
}

fn is_retirement_date(text: &str) -> bool {
    template::numbers("{y}年{m}月{d}日下线", text).is_some()
}

impl<'a> Section<'a> {
    /// Returns the section below a heading that follows this section, or `None` if the heading is
    /// unknown. A heading is recognized by its text, because its level differs between editions.
    fn below(&self, text: &str, headings: &Headings<'a>) -> Option<Self> {
        let note = self.note;
        let below = |path, deployments, note| Self {
            path,
            deployments,
            note,
            lines: Vec::new(),
        };
        if !self.path.is_empty() {
            if let Some(region) = deployments::region(text) {
                let scope = None;
                return Some(below(
                    self.path.series(),
                    vec![Deployment { region, scope }],
                    note,
                ));
            }
            if deployments::scope(text).is_some() {
                // The text below it has the regions.
                return Some(below(self.path.series(), Vec::new(), note));
            }
        }
        let path = headings.enter(self.path, text)?;
        if path.series() == self.path.series() {
            return Some(below(path, self.deployments.clone(), note));
        }
        Some(below(path, Vec::new(), None))
    }

    /// Reads text above the first table of a section. Returns `false` for all other lines.
    fn add_remark(&mut self, line: &Line) -> bool {
        if self.path.is_empty() || !self.lines.is_empty() {
            return false;
        }
        if let Some((scope, regions)) = deployments::scope_with_regions(&line.text) {
            let scope = Some(scope);
            let regions = regions.into_iter();
            self.deployments = regions.map(|region| Deployment { region, scope }).collect();
            return true;
        }
        let mut remarks = SERIES_REMARKS.iter();
        if let Some((_, note)) = remarks.find(|(remark, _)| is_same(remark, &line.text)) {
            self.note = Some(note);
            return true;
        }
        line.text == "说明"
    }
}
