//! The rules of `check`: what is reported, at which level, and with which message.

use model_studio_limits::Date;
use model_studio_provider::Status;

use crate::date::Days;

/// A rule. Its kind identifies it in reports and in `allow`.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) kind: &'static str,
    pub(super) level: Level,
    /// What a finding means, for the help, the README and SARIF.
    pub(super) meaning: &'static str,
    /// Whether `--fix` writes the replacement, if there is only one.
    pub(super) has_fix: bool,
    /// Returns the message about a name, or `None` if the rule does not apply to it.
    pub(super) message: fn(&str, Subject, Dates) -> Option<String>,
}

/// The level of a finding: an error if calls with the name fail today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Error,
    Warning,
}

impl Level {
    /// Returns the name that GitHub and SARIF use.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What the tables say about a name.
#[derive(Clone, Copy)]
pub(super) enum Subject {
    /// It is a model ID or an alias.
    Model(Status),
    /// It is unknown, and one typo away from a model ID.
    Typo,
}

/// The dates that decide which rule applies.
#[derive(Clone, Copy)]
pub(super) struct Dates {
    pub(super) today: Date,
    /// The last date on which a model retires soon.
    pub(super) soon: Date,
}

/// The time within which a model retires soon, if no other is set.
pub(super) const DEFAULT_WITHIN: Days = Days(90);

/// Every rule. A name is reported by the first one that applies to it.
pub(super) static RULES: [Rule; 4] = [
    Rule {
        kind: "retired",
        level: Level::Error,
        meaning: "The provider has retired the model, or its announced retirement date has passed.",
        has_fix: true,
        message: |name, subject, dates| match subject {
            Subject::Model(Status::Retired(on)) => {
                Some(format!("model `{name}` was retired on {on}"))
            }
            Subject::Model(Status::Deprecated(Some(date))) if date <= dates.today => {
                Some(format!("model `{name}` was due to retire on {date}"))
            }
            _ => None,
        },
    },
    Rule {
        kind: "retiring",
        level: Level::Warning,
        meaning: "The model retires within the time given with `--within`.",
        has_fix: true,
        message: |name, subject, dates| match subject {
            Subject::Model(Status::Deprecated(Some(date))) if date <= dates.soon => Some(format!(
                "model `{name}` is deprecated and retires on {date}"
            )),
            _ => None,
        },
    },
    Rule {
        kind: "deprecated",
        level: Level::Warning,
        meaning: "The model is deprecated, but does not retire soon or has no retirement date.",
        has_fix: true,
        message: |name, subject, _| match subject {
            Subject::Model(Status::Deprecated(Some(date))) => Some(format!(
                "model `{name}` is deprecated and retires on {date}"
            )),
            Subject::Model(Status::Deprecated(None)) => {
                Some(format!("model `{name}` is deprecated"))
            }
            _ => None,
        },
    },
    Rule {
        kind: "misspelled",
        level: Level::Error,
        meaning: "The name is unknown, and one typo away from a model ID.",
        has_fix: false,
        message: |name, subject, _| match subject {
            Subject::Typo => Some(format!("unknown model `{name}`")),
            Subject::Model(_) => None,
        },
    },
];

/// Returns the kind of each rule.
pub(super) fn kinds() -> [&'static str; RULES.len()] {
    RULES.each_ref().map(|rule| rule.kind)
}

/// Returns the list of rules for the help.
pub(super) fn help() -> String {
    let rules = RULES.iter().map(|rule| {
        let (kind, level, meaning) = (rule.kind, rule.level.name(), rule.meaning);
        format!("  {kind} ({level})\n      {meaning}")
    });
    rules.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;

    use super::RULES;

    #[test]
    fn the_readme_lists_the_rules() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
        let readme = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
        let mut table = "| kind | level | meaning |\n| --- | --- | --- |\n".to_owned();
        let start = readme.find(&table).expect("the README has the table");
        let end = start + readme[start..].find("\n\n").unwrap() + 1;
        for rule in &RULES {
            let (kind, level, meaning) = (rule.kind, rule.level.name(), rule.meaning);
            writeln!(table, "| `{kind}` | {level} | {meaning} |").unwrap();
        }
        if std::env::var_os("UPDATE").is_some() {
            let readme = [&readme[..start], &table, &readme[end..]].concat();
            fs::write(path, readme).unwrap();
        } else {
            assert_eq!(readme[start..end], table);
        }
    }
}
