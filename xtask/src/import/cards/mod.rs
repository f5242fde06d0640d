//! Reads the provider's model cards, which have the properties of models, and limits once more.
//!
//! `blocks` divides a card into the sections of its models, and `tokens`, `capabilities` and `limits` read
//! one kind of section each.

mod blocks;
mod capabilities;
mod limits;
mod pages;
mod statements;
mod table;
mod tokens;

use std::collections::BTreeMap;

use crate::import::error::{self, PageError};
use crate::import::markdown;
use crate::import::row::{Field, Row};
use blocks::{ModelBlocks, Section};
use statements::Findings;

pub(super) use limits::{CardLimit, CardLimits};
pub use pages::CardPage;
pub(super) use statements::Statements;

/// All models that have a card.
#[derive(Debug, Default)]
pub(super) struct Cards {
    by_name: BTreeMap<String, Model>,
    /// What the report must mention.
    pub(super) remarks: Vec<String>,
}

/// What a card says about a model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: String,
    /// The path of the card.
    pub(super) file: String,
    /// The card and the line of the name, for errors.
    position: String,
    tokens: Vec<InDeployment<Statements>>,
    capabilities: Vec<InDeployment<Statements>>,
    limits: Vec<InDeployment<CardLimits>>,
}

/// What applies to a region and deployment scope, or to all of them.
#[derive(Debug, PartialEq, Eq)]
struct InDeployment<T> {
    deployment: Option<[&'static str; 2]>,
    value: T,
}

/// Reads all cards.
pub(super) fn read(pages: &[CardPage]) -> Result<Cards, String> {
    let mut cards = Cards::default();
    let mut messages = Vec::new();
    let mut sentences: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for page in pages {
        let mut errors = Vec::new();
        let mut findings = Findings::default();
        match blocks::divide(markdown::lines(&page.text), &mut errors) {
            Ok(models) => {
                for blocks in models {
                    let line = blocks.line;
                    let model = Model::read(page, blocks, &mut findings, &mut errors);
                    if let Err(message) = cards.add(model) {
                        errors.push(PageError::new(line, message));
                    }
                }
            }
            Err(title) => {
                let text = &title.text;
                let message = format!("`{text}` is not a model ID, so the card is not read");
                findings.defects.push((title.number, message));
            }
        }
        let file = page.short_name();
        let defects = findings.defects.iter();
        let defects = defects.map(|(line, message)| format!("{file}:{line}: {message}"));
        cards.remarks.extend(defects);
        for (line, text) in findings.remarks {
            let positions = sentences.entry(text).or_default();
            positions.push(format!("{file}:{line}"));
        }
        messages.extend(error::lines(file, errors));
    }
    for (text, positions) in sentences {
        let (first, others) = (&positions[0], positions.len() - 1);
        let others = match others {
            0 => String::new(),
            _ => format!(" and {others} more"),
        };
        let remark = format!("{first}{others}: text that is not read: {text}");
        cards.remarks.push(remark);
    }
    if messages.is_empty() {
        Ok(cards)
    } else {
        Err(error::message_of_pages(messages))
    }
}

impl Cards {
    /// Adds a model. Two cards can have the same model if they agree.
    fn add(&mut self, model: Model) -> Result<(), String> {
        let name = &model.name;
        match self.by_name.get(name) {
            Some(other) if !other.says_the_same(&model) => {
                let position = &other.position;
                return Err(format!("expected what {position} has for {name}"));
            }
            Some(_) => {}
            None => _ = self.by_name.insert(name.clone(), model),
        }
        Ok(())
    }

    /// Returns the card of a model in a deployment scope. Older cards have the scope in the name. A model
    /// can have the card of an alias.
    pub(super) fn find(&self, row: &Row) -> Option<&Model> {
        let [_, scope, name] = row.key();
        let with_scope = self.by_name.get(&format!("{name}-{scope}"));
        let mut aliases = row.get(Field::Aliases).split(',');
        with_scope
            .or_else(|| self.by_name.get(name))
            .or_else(|| aliases.find_map(|alias| self.by_name.get(alias)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(super) fn models(&self) -> impl Iterator<Item = &Model> {
        self.by_name.values()
    }
}

impl Model {
    fn read(
        page: &CardPage,
        blocks: ModelBlocks,
        findings: &mut Findings,
        errors: &mut Vec<PageError>,
    ) -> Self {
        let mut model = Self {
            name: blocks.name,
            file: page.file.clone(),
            position: format!("{}:{}", page.short_name(), blocks.line),
            tokens: Vec::new(),
            capabilities: Vec::new(),
            limits: Vec::new(),
        };
        for block in blocks.blocks {
            let lines = block.lines.as_slice();
            if lines.is_empty() {
                continue;
            }
            let read = block.deployments().and_then(|deployments| {
                match block.section {
                    Section::Tokens => {
                        let value = tokens::read(lines, findings)?;
                        add(&mut model.tokens, deployments, &value, block.line)?;
                    }
                    Section::Capabilities => {
                        let value = capabilities::read(lines, findings)?;
                        add(&mut model.capabilities, deployments, &value, block.line)?;
                    }
                    Section::Limits => {
                        let value = limits::read(lines, findings)?;
                        add(&mut model.limits, deployments, &value, block.line)?;
                    }
                    Section::Unread => {}
                }
                Ok(())
            });
            if let Err(error) = read {
                errors.push(error);
            }
        }
        model
    }

    fn says_the_same(&self, other: &Self) -> bool {
        (&self.tokens, &self.capabilities, &self.limits)
            == (&other.tokens, &other.capabilities, &other.limits)
    }

    /// Returns the cells that the card determines for a region and deployment scope.
    pub(super) fn statements(&self, deployment: [&str; 2]) -> Statements {
        let sections = [&self.tokens, &self.capabilities].into_iter();
        let statements = sections.filter_map(|section| find(section, deployment).cloned());
        statements.flatten().collect()
    }

    /// Returns the limits in a region and deployment scope.
    pub(super) fn limits(&self, deployment: [&str; 2]) -> CardLimits {
        find(&self.limits, deployment).copied().unwrap_or_default()
    }

    /// Returns the regions and deployment scopes with limits.
    pub(super) fn deployments(&self) -> impl Iterator<Item = [&'static str; 2]> {
        self.limits.iter().filter_map(|limits| limits.deployment)
    }
}

/// Adds a value for each deployment. A card can repeat a deployment with the same value.
fn add<T: Clone + PartialEq>(
    values: &mut Vec<InDeployment<T>>,
    deployments: Vec<Option<[&'static str; 2]>>,
    value: &T,
    line: usize,
) -> Result<(), PageError> {
    for deployment in deployments {
        let mut others = values.iter();
        match others.find(|other| other.deployment == deployment) {
            Some(other) if other.value != *value => {
                let place = deployment.map_or("all regions".to_owned(), |it| it.join(", scope "));
                let message = format!("the section has other values for {place} above");
                return Err(PageError::new(line, message));
            }
            Some(_) => {}
            None => values.push(InDeployment {
                deployment,
                value: value.clone(),
            }),
        }
    }
    Ok(())
}

/// Returns what applies to a deployment. A section without regions applies to all.
fn find<'a, T>(values: &'a [InDeployment<T>], deployment: [&str; 2]) -> Option<&'a T> {
    let find = |deployment| {
        let mut values = values.iter();
        values.find(|value| value.deployment == deployment)
    };
    let found = find(Some(deployment)).or_else(|| find(None));
    found.map(|found| &found.value)
}
