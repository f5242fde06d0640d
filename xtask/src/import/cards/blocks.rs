//! Divides a card by its headings: into the models, and their sections and regions.

use crate::import::deployments;
use crate::import::error::PageError;
use crate::import::markdown::{Line, is_same};
use crate::import::tables::is_model_id;

/// A section of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Capabilities,
    Tokens,
    Limits,
    Unread,
}

/// The headings of sections.
const SECTIONS: [(&str, Section); 8] = [
    ("模型能力", Section::Capabilities),
    ("上下文限制", Section::Tokens),
    ("限流", Section::Limits),
    ("推理服务供应商", Section::Unread),
    ("模型价格", Section::Unread),
    ("音色列表", Section::Unread),
    ("快照版本", Section::Unread),
    ("动态更新", Section::Unread),
];

/// The beginning of a line with the deployment scopes of what follows.
const SCOPES: &str = "部署范围：";

/// The lines about a model.
#[derive(Debug)]
pub(super) struct ModelBlocks {
    /// The line of the heading with the name.
    pub(super) line: usize,
    pub(super) name: String,
    pub(super) blocks: Vec<Block>,
}

/// The lines of a section that are about the same region and deployment scopes.
#[derive(Debug)]
pub(super) struct Block {
    /// The line of the heading.
    pub(super) line: usize,
    pub(super) section: Section,
    /// A section without a heading with a region applies to all of them.
    region: Option<&'static str>,
    scopes: Vec<&'static str>,
    pub(super) lines: Vec<Line>,
}

/// Divides a card. A heading with a model ID, such as that of a snapshot, begins the sections of another
/// model. Returns an error with the title if it is not a model ID.
pub(super) fn divide(
    lines: Vec<Line>,
    errors: &mut Vec<PageError>,
) -> Result<Vec<ModelBlocks>, Line> {
    let mut lines = lines.into_iter();
    let mut models = match lines.next() {
        Some(line) if line.is_heading() && is_model_id(&line.text) => vec![ModelBlocks::new(&line)],
        Some(line) if line.is_heading() => return Err(line),
        _ => {
            errors.push(PageError::new(1, "expected a heading with a model ID"));
            return Ok(Vec::new());
        }
    };
    for line in lines {
        let Some(model) = models.last_mut() else {
            break;
        };
        if !line.is_heading() {
            if let Err(error) = model.add(line) {
                errors.push(error);
            }
            continue;
        }
        let text = line.text.as_str();
        let mut sections = SECTIONS.iter();
        if let Some((_, section)) = sections.find(|(heading, _)| is_same(heading, text)) {
            model.blocks.push(Block::new(line.number, *section, None));
        } else if let Some(region) = deployments::region(text) {
            let section = model.section();
            if section == Some(Section::Tokens) || section.is_none() {
                let message = "expected a section that has regions above";
                errors.push(PageError::found(&line, message));
            }
            let section = section.unwrap_or(Section::Unread);
            model
                .blocks
                .push(Block::new(line.number, section, Some(region)));
        } else if is_model_id(text) {
            models.push(ModelBlocks::new(&line));
        } else {
            let message = format!("unknown heading `{text}`: expected a section or a region");
            errors.push(PageError::new(line.number, message));
            // What is below it would be taken for a part of the section above.
            let section = Section::Unread;
            model.blocks.push(Block::new(line.number, section, None));
        }
    }
    Ok(models)
}

impl ModelBlocks {
    fn new(heading: &Line) -> Self {
        Self {
            line: heading.number,
            name: heading.text.clone(),
            blocks: Vec::new(),
        }
    }

    fn section(&self) -> Option<Section> {
        self.blocks.last().map(|block| block.section)
    }

    /// Adds a line that is not a heading. Text above the first section is not read.
    fn add(&mut self, line: Line) -> Result<(), PageError> {
        let Some(block) = self.blocks.last_mut() else {
            return Ok(());
        };
        if block.section == Section::Unread {
            return Ok(());
        }
        let Some(scopes) = line.text.strip_prefix(SCOPES) else {
            block.lines.push(line);
            return Ok(());
        };
        let scopes = scopes.split('、').map(deployments::scope);
        let scopes = scopes.collect::<Option<Vec<_>>>();
        let message = "expected deployment scopes such as `全球`";
        let Some(scopes) = scopes else {
            block.section = Section::Unread;
            return Err(PageError::found(&line, message));
        };
        if block.region.is_none() {
            let message = "expected a heading with a region above";
            return Err(PageError::found(&line, message));
        }
        if block.lines.is_empty() && block.scopes.is_empty() {
            block.scopes = scopes;
        } else {
            let next = Block::new(line.number, block.section, block.region);
            self.blocks.push(Block { scopes, ..next });
        }
        Ok(())
    }
}

impl Block {
    fn new(line: usize, section: Section, region: Option<&'static str>) -> Self {
        Self {
            line,
            section,
            region,
            scopes: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Returns the regions and deployment scopes that the block is about, or one `None` for all.
    pub(super) fn deployments(&self) -> Result<Vec<Option<[&'static str; 2]>>, PageError> {
        let Some(region) = self.region else {
            return Ok(vec![None]);
        };
        if !self.scopes.is_empty() {
            let scopes = self.scopes.iter();
            return Ok(scopes.map(|scope| Some([region, *scope])).collect());
        }
        let message =
            "expected `部署范围：` below, because the region has several deployment scopes";
        let scope = deployments::only_scope(region);
        let scope = scope.ok_or_else(|| PageError::new(self.line, message))?;
        Ok(vec![Some([region, scope])])
    }
}
