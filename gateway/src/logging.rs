//! The log of the gateway.

use std::io::{self, IsTerminal as _};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::config::{Level, Log, LogFormat};

/// Writes what the program reports to the standard error stream from now on. Colors are used if that is a
/// terminal.
///
/// # Errors
///
/// Returns an error if the program already has a log.
pub fn start(log: Log) -> Result<(), SetGlobalDefaultError> {
    let level = match log.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    };
    // The libraries report each frame, which would hide what the gateway reports.
    let libraries = level.min(LevelFilter::WARN);
    let targets = Targets::new()
        .with_default(libraries)
        .with_target("model_studio", level);
    let subscriber = tracing_subscriber::registry().with(targets);
    let text = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match log.format {
        LogFormat::Text => tracing::subscriber::set_global_default(subscriber.with(text)),
        LogFormat::Json => {
            let json = text.json().flatten_event(true).with_current_span(true);
            tracing::subscriber::set_global_default(subscriber.with(json))
        }
    }
}
