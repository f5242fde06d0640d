//! Parses a configuration file.

use model_studio_limits_core::Escaped;
use toml::de;

use super::file::File;
use super::places::Problem;

/// Parses the text of a configuration file.
///
/// # Errors
///
/// Returns the first syntax error, unknown key, or value of the wrong type.
pub(super) fn parse(text: &str) -> Result<File, Problem> {
    toml::from_str(text).map_err(|error| to_problem(text, &error))
}

/// Returns the problem for an error.
///
/// The messages of serde repeat a string that has the wrong type. It could be a secret, so it is left
/// out.
fn to_problem(text: &str, error: &de::Error) -> Problem {
    let message = error.message().trim();
    let place = error.span().unwrap_or_default();
    // What was expected is text of this program, so it is what follows the last separator.
    let (found, expected) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    if let Some(name) = found.strip_prefix("unknown field ") {
        return Problem::new(place, "unknown key").similar(name.trim_matches('`'), names(expected));
    }
    if let Some(name) = found.strip_prefix("unknown variant ") {
        let name = name.trim_matches('`');
        let problem = Problem::new(place, format!("unknown value `{}`", Escaped(name)));
        return problem.similar(name, names(expected));
    }
    if let Some(name) = message.strip_prefix("missing field ") {
        return Problem::new(place, format!("the key {name} is missing"));
    }
    if message == "duplicate key" {
        let key = text.get(place.clone()).unwrap_or_default();
        return Problem::new(place, format!("duplicate key `{}`", Escaped(key)));
    }
    let wrong = ["invalid type: ", "invalid value: "];
    match wrong.iter().find_map(|prefix| found.strip_prefix(prefix)) {
        Some(found) => {
            let (expected, found) = (expected_noun(expected), found_noun(found));
            Problem::new(place, format!("expected {expected}, found {found}"))
        }
        None => Problem::new(place, message),
    }
}

/// Returns the names in backticks.
fn names(expected: &str) -> impl Iterator<Item = &str> {
    expected.split('`').skip(1).step_by(2)
}

/// Returns what serde expected, as TOML calls it.
fn expected_noun(expected: &str) -> &str {
    match expected {
        "a sequence" => "a list",
        "a map" | "table" => "a table",
        expected => expected,
    }
}

/// Returns what was found, as TOML calls it, without the text of a string.
fn found_noun(found: &str) -> String {
    let value = found.split('`').nth(1).unwrap_or_default();
    match found.split(' ').next() {
        Some("string") => "a string".to_owned(),
        Some("map") => "a table".to_owned(),
        Some("sequence") => "a list".to_owned(),
        Some("boolean") => "a boolean".to_owned(),
        Some("integer") => format!("the integer {value}"),
        Some("floating") => format!("the number {value}"),
        _ => found.to_owned(),
    }
}
