//! Draws what the provider accepted and refused per second, as SVG.

use std::fmt::Write as _;

use crate::provider::Record;

pub(crate) struct Chart<'a> {
    pub(crate) heading: &'a str,
    /// The limit per second.
    pub(crate) per_second: f64,
    pub(crate) workers: u32,
    pub(crate) seconds: u32,
}

const LEFT: f64 = 104.0;
const RIGHT: f64 = 700.0;
const TOP: f64 = 76.0;
/// The height of the bars, accepted and refused together.
const HEIGHT: f64 = 220.0;

/// The colors of the workers. They are readable on white and on black.
const COLORS: [&str; 8] = [
    "#3b82d6", "#d9622b", "#2f9e6e", "#b8860b", "#8b6fd1", "#c94f7c", "#2b9aa8", "#7d8b2f",
];

const STYLE: &str = "text { font: 13px sans-serif; fill: #808080 } .heading { font-weight: bold } \
    .end { text-anchor: end } .middle { text-anchor: middle } \
    .axis { stroke: #808080 } \
    .limit { stroke: #808080; stroke-width: 1.5; stroke-dasharray: 5 3 }";

impl Chart<'_> {
    /// Stacks the requests of each second by worker: upward what was accepted, downward what was
    /// refused.
    pub(crate) fn draw(&self, record: &Record) -> String {
        let accepted = |worker, second| record.count(worker, second).accepted;
        let refused = |worker, second| record.count(worker, second).refused;
        let above = f64::from(self.most(accepted)).max(self.per_second * 1.1);
        // Leaves room for the label below the axis.
        let below = f64::from(self.most(refused)).max(above * 0.15);
        let scale = HEIGHT / (above + below);
        let axis = TOP + above * scale;
        let bottom = TOP + HEIGHT;

        let mut svg = String::new();
        let mut line = |line: String| writeln!(svg, "{line}").expect("a string can be written");
        let heading = self.heading;
        line(format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {}" role="img">"#,
            bottom + 28.0
        ));
        line(format!("<title>{heading}</title>\n<style>{STYLE}</style>"));
        line(format!(
            r#"<text class="heading" x="8" y="20">{heading}</text>"#
        ));
        line(self.legend());
        for worker in 0..self.workers {
            let color = color(worker);
            let up = self.bars(worker, accepted, axis, -scale);
            let down = self.bars(worker, refused, axis, scale);
            line(format!(r#"<path fill="{color}" d="{up}{down}"/>"#));
        }

        line(format!(
            r#"<path class="axis" d="M{LEFT} {axis:.1}H{RIGHT}"/>"#
        ));
        let label = |y: f64, text: &str| {
            let (x, y) = (LEFT - 8.0, y + 4.0);
            format!(r#"<text class="end" x="{x}" y="{y:.1}">{text}</text>"#)
        };
        let limit_y = axis - self.per_second * scale;
        line(format!(
            r#"<path class="limit" d="M{LEFT} {limit_y:.1}H{RIGHT}"/>"#
        ));
        line(label(limit_y, &format!("limit: {}", self.per_second)));
        line(label(
            axis - 11.0,
            &format!("accepted: {}", self.sum(accepted)),
        ));
        line(label(
            axis + 11.0,
            &format!("refused: {}", self.sum(refused)),
        ));
        let step = self.seconds.div_ceil(10);
        for second in (0..=self.seconds).step_by(step as usize) {
            line(format!(
                r#"<text class="middle" x="{:.1}" y="{:.1}">{second} s</text>"#,
                self.x(second),
                bottom + 20.0
            ));
        }
        line("</svg>".to_owned());
        svg
    }

    /// Returns the most requests of all workers in a second.
    fn most(&self, count: impl Fn(u32, u32) -> u32) -> u32 {
        let in_second = |second| (0..self.workers).map(|worker| count(worker, second)).sum();
        (0..self.seconds).map(in_second).max().unwrap_or(0)
    }

    fn sum(&self, count: impl Fn(u32, u32) -> u32) -> u32 {
        let of_worker = |worker| {
            (0..self.seconds)
                .map(|second| count(worker, second))
                .sum::<u32>()
        };
        (0..self.workers).map(of_worker).sum()
    }

    fn legend(&self) -> String {
        let mut legend = String::new();
        // More do not fit, and the colors repeat.
        for worker in 0..self.workers.min(8) {
            let x = 8.0 + 84.0 * f64::from(worker);
            let (color, name) = (color(worker), worker + 1);
            write!(
                legend,
                r#"<rect x="{x}" y="34" width="10" height="10" fill="{color}"/><text x="{}" y="44">worker {name}</text>"#,
                x + 15.0
            )
            .expect("a string can be written");
        }
        legend
    }

    /// Returns the path of the bars of a worker, each above or below those of the workers before it.
    fn bars(&self, worker: u32, count: impl Fn(u32, u32) -> u32, axis: f64, scale: f64) -> String {
        let mut path = String::new();
        for second in 0..self.seconds {
            let before: u32 = (0..worker).map(|before| count(before, second)).sum();
            let own = count(worker, second);
            if own > 0 {
                let (x, width) = (self.x(second), self.x(1) - self.x(0));
                let (y, height) = (axis + f64::from(before) * scale, f64::from(own) * scale);
                let (x, width) = (x + width * 0.08, width * 0.84);
                write!(path, "M{x:.1} {y:.1}h{width:.1}v{height:.1}h-{width:.1}z")
                    .expect("a string can be written");
            }
        }
        path
    }

    fn x(&self, second: u32) -> f64 {
        LEFT + (RIGHT - LEFT) * f64::from(second) / f64::from(self.seconds)
    }
}

fn color(worker: u32) -> &'static str {
    COLORS[worker as usize % COLORS.len()]
}
