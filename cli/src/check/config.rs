//! The settings of a check: its arguments, and the section `check` of a configuration file.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, anyhow, bail};
use clap::ValueEnum as _;
use ignore::DirEntry;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use model_studio_limits::Date;
use model_studio_limits_core::{Escaped, suggest};
use serde::Deserialize;

use super::finding::{Finding, Kind};
use crate::arguments::CheckArguments;
use crate::date::{add_days, today};
use crate::tables::Region;

/// The name of the configuration file.
const FILE_NAME: &str = "model-studio-limits.toml";

/// The settings for some paths.
pub(super) struct Config {
    pub(super) region: Option<Region>,
    /// The date at which the life cycle of models is looked at.
    pub(super) today: Date,
    /// The last date on which a model retires soon.
    pub(super) soon: Date,
    allowed_kinds: Vec<Kind>,
    allowed_names: Vec<String>,
    pub(super) exclude: Exclude,
}

/// The files that are not checked, by patterns as in `.gitignore`.
#[derive(Clone)]
pub(super) struct Exclude(Gitignore);

impl Exclude {
    fn new(root: &Path, patterns: &[String]) -> anyhow::Result<Self> {
        let mut builder = GitignoreBuilder::new(root);
        for pattern in patterns {
            builder
                .add_line(None, pattern)
                .with_context(|| format!("`exclude`: `{pattern}`"))?;
        }
        Ok(Self(builder.build()?))
    }

    /// Returns `true` if a file or folder is not checked.
    pub(super) fn matches(&self, entry: &DirEntry) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        // The patterns are relative to a folder whose path has no links.
        entry.path().canonicalize().is_ok_and(|path| {
            let matched = |path| self.0.matched_path_or_any_parents(path, is_folder);
            path.starts_with(self.0.path()) && matched(path).is_ignore()
        })
    }
}

/// A number of days, such as `90d`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Days(u16);

impl FromStr for Days {
    type Err = &'static str;

    fn from_str(string: &str) -> Result<Self, Self::Err> {
        let digits = string.strip_suffix('d').unwrap_or(string);
        let days = digits.parse().ok().filter(|_| !digits.starts_with('+'));
        days.map(Self)
            .ok_or("expected a number of days such as `90d`")
    }
}

const DEFAULT_WITHIN: Days = Days(90);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    check: Section,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Section {
    region: Option<String>,
    within: Option<String>,
    as_of: Option<String>,
    #[serde(default)]
    allow: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
}

impl Config {
    /// Returns the settings of a file, or the default ones. Arguments have precedence over the file,
    /// except that both may allow model IDs.
    pub(super) fn load(file: Option<&Path>, arguments: &CheckArguments) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return Self::new(&Section::default(), Path::new(""), arguments);
        };
        let context = || format!("cannot read {}", file.display());
        let text = fs::read_to_string(file).with_context(context)?;
        let file = file.canonicalize().with_context(context)?;
        let root = file.parent().unwrap_or(&file);
        let section = toml::from_str::<File>(&text).map(|file| file.check);
        section
            .map_err(anyhow::Error::from)
            .and_then(|section| Self::new(&section, root, arguments))
            .with_context(|| format!("invalid configuration in {}", file.display()))
    }

    /// Returns `true` if a finding is not reported.
    pub(super) fn allows(&self, finding: &Finding) -> bool {
        self.allowed_kinds.contains(&finding.kind) || self.allowed_names.contains(&finding.name)
    }

    fn new(section: &Section, root: &Path, arguments: &CheckArguments) -> anyhow::Result<Self> {
        let region = match &section.region {
            Some(name) => Some(Region::from_str(name, false).map_err(|_| unknown_region(name))?),
            None => None,
        };
        let within = section.within.as_deref().map(str::parse).transpose();
        let within: Option<Days> = within.map_err(|error| anyhow!("`within`: {error}"))?;
        let as_of = section.as_of.as_deref().map(str::parse).transpose();
        let as_of: Option<Date> = as_of.map_err(|error| anyhow!("`as-of`: {error}"))?;

        let today = arguments.as_of.or(as_of).map_or_else(today, Ok)?;
        let Days(within) = arguments.within.or(within).unwrap_or(DEFAULT_WITHIN);
        let (mut allowed_kinds, mut allowed_names) = (Vec::new(), Vec::new());
        for allowed in section.allow.iter().chain(&arguments.allow) {
            match Kind::ALL.iter().find(|kind| kind.name() == allowed) {
                Some(kind) => allowed_kinds.push(*kind),
                None => allowed_names.push(allowed_name(allowed)?),
            }
        }
        Ok(Self {
            region: arguments.region.or(region),
            today,
            soon: add_days(today, within)?,
            allowed_kinds,
            allowed_names,
            exclude: Exclude::new(root, &section.exclude)?,
        })
    }
}

/// Returns a name that is allowed, which need not be a model ID, since unknown ones are reported too.
fn allowed_name(name: &str) -> anyhow::Result<String> {
    let kinds = suggest(name, Kind::ALL.map(Kind::name));
    match kinds.first() {
        Some(kind) => bail!(
            "`allow`: unknown kind `{}`, did you mean `{kind}`?",
            Escaped(name)
        ),
        None => Ok(name.to_owned()),
    }
}

/// Returns the configuration file that is nearest to a path without links: in it, or in the nearest of
/// its parents.
pub(super) fn find(path: &Path) -> Option<PathBuf> {
    let mut files = path.ancestors().map(|directory| directory.join(FILE_NAME));
    files.find(|file| file.is_file())
}

fn unknown_region(name: &str) -> anyhow::Error {
    let regions = Region::value_variants().iter();
    let regions: Vec<&str> = regions.map(|region| region.name()).collect();
    let regions = regions.join(", ");
    anyhow!(
        "unknown region `{}`, expected one of {regions}",
        Escaped(name)
    )
}
