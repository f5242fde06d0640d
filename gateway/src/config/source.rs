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
        let names = &mut unchanged;
        keep("listen", &mut config.listen, &running.listen, names);
        keep(
            "admin_listen",
            &mut config.admin_listen,
            &running.admin_listen,
            names,
        );
        keep("share", &mut config.share, &running.share, names);
        keep("store", &mut config.store, &running.store, names);
        keep("log", &mut config.log, &running.log, names);
        // What applies to connections is set when the gateway starts to listen.
        let (bounds, running_bounds) = (&mut config.bounds, &running.bounds);
        keep(
            "bounds.connections",
            &mut bounds.connections,
            &running_bounds.connections,
            names,
        );
        keep(
            "bounds.header",
            &mut bounds.header,
            &running_bounds.header,
            names,
        );
        let (timeouts, running_timeouts) = (&mut config.timeouts, &running.timeouts);
        keep(
            "timeouts.header",
            &mut timeouts.header,
            &running_timeouts.header,
            names,
        );
        keep(
            "timeouts.body",
            &mut timeouts.body,
            &running_timeouts.body,
            names,
        );
        Ok(Reloaded { config, unchanged })
    }
}

/// Restores a setting that cannot change, and adds its name if it did.
fn keep<T: Clone + PartialEq>(
    name: &'static str,
    new: &mut T,
    running: &T,
    unchanged: &mut Vec<&'static str>,
) {
    if new != running {
        new.clone_from(running);
        unchanged.push(name);
    }
}

fn read(path: &Path) -> Result<Document, ConfigError> {
    let text = fs::read_to_string(path).map_err(|error| ConfigError::file(path, error))?;
    Ok(Document {
        path: path.to_owned(),
        text,
    })
}
