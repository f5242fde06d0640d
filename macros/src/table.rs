//! The names of an enum, as generated code hands them over.

/// A text with a line for each name and alias, sorted by name, and a line break before the first
/// and after the last: see `Row` for what a line holds.
///
/// A macro is compiled without optimisation in most builds and the text is handed over with every
/// call, so nothing is built from it: names are found in it as it is, by halving.
pub(crate) struct Table<'a> {
    text: &'a str,
}

/// A line of the table, `NAME VARIANT` or `NAME VARIANT !HELP`.
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) variant: &'a str,
    /// Of a deprecated model, what to do instead; empty if nothing is known.
    pub(crate) deprecated: Option<&'a str>,
}

impl<'a> Table<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// All rows, by name.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'a>> {
        self.text.lines().filter_map(Row::new)
    }

    /// The row of a name.
    pub(crate) fn find(&self, name: &str) -> Option<Row<'a>> {
        // The text that is left begins and ends with a line break, as long as a line is left.
        let mut left = self.text;
        loop {
            let mut middle = left.len() / 2 + 1;
            while !left.is_char_boundary(middle) {
                middle -= 1;
            }
            let start = left[..middle].rfind('\n')?;
            let (before, line) = left.split_at(start + 1);
            let (line, after) = line.split_once('\n')?;
            let (at_middle, _) = line.split_once(' ')?;
            match name.cmp(at_middle) {
                std::cmp::Ordering::Equal => return Row::new(line),
                std::cmp::Ordering::Less => left = before,
                std::cmp::Ordering::Greater => left = &left[left.len() - after.len() - 1..],
            }
        }
    }
}

impl<'a> Row<'a> {
    fn new(line: &'a str) -> Option<Self> {
        let (name, rest) = line.split_once(' ')?;
        let (variant, deprecated) = match rest.split_once(' ') {
            Some((variant, help)) => (variant, help.strip_prefix('!')),
            None => (rest, None),
        };
        Some(Self {
            name,
            variant,
            deprecated,
        })
    }
}
