//! The names of clients.

use std::fmt;
use std::str::FromStr;

const EXPECTED: &str = "expected up to 64 letters, digits, `-`, `_` and `.`";

/// The name of a client: up to 64 ASCII letters, digits, `-`, `_` and `.`, because it is in logs, in metrics,
/// and the name of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName(String);

impl ClientName {
    /// Returns the name as a key in a configuration file, in quotes if it needs them.
    #[must_use]
    pub fn to_key(&self) -> String {
        let name = &self.0;
        if name.contains('.') {
            format!("\"{name}\"")
        } else {
            name.clone()
        }
    }
}

impl FromStr for ClientName {
    type Err = ParseClientNameError;

    fn from_str(name: &str) -> Result<Self, ParseClientNameError> {
        let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if (1..=64).contains(&name.len()) && name.bytes().all(is_valid) {
            return Ok(Self(name.to_owned()));
        }
        Err(ParseClientNameError(()))
    }
}

/// Error returned when a text cannot be the name of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseClientNameError(());

impl fmt::Display for ParseClientNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }
}

impl std::error::Error for ParseClientNameError {}
