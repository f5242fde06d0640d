//! Figures in words, and tables in Markdown.

/// Measurements of one thing, at least one.
#[derive(Clone, Debug, Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    /// Adds a measurement.
    pub fn push(&mut self, figure: f64) {
        let at = self.0.partition_point(|other| *other < figure);
        self.0.insert(at, figure);
    }

    /// The one in the middle: unlike the mean it does not move when something else runs for a
    /// moment.
    #[must_use]
    pub fn median(&self) -> f64 {
        let (low, high) = ((self.0.len() - 1) / 2, self.0.len() / 2);
        f64::midpoint(self.0[low], self.0[high])
    }

    /// Median, least and most, as in `2.1 (2.0–2.4)`.
    #[must_use]
    pub fn words(&self, decimals: usize) -> String {
        let (least, most) = (self.0[0], self.0[self.0.len() - 1]);
        let median = self.median();
        format!("{median:.decimals$} ({least:.decimals$}–{most:.decimals$})")
    }

    /// How many times as much as the other, as in `2.5`.
    #[must_use]
    pub fn ratio(&self, other: &Self) -> String {
        format!("{:.2}", self.median() / other.median())
    }
}

impl FromIterator<f64> for Figures {
    fn from_iter<T: IntoIterator<Item = f64>>(figures: T) -> Self {
        let mut all = Self::default();
        figures.into_iter().for_each(|figure| all.push(figure));
        all
    }
}

/// Prints a table whose first column is words and whose others are figures.
pub fn print(headings: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([headings[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells = cells
            .zip(&widths)
            .enumerate()
            .map(|(at, (cell, width))| match at {
                0 => format!(" {cell:width$} |"),
                _ => format!(" {cell:>width$} |"),
            });
        println!("|{}", cells.collect::<String>());
    };
    line(&mut headings.iter().copied());
    let rules = widths.iter().enumerate().map(|(at, width)| match at {
        0 => format!(" {} |", "-".repeat(*width)),
        _ => format!(" {}: |", "-".repeat(*width - 1)),
    });
    println!("|{}", rules.collect::<String>());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
    println!();
}
