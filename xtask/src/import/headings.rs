//! The headings of the rate limit page, and their names in the tables.

use crate::import::markdown::is_same;
use crate::read::tsv::{self, TsvRow};

/// The file with the headings.
const FILE: &str = "headings.tsv";

/// The headings of categories, series and parts of series, as in `headings.tsv`.
#[derive(Debug)]
pub(super) struct Headings<'a>(Vec<Heading<'a>>);

#[derive(Debug)]
struct Heading<'a> {
    /// The headings of the category, the series and the part. The last two can be empty.
    path: [&'a str; 3],
    name: &'a str,
}

/// The headings above a line, of categories, series and parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Path<'a>([&'a str; 3]);

impl<'a> Headings<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let mut headings: Vec<Heading<'_>> = Vec::new();
        for row in tsv::rows(FILE, text)? {
            let heading = read_row(&row)?;
            if headings.iter().any(|other| other.path == heading.path) {
                return Err(row.required("category")?.error("duplicate heading"));
            }
            headings.push(heading);
        }
        Ok(Self(headings))
    }

    /// Returns the path at a heading that follows a line with another path, or `None` if the heading
    /// is unknown. A heading can have the text of the one above it: what is deeper has precedence.
    pub(super) fn enter(&self, path: Path<'a>, text: &str) -> Option<Path<'a>> {
        let is_below = |heading: &&Heading<'_>, depth: usize| {
            let [above, text_and_below] = [&heading.path[..depth], &heading.path[depth..]];
            above == &path.0[..depth]
                && is_same(text_and_below[0], text)
                && text_and_below[1..].iter().all(|text| text.is_empty())
        };
        let mut found = [2, 1, 0].into_iter().filter_map(|depth| {
            let mut headings = self.0.iter();
            headings.find(|heading| is_below(heading, depth))
        });
        found.next().map(|heading| Path(heading.path))
    }

    /// Returns the names of the category and of the series, which includes the part.
    pub(super) fn names(&self, path: Path<'_>) -> [String; 2] {
        let Path([category, series, part]) = path;
        let series_name = self.name([category, series, ""]);
        let series_name = match part {
            "" if series.is_empty() => String::new(),
            "" => series_name.to_owned(),
            _ => format!("{series_name} > {}", self.name([category, series, part])),
        };
        [self.name([category, "", ""]).to_owned(), series_name]
    }

    fn name(&self, path: [&str; 3]) -> &'a str {
        let mut headings = self.0.iter();
        let heading = headings.find(|heading| heading.path == path);
        heading.map(|heading| heading.name).unwrap_or_default()
    }
}

impl<'a> Path<'a> {
    /// Returns `true` above the first category.
    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Returns the path without the part of the series.
    pub(super) fn series(self) -> Path<'a> {
        let Self([category, series, _]) = self;
        Self([category, series, ""])
    }
}

fn read_row<'a>(row: &TsvRow<'a>) -> Result<Heading<'a>, String> {
    let (category, series) = (row.required("category")?, row.get("series")?);
    let part = row.get("part")?;
    if series.text.is_empty() && !part.text.is_empty() {
        return Err(series.error("`series` is empty, but `part` is not"));
    }
    Ok(Heading {
        path: [category, series, part].map(|cell| cell.text),
        name: row.required("name")?.text,
    })
}
