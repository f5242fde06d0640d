//! The names of an enum, as generated code passes them.

/// A text with one line for each name, sorted, with a line break before the first line and after
/// the last. See [`Entry`] for the lines.
///
/// The text is passed with every call, to a macro that is usually compiled without optimization.
/// Therefore it is not parsed: names are found in it by binary search.
pub(crate) struct Names<'a> {
    text: &'a str,
}

/// A line, `NAME VARIANT` or `NAME VARIANT !HELP`.
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a str,
    pub(crate) variant: &'a str,
    /// The help for a deprecated model, which may be empty. `None` if it is not deprecated.
    pub(crate) deprecated: Option<&'a str>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Returns an iterator over all names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Entry<'a>> {
        self.text.lines().filter_map(Entry::new)
    }

    /// Returns the entry of a name.
    pub(crate) fn find(&self, name: &str) -> Option<Entry<'a>> {
        // The rest of the text begins and ends with a line break as long as it contains a line.
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
                std::cmp::Ordering::Equal => return Entry::new(line),
                std::cmp::Ordering::Less => left = before,
                std::cmp::Ordering::Greater => left = &left[left.len() - after.len() - 1..],
            }
        }
    }
}

impl<'a> Entry<'a> {
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
