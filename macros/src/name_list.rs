//! The names of an enum, in the format that generated code passes to the macro.

/// A string with one line per name, sorted by name, with a line break before the first line and
/// after the last one. See [`Entry`] for the format of a line.
///
/// The string is passed with every invocation, to a macro that is usually compiled without
/// optimizations. Names are therefore found by binary search, without parsing all lines.
pub(crate) struct Names<'a>(pub(crate) &'a str);

/// A line: `NAME VARIANT` for an active model, `NAME VARIANT !HELP` for a deprecated one, or
/// `NAME - DATE HELP` for a retired one. The help may be missing.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) status: Status<'a>,
}

pub(crate) enum Status<'a> {
    Active { variant: &'a str },
    Deprecated { variant: &'a str, help: &'a str },
    Retired { on: &'a str, help: &'a str },
}

impl<'a> Names<'a> {
    /// Returns an iterator over all names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'a>> {
        self.0.lines().filter_map(Entry::new)
    }

    /// Returns the entry of a name.
    pub(crate) fn find(&self, name: &str) -> Option<Entry<'a>> {
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
                std::cmp::Ordering::Equal => return Entry::new(line),
                std::cmp::Ordering::Less => rest = before,
                std::cmp::Ordering::Greater => rest = &rest[rest.len() - after.len() - 1..],
            }
        }
    }
}

impl<'a> Entry<'a> {
    fn new(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once(' ')?;
        let (first, help) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = match (first, help.strip_prefix('!')) {
            ("-", _) => {
                let (on, help) = help.split_once(' ').unwrap_or((help, ""));
                Status::Retired { on, help }
            }
            (variant, Some(help)) => Status::Deprecated { variant, help },
            (variant, None) => Status::Active { variant },
        };
        Some(Self { name, status })
    }
}
