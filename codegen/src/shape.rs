//! Takes the tree of a file apart, and notes every place where it is not of the expected shape.

use model_studio_limits_names::nearest;

use crate::report::{Place, Problem};
use crate::yaml::{Node, Value};

/// The problems of one file, as they are found. What is asked of it answers `None` where it has
/// noted a problem.
#[derive(Default)]
pub(crate) struct Checker {
    pub(crate) problems: Vec<Problem>,
}

/// The entries of a mapping: key, place of the key, value.
pub(crate) struct Fields<'a> {
    place: Place,
    entries: Vec<(&'a str, Place, &'a Node)>,
}

impl<'a> Fields<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|(name, ..)| *name == key);
        entry.map(|(.., value)| *value)
    }

    pub(crate) fn entries(&self) -> &[(&'a str, Place, &'a Node)] {
        &self.entries
    }
}

impl Checker {
    pub(crate) fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The entries of a mapping whose keys are all `known`.
    pub(crate) fn fields<'a>(
        &mut self,
        node: &'a Node,
        what: &str,
        known: &[&str],
    ) -> Option<Fields<'a>> {
        let mut fields = self.mapping(node, what)?;
        fields.entries.retain(|(key, place, _)| {
            if known.contains(key) {
                return true;
            }
            let problem = Problem::new(*place, format!("unknown key `{key}`"));
            let near = nearest(key, known.iter().copied());
            self.note(if near.names().is_empty() {
                problem.help(format!("{what} can have {}", listed(known)))
            } else {
                problem.help(format!("did you mean {near}?"))
            });
            false
        });
        Some(fields)
    }

    /// The entries of a mapping, whatever its keys; of a repeated key, the first entry.
    pub(crate) fn mapping<'a>(&mut self, node: &'a Node, what: &str) -> Option<Fields<'a>> {
        let Value::Mapping(all) = &node.value else {
            self.wrong_type(node, what, "a mapping");
            return None;
        };
        let mut entries: Vec<(&str, Place, &Node)> = Vec::with_capacity(all.len());
        let mut seen = std::collections::HashMap::with_capacity(all.len());
        for (key, value) in all {
            let Value::String(name) = &key.value else {
                self.wrong_type(key, "a key", "a string");
                continue;
            };
            if let Some(first) = seen.insert(name.as_str(), key.place) {
                seen.insert(name, first);
                self.note(Problem::new(
                    key.place,
                    format!(
                        "key `{name}` is here a second time, after line {}",
                        first.line
                    ),
                ));
                continue;
            }
            entries.push((name, key.place, value));
        }
        Some(Fields {
            place: node.place,
            entries,
        })
    }

    /// The value of a key that has to be there.
    pub(crate) fn required<'a>(
        &mut self,
        fields: &Fields<'a>,
        what: &str,
        key: &str,
    ) -> Option<&'a Node> {
        let value = fields.get(key);
        if value.is_none() {
            self.note(Problem::new(fields.place, format!("{what} has no `{key}`")));
        }
        value
    }

    /// The items of a sequence that is not empty.
    pub(crate) fn items<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a [Node]> {
        match &node.value {
            Value::Sequence(items) if items.is_empty() => {
                self.note(Problem::new(node.place, format!("{what} is empty")));
                None
            }
            Value::Sequence(items) => Some(items),
            _ => {
                self.wrong_type(node, what, "a list");
                None
            }
        }
    }

    /// A string that is not empty.
    pub(crate) fn string<'a>(&mut self, node: &'a Node, what: &str) -> Option<&'a str> {
        match &node.value {
            Value::String(text) if text.trim().is_empty() => {
                self.note(Problem::new(node.place, format!("{what} is empty")));
                None
            }
            Value::String(text) => Some(text),
            _ => {
                self.wrong_type(node, what, "a string");
                None
            }
        }
    }

    /// A number from 1 to `most`.
    pub(crate) fn positive(&mut self, node: &Node, what: &str, most: u64) -> Option<u64> {
        let problem = |message| Problem::new(node.place, format!("{what} {message}"));
        let problem = match &node.value {
            Value::Integer(number @ ..1) => problem(format!("is {number}, a limit is at least 1"))
                .help("where there is no such limit, leave the key out"),
            Value::Integer(number) => match u64::try_from(*number) {
                Ok(number) if number <= most => return Some(number),
                _ => problem(format!("is {number}, the most it can be is {most}")),
            },
            Value::Number(number) => problem(format!("is {number}, which is not an integer")),
            Value::String(text) => {
                let digits: String = text.chars().filter(|c| !"_,' ".contains(*c)).collect();
                let problem = problem(format!("is the string `{text}`, not a number"));
                if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
                    problem.help(format!("write {digits}, without quotes or separators"))
                } else {
                    problem
                }
            }
            _ => {
                self.wrong_type(node, what, "a positive integer");
                return None;
            }
        };
        self.note(problem);
        None
    }

    pub(crate) fn wrong_type(&mut self, node: &Node, what: &str, expected: &str) {
        let found = match &node.value {
            Value::Null => "nothing",
            Value::Bool(true) => "`true`",
            Value::Bool(false) => "`false`",
            Value::Integer(_) | Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        };
        let problem = Problem::new(
            node.place,
            format!("{what} should be {expected}, but is {found}"),
        );
        let scalar = matches!(
            node.value,
            Value::Bool(_) | Value::Integer(_) | Value::Number(_)
        );
        self.note(if scalar && expected == "a string" {
            problem.help("put it in quotes")
        } else {
            problem
        });
    }
}

/// "`a`", "`a` and `b`", "`a`, `b` and `c`".
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
