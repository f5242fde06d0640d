//! Reads settings from a file and arguments, and reads them again.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::context::Context;
use super::file::File;
use super::flags::Flags;
use super::parse::parse;
use super::places::Document;
use super::settings::settings;
use super::{Config, ConfigError};

/// Where the settings come from.
#[derive(Args, Clone, Debug, Default)]
pub struct Source {
    /// The configuration file
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What overrides the file.
    #[command(flatten)]
    pub flags: Flags,
}

/// The settings after a file was read again.
#[derive(Clone, Debug)]
pub struct Reloaded {
    /// The settings, in which `unchanged` have the values with which the gateway is running.
    pub config: Config,
    /// The keys of settings that have other values in the file, which take effect after a restart.
    pub unchanged: Vec<&'static str>,
}

impl Source {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// Returns an error if the file or a secret cannot be read, or if a setting is invalid.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let document = match &self.config {
            Some(path) => read(path)?,
            None => Document::default(),
        };
        let directory = document.path.parent().unwrap_or(Path::new(""));
        let mut context = Context::new(directory);
        let file = match self.config.is_some().then(|| parse(&document.text)) {
            None => File::default(),
            Some(Ok(file)) => file,
            Some(Err(problem)) => return Err(document.error(vec![problem])),
        };
        match settings(&file, &self.flags, &mut context) {
            Some(config) if context.problems.is_empty() => Ok(config),
            _ => Err(document.error(context.problems)),
        }
    }

    /// Reads the settings again. `running` are the current ones.
    ///
    /// # Errors
    ///
    /// Returns an error as [`load`](Self::load) does. The gateway then goes on with the current settings.
    pub fn reload(&self, running: &Config) -> Result<Reloaded, ConfigError> {
        let mut config = self.load()?;
        let mut unchanged = Vec::new();
        let mut keep = |name: &'static str, is_changed: bool| {
            if is_changed {
                unchanged.push(name);
            }
            is_changed
        };
        if keep("listen", config.listen != running.listen) {
            config.listen = running.listen;
        }
        if keep("admin_listen", config.admin_listen != running.admin_listen) {
            config.admin_listen = running.admin_listen;
        }
        if keep("share", config.share != running.share) {
            config.share = running.share;
        }
        if keep("store", config.store != running.store) {
            config.store.clone_from(&running.store);
        }
        if keep("log", config.log != running.log) {
            config.log = running.log;
        }
        Ok(Reloaded { config, unchanged })
    }
}

fn read(path: &Path) -> Result<Document, ConfigError> {
    let text = fs::read_to_string(path).map_err(|error| ConfigError::file(path, error))?;
    Ok(Document {
        path: path.to_owned(),
        text,
    })
}
