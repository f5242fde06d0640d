//! Takes the tree of a file apart, and notes every place where it is not of the expected shape.

use model_studio_limits_core::nearest;

use crate::report::{Place, Problem};
use crate::yaml::{Node, Value};

/// The problems of one file, as they are found. What is asked of it answers `None` where it has
/// noted a problem.
pub(crate) struct Checker {
    pub(crate) problems: Vec<Problem>,
    /// How many more unknown names get a suggestion.
    suggestions: usize,
}

/// The entries of a mapping: key, place of the key, value.
pub(crate) struct Fields<'a> {
    place: Place,
    entries: Vec<(&'a str, Place, &'a Node)>,
}

impl<'a> Fields<'a> {
    pub(crate) fn get(&self, key: &str) -> Option<&'a Node> {
        Some(self.entry(key)?.1)
    }

    /// The place of a key, and its value.
    pub(crate) fn entry(&self, key: &str) -> Option<(Place, &'a Node)> {
        let entry = self.entries.iter().find(|(name, ..)| *name == key);
        entry.map(|(_, place, value)| (*place, *value))
    }

    pub(crate) fn entries(&self) -> &[(&'a str, Place, &'a Node)] {
        &self.entries
    }
}

impl Checker {
    pub(crate) fn new(suggestions: usize) -> Self {
        Self {
            problems: Vec::new(),
            suggestions,
        }
    }

    /// Notes a name that is none of these.
    pub(crate) fn unknown<'a>(
        &mut self,
        written: &str,
        place: Place,
        names: impl IntoIterator<Item = &'a str>,
    ) {
        let mut problem = Problem::new(place, format!("unknown model `{written}`"));
        if let Some(left) = self.suggestions.checked_sub(1) {
            self.suggestions = left;
            let near = nearest(written, names);
            if !near.names().is_empty() {
                problem = problem.help(format!("did you mean {near}?"));
            }
        }
        self.note(problem);
    }

    pub(crate) fn note(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// The entries of a mapping that is not empty and whose keys are all `known`.
    pub(crate) fn fields<'a>(
        &mut self,
        node: &'a Node,
        what: &str,
        known: &[&str],
    ) -> Option<Fields<'a>> {
        if matches!(&node.value, Value::Mapping(entries) if entries.is_empty()) {
            let problem = Problem::new(node.place, format!("{what} is empty"));
            self.note(problem.help(format!("it can have {}", listed(known))));
            return None;
        }
        let mut fields = self.mapping(node, what)?;
        fields.entries.retain(|(key, place, _)| {
            if known.contains(key) {
                return true;
            }
            let problem = Problem::new(*place, format!("unknown key `{key}`"));
            if *key == "<<" {
                self.note(problem.help("merge keys have no meaning here: write the keys out"));
                return false;
            }
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

    /// The entries of a mapping, whatever its keys.
    pub(crate) fn mapping<'a>(&mut self, node: &'a Node, what: &str) -> Option<Fields<'a>> {
        let Value::Mapping(all) = &node.value else {
            self.wrong_type(node, what, "a mapping");
            return None;
        };
        let entries = all.iter();
        let entries = entries.map(|entry| (entry.key.as_str(), entry.place, &entry.value));
        let entries = entries.collect::<Vec<_>>();
        self.note_repeated(&entries);
        Some(Fields {
            place: node.place,
            entries,
        })
    }

    fn note_repeated(&mut self, entries: &[(&str, Place, &Node)]) {
        let mut by_name: Vec<_> = entries.iter().collect();
        by_name.sort_by_key(|(name, ..)| *name);
        for same in by_name.chunk_by(|(a, ..), (b, ..)| a == b) {
            for (name, place, _) in &same[1..] {
                let first = same[0].1.line;
                let message = format!("key `{name}` is here a second time, after line {first}");
                self.note(Problem::new(*place, message));
            }
        }
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
            Value::Number(number) if *number <= -BEYOND_U64 => {
                problem(format!("is {number:?}, a limit is at least 1"))
            }
            Value::Number(number) if *number >= BEYOND_U64 => {
                problem(format!("is {number:?}, the most it can be is {most}"))
            }
            Value::Number(number) if *number >= 1.0 && number.fract() == 0.0 => {
                problem(format!("is {number:?}, not an integer")).help(format!("write {number}"))
            }
            Value::Number(number) => problem(format!("is {number:?}, not an integer")),
            Value::String(text) => {
                let digits: String = text.chars().filter(|c| !"_,' ".contains(*c)).collect();
                let digits = digits.trim_start_matches('0');
                let problem = problem(format!("is the string `{text}`, not a number"));
                if !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()) {
                    problem.help(format!(
                        "write {digits}, without quotes, separators or leading zeros"
                    ))
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

/// 2⁶⁴, the first number that a limit cannot be.
const BEYOND_U64: f64 = 18_446_744_073_709_551_616.0;

/// "`a`", "`a` and `b`", "`a`, `b` and `c`".
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
