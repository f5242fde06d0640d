//! The settings of the log.

use serde::Deserialize;

/// The format and the level of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// How lines are written.
    pub format: LogFormat,
    /// The least severe level that is written.
    pub level: Level,
}

/// How lines of the log are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// As text. The default.
    #[default]
    Text,
    /// As JSON, one object per line.
    Json,
}

/// The level of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// An error that needs attention.
    Error,
    /// Something is not as expected.
    Warn,
    /// The gateway started, stopped, or has read its configuration, and requests that have failed. The
    /// default.
    #[default]
    Info,
    /// Every request.
    Debug,
    /// Each step of a request.
    Trace,
}
