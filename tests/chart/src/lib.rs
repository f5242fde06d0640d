//! Draws charts of requests per second, as SVG.

use std::fmt::Write as _;

const LEFT: f64 = 56.0;
const WIDTH: f64 = 640.0;

/// The space above the bars of a row, for its title.
const TITLE: f64 = 28.0;

/// The space below the bars of a row, for the seconds.
const SECONDS: f64 = 28.0;

/// The colors of the parts of a bar. They are readable on white and on black.
const COLORS: [&str; 9] = [
    "#3b82d6", "#d9622b", "#2f9e6e", "#b8860b", "#8b6fd1", "#c94f7c", "#2b9aa8", "#7d8b2f",
    "#808080",
];

const STYLE: &str = "text { font: 13px sans-serif; fill: #808080 } .title { font-weight: bold } \
    .middle { text-anchor: middle } .end { text-anchor: end } \
    .grid { stroke: #808080; stroke-width: 0.5; opacity: 0.5 } \
    .limit { stroke: #d9622b; stroke-width: 1.5; stroke-dasharray: 5 3 }";

/// A chart with a bar for each second, in one or more rows.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The text at the top.
    pub heading: String,
    /// The names of the parts of each bar. A single part needs no name.
    pub parts: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
    /// The number of seconds.
    pub seconds: u32,
    /// The limit per second, which is drawn as a dashed line.
    pub limit: f64,
    /// The labels of the vertical axis, in ascending order. The last one is at the top.
    pub ticks: Vec<u32>,
    /// Whether the vertical axis is logarithmic.
    pub is_logarithmic: bool,
    /// The height of a row, in pixels.
    pub height: f64,
}

/// A row of a chart.
#[derive(Clone, Debug)]
pub struct Row {
    /// The text above the bars.
    pub title: String,
    /// The requests of each part, by second.
    pub requests: Vec<Vec<u32>>,
}

impl Chart {
    /// Returns the chart as SVG.
    #[must_use]
    pub fn draw(&self) -> String {
        let (legend, mut bottom) = self.draw_legend();
        let mut rows = String::new();
        for row in &self.rows {
            let base = bottom + TITLE + self.height;
            self.draw_row(&mut rows, row, base);
            bottom = base + SECONDS;
        }
        let heading = &self.heading;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {bottom}" role="img">
<title>{heading}</title>
<style>{STYLE}</style>
<text x="8" y="20">{heading}</text>
{legend}{rows}</svg>
"#
        )
    }

    /// Returns the names of the parts in their colors, and the position of the bottom.
    fn draw_legend(&self) -> (String, f64) {
        let mut svg = String::new();
        if self.parts.is_empty() {
            return (svg, 28.0);
        }
        let mut x = 8.0;
        for (part, color) in self.parts.iter().zip(COLORS.iter().cycle()) {
            let text = x + 14.0;
            _ = writeln!(
                svg,
                r#"<rect x="{x}" y="34" width="10" height="10" fill="{color}"/><text x="{text}" y="44">{part}</text>"#
            );
            x += 79.0;
        }
        (svg, 52.0)
    }

    /// Draws a row whose bars stand on `base`.
    fn draw_row(&self, svg: &mut String, row: &Row, base: f64) {
        let right = LEFT + WIDTH;
        let second_width = WIDTH / f64::from(self.seconds);
        let x = |second: u32| LEFT + second_width * f64::from(second);
        let y = |count: f64| base - self.height * self.part_of_height(count);

        let (title, above) = (&row.title, base - self.height - 8.0);
        _ = writeln!(
            svg,
            r#"<text class="title" x="{LEFT}" y="{above}">{title}</text>"#
        );
        for tick in &self.ticks {
            let y = y(f64::from(*tick));
            let (x_label, y_label) = (LEFT - 6.0, y + 4.0);
            _ = writeln!(
                svg,
                r#"<path class="grid" d="M{LEFT} {y:.1}H{right}"/><text class="end" x="{x_label}" y="{y_label:.1}">{tick}</text>"#
            );
        }
        // At most ten labels.
        let steps = [1, 2, 5, 10, 30, 60];
        let step = steps.iter().find(|step| self.seconds / **step <= 10);
        let step = step.copied().unwrap_or(self.seconds);
        for second in (0..=self.seconds / step).map(|label| label * step) {
            let (x, y) = (x(second), base + 18.0);
            _ = writeln!(
                svg,
                r#"<text class="middle" x="{x:.1}" y="{y:.1}">{second} s</text>"#
            );
        }
        let mut below = vec![0; self.seconds as usize];
        for (requests, color) in row.requests.iter().zip(COLORS.iter().cycle()) {
            _ = write!(svg, r#"<path fill="{color}" d=""#);
            for (second, (count, below)) in (0..).zip(requests.iter().zip(&mut below)) {
                let (x, width) = (x(second) + second_width * 0.1, second_width * 0.8);
                let (from, to) = (y(f64::from(*below)), y(f64::from(*below + count)));
                *below += count;
                if *count > 0 {
                    _ = write!(svg, "M{x:.1} {from:.1}h{width:.1}V{to:.1}h-{width:.1}z");
                }
            }
            svg.push_str("\"/>\n");
        }
        let limit = y(self.limit);
        _ = writeln!(
            svg,
            r#"<path class="limit" d="M{LEFT} {limit:.1}H{right}"/>"#
        );
    }

    /// Returns the height of a bar, as a part of the height of its row.
    fn part_of_height(&self, count: f64) -> f64 {
        let most = self.ticks.last().map_or(1.0, |most| f64::from(*most));
        if self.is_logarithmic {
            // From 0.5, so that a single request can be seen.
            (count / 0.5).max(1.0).log10() / (most / 0.5).log10()
        } else {
            count / most
        }
    }
}
