//! The list of names that generated code passes to the macro.

use core::cmp::Ordering;
use core::fmt;

/// The names of an enum, as a string: one line per name, sorted by name, with a line break before
/// the first line and after the last one.
///
/// The string is passed with every invocation, to a macro that is usually compiled without
/// optimizations. Names are therefore found by binary search, without parsing all lines.
#[derive(Clone, Copy, Debug)]
pub struct NameList<'a>(pub &'a str);

/// A name, and what the macro does with it.
///
/// [`Display`](fmt::Display) writes the line of the list: `NAME VARIANT` for an active model, `NAME
/// VARIANT !HELP` for a deprecated one, and `NAME - DATE HELP` for a retired one. The help may be
/// empty. A name contains no whitespace, and the help no line break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameEntry<'a> {
    /// The model ID or alias.
    pub name: &'a str,
    /// The status of the model.
    pub status: NameStatus<'a>,
}

/// The status of a model in a [`NameList`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameStatus<'a> {
    /// The macro expands to the variant.
    Active {
        /// The identifier of the variant.
        variant: &'a str,
    },
    /// The macro reports an error, unless deprecated models are allowed.
    Deprecated {
        /// The identifier of the variant.
        variant: &'a str,
        /// The help in the error.
        help: &'a str,
    },
    /// The macro reports an error.
    Retired {
        /// The date on which the model was retired.
        on: &'a str,
        /// The help in the error.
        help: &'a str,
    },
}

impl<'a> NameList<'a> {
    /// Writes a list.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn write(mut entries: std::vec::Vec<NameEntry<'_>>) -> std::string::String {
        entries.sort_by_key(|entry| entry.name);
        let lines = entries.iter().map(|entry| std::format!("{entry}\n"));
        ["\n".into()].into_iter().chain(lines).collect()
    }

    /// Returns an iterator over all names.
    pub fn iter(self) -> impl Iterator<Item = NameEntry<'a>> {
        self.0.lines().filter_map(NameEntry::parse)
    }

    /// Returns the entry of a name.
    #[must_use]
    pub fn find(self, name: &str) -> Option<NameEntry<'a>> {
        // While it contains a line, `rest` begins and ends with a line break.
        let mut rest = self.0;
        loop {
            let mut middle = rest.len() / 2 + 1;
            while !rest.is_char_boundary(middle) {
                middle -= 1;
            }
            let start = rest[..middle].rfind('\n')?;
            let (before, line) = rest.split_at(start + 1);
            let (line, after) = line.split_once('\n')?;
            let (at_middle, _) = line.split_once(' ')?;
            match name.cmp(at_middle) {
                Ordering::Equal => return NameEntry::parse(line),
                Ordering::Less => rest = before,
                Ordering::Greater => rest = &rest[rest.len() - after.len() - 1..],
            }
        }
    }
}

impl<'a> NameEntry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once(' ')?;
        let (first, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = match (first, rest.strip_prefix('!')) {
            ("-", _) => {
                let (on, help) = rest.split_once(' ').unwrap_or((rest, ""));
                NameStatus::Retired { on, help }
            }
            (variant, Some(help)) => NameStatus::Deprecated { variant, help },
            (variant, None) => NameStatus::Active { variant },
        };
        Some(Self { name, status })
    }
}

impl fmt::Display for NameEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name)?;
        match self.status {
            NameStatus::Active { variant } => f.write_str(variant),
            NameStatus::Deprecated { variant, help } => write!(f, "{variant} !{help}"),
            NameStatus::Retired { on, help: "" } => write!(f, "- {on}"),
            NameStatus::Retired { on, help } => write!(f, "- {on} {help}"),
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::*;

    /// Names that contain, or begin with, each other, and the characters of the format.
    const NAMES: [&str; 8] = ["!", "-", "a", "a!", "a-b", "ab", "模型", "模型-max"];

    /// Returns an entry for each combination of a status and a help.
    fn statuses() -> Vec<NameStatus<'static>> {
        let variant = "A_1";
        let mut statuses = Vec::from([NameStatus::Active { variant }]);
        for help in ["", "use `a`", "!", "- ", " 模型 "] {
            statuses.push(NameStatus::Deprecated { variant, help });
            let on = "2026-05-13";
            statuses.push(NameStatus::Retired { on, help });
        }
        statuses
    }

    #[test]
    fn every_list_is_read_as_it_was_written() {
        let statuses = statuses();
        for subset in 0..1 << NAMES.len() {
            for shift in 0..statuses.len() {
                let names = NAMES.into_iter().enumerate();
                let entries = names.filter(|(index, _)| subset & (1 << index) != 0);
                let entries = entries.map(|(index, name)| NameEntry {
                    name,
                    status: statuses[(index + shift) % statuses.len()],
                });
                let entries: Vec<_> = entries.collect();
                let reversed: Vec<_> = entries.iter().rev().copied().collect();
                let text = NameList::write(reversed);
                let list = NameList(&text);
                assert!(list.iter().eq(entries.iter().copied()), "{text}");
                for name in NAMES {
                    let entry = entries.iter().find(|entry| entry.name == name);
                    assert_eq!(list.find(name), entry.copied(), "{name} in {text}");
                }
            }
        }
    }

    #[test]
    fn a_string_that_is_no_name_is_not_found() {
        let entries = NAMES.map(|name| NameEntry {
            name,
            status: NameStatus::Active { variant: "A" },
        });
        let text = NameList::write(entries.into());
        for name in ["", " ", "\n", "A", "a A", "aa", "\na", "模"] {
            assert_eq!(NameList(&text).find(name), None, "{name:?}");
        }
        assert_eq!(NameList("").find("a"), None);
    }

    #[test]
    fn a_line_has_the_name_the_variant_and_the_help() {
        let line = |status| -> String { format!("{}", NameEntry { name: "a", status }) };
        let (variant, on, help) = ("A", "2026-05-13", "use `b`");
        assert_eq!(line(NameStatus::Active { variant }), "a A");
        assert_eq!(
            line(NameStatus::Deprecated { variant, help }),
            "a A !use `b`"
        );
        assert_eq!(
            line(NameStatus::Retired { on, help }),
            "a - 2026-05-13 use `b`"
        );
    }
}
