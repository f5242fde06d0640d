//! The settings of a check: its arguments, and the section `check` of a configuration file.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, bail};
use ignore::DirEntry;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use model_studio_limits::Date;
use model_studio_limits_core::{Escaped, deserialize, suggest};
use model_studio_provider::Region;
use serde::{Deserialize, Deserializer};

use super::arguments::Arguments;
use super::finding::Finding;
use super::rules::{self, Dates};
use crate::date::{Days, today};
use crate::table_arguments::Selection;

/// The name of the configuration file.
const FILE_NAME: &str = "model-studio-limits.toml";

/// The settings for some paths.
pub(super) struct Config {
    pub(super) selection: Selection,
    pub(super) dates: Dates,
    /// The kinds and the model IDs that are not reported.
    allowed: BTreeSet<String>,
    pub(super) exclude: Exclude,
}

/// The files that are not checked.
#[derive(Clone)]
pub(super) struct Exclude {
    /// Patterns in the syntax of `.gitignore`. They are relative to a folder whose path has no links.
    patterns: Gitignore,
    /// A user's own table and its overlay. They contain retired model IDs. Their paths have no links.
    tables: Vec<PathBuf>,
}

impl Exclude {
    fn new(root: &Path, patterns: &[String], selection: &Selection) -> anyhow::Result<Self> {
        let mut builder = GitignoreBuilder::new(root);
        for pattern in patterns {
            builder
                .add_line(None, pattern)
                .with_context(|| format!("`exclude`: `{pattern}`"))?;
        }
        let tables = match selection {
            Selection::Own(table, overlay) => [Some(table), overlay.as_ref()],
            Selection::AllRegions | Selection::Region(_) => [None, None],
        };
        let tables = tables.into_iter().flatten();
        Ok(Self {
            patterns: builder.build()?,
            // An error is reported when the table is read.
            tables: tables.filter_map(|path| path.canonicalize().ok()).collect(),
        })
    }

    /// Returns `true` if a file or folder is not checked.
    pub(super) fn matches(&self, entry: &DirEntry) -> bool {
        // The paths without links, which are only needed for some entries.
        let path = || entry.path().canonicalize();
        let is_table = |table: &PathBuf| {
            table.file_name() == Some(entry.file_name()) && path().is_ok_and(|path| path == *table)
        };
        if self.tables.iter().any(is_table) {
            return true;
        }
        if self.patterns.is_empty() {
            return false;
        }
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        path().is_ok_and(|path| {
            let patterns = &self.patterns;
            let matched = |path| patterns.matched_path_or_any_parents(path, is_folder);
            path.starts_with(patterns.path()) && matched(path).is_ignore()
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    check: Section,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Section {
    #[serde(deserialize_with = "parse")]
    region: Option<Region>,
    table: Option<PathBuf>,
    overlay: Option<PathBuf>,
    #[serde(deserialize_with = "parse")]
    within: Option<Days>,
    #[serde(deserialize_with = "parse")]
    as_of: Option<Date>,
    allow: Vec<String>,
    exclude: Vec<String>,
}

impl Section {
    /// Returns the tables that the file selects. Its paths are relative to `root`.
    fn selection(&self, root: &Path) -> anyhow::Result<Selection> {
        let path = |path: &PathBuf| root.join(path);
        Ok(match (&self.table, self.region) {
            (Some(_), Some(_)) => bail!("`table` cannot be used with `region`"),
            (Some(table), None) => Selection::Own(path(table), self.overlay.as_ref().map(path)),
            (None, _) if self.overlay.is_some() => bail!("`overlay` requires `table`"),
            (None, Some(region)) => Selection::Region(region),
            (None, None) => Selection::AllRegions,
        })
    }
}

fn parse<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    deserialize(deserializer, "a string").map(Some)
}

impl Config {
    /// Returns the settings of a file, or the default ones. Arguments override the file, except that
    /// `allow` adds to it.
    pub(super) fn load(file: Option<&Path>, arguments: &Arguments) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return Self::new(&Section::default(), Path::new(""), arguments);
        };
        let context = || format!("cannot read {}", file.display());
        let text = fs::read_to_string(file).with_context(context)?;
        let file = file.canonicalize().with_context(context)?;
        let root = file.parent().unwrap_or(&file);
        let section = toml::from_str::<ConfigFile>(&text).map(|file| file.check);
        section
            .map_err(anyhow::Error::from)
            .and_then(|section| Self::new(&section, root, arguments))
            .with_context(|| format!("invalid configuration in {}", file.display()))
    }

    /// Returns `true` if a finding is not reported.
    pub(super) fn allows(&self, finding: &Finding) -> bool {
        self.allowed.contains(finding.problem.rule.kind) || self.allowed.contains(&finding.name)
    }

    fn new(section: &Section, root: &Path, arguments: &Arguments) -> anyhow::Result<Self> {
        let today = arguments.as_of.or(section.as_of).map_or_else(today, Ok)?;
        let within = arguments.within.or(section.within);
        let within = within.unwrap_or(rules::DEFAULT_WITHIN);
        let allowed = section.allow.iter().chain(&arguments.allow).cloned();
        let allowed: BTreeSet<String> = allowed.collect();
        for allowed in &allowed {
            check_allowed(allowed)?;
        }
        let selection = match arguments.tables.selection() {
            Some(selection) => selection,
            None => section.selection(root)?,
        };
        Ok(Self {
            dates: Dates {
                today,
                soon: within.after(today)?,
            },
            allowed,
            exclude: Exclude::new(root, &section.exclude, &selection)?,
            selection,
        })
    }
}

/// Rejects a misspelled kind. A name does not have to be a model ID, since misspelled names are reported
/// too.
fn check_allowed(allowed: &str) -> anyhow::Result<()> {
    let kinds = rules::kinds();
    match suggest(allowed, kinds).first() {
        Some(kind) if !kinds.contains(&allowed) => bail!(
            "`allow`: unknown kind `{}`, did you mean `{kind}`?",
            Escaped(allowed)
        ),
        _ => Ok(()),
    }
}

/// Returns the nearest configuration file, in the folder at a path or in one of its parents. The path
/// must not contain links.
pub(super) fn find(path: &Path) -> Option<PathBuf> {
    let mut files = path.ancestors().map(|directory| directory.join(FILE_NAME));
    files.find(|file| file.is_file())
}
