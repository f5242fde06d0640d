//! Draws a chart of the requests per second of several clients, as SVG.

use std::fmt::Write;
use std::time::Duration;

/// A client in the chart.
pub(crate) struct Row {
    pub(crate) title: String,
    pub(crate) sent_at: Vec<Duration>,
}

const LEFT: f64 = 56.0;
const WIDTH: f64 = 640.0;
const TOP: f64 = 56.0;
const HEIGHT: f64 = 84.0;
/// From one row to the next.
const PITCH: f64 = 128.0;

/// The colours are readable on white and on black.
const STYLE: &str = "text { font: 13px sans-serif; fill: #808080 } .title { font-weight: bold } \
    .grid { stroke: #808080; stroke-width: 0.5; opacity: 0.5 } \
    .limit { stroke: #d9622b; stroke-width: 1.5; stroke-dasharray: 5 3 } \
    .bars { stroke: #3b82d6; stroke-width: 2.6; fill: none }";

/// Returns a chart of `seconds` seconds. `limit` is the limit per second.
pub(crate) fn draw(heading: &str, rows: &[Row], seconds: u32, limit: f64) -> String {
    let height = TOP + PITCH * f64::from(u32::try_from(rows.len()).expect("few rows"));
    let right = LEFT + WIDTH;
    let mut svg = String::new();
    let mut line = |line: String| writeln!(svg, "{line}").expect("a string can be written");
    line(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" role="img">"#
    ));
    line(format!("<title>{heading}</title>\n<style>{STYLE}</style>"));
    line(format!(r#"<text x="8" y="20">{heading}</text>"#));
    let mut top = TOP;
    for row in rows {
        let base = top + HEIGHT;
        line(format!(
            r#"<text class="title" x="{LEFT}" y="{}">{}</text>"#,
            top - 6.0,
            row.title
        ));
        for (label, count) in [("1", 1.0), ("10", 10.0), ("100", 100.0), ("1,000", 1e3)] {
            let y = y(base, count);
            line(format!(
                r#"<path class="grid" d="M{LEFT} {y:.1}H{right}"/><text x="{}" y="{:.1}" text-anchor="end">{label}</text>"#,
                LEFT - 6.0,
                y + 4.0
            ));
        }
        for second in (0..=seconds).step_by(30) {
            line(format!(
                r#"<text x="{:.1}" y="{}" text-anchor="middle">{second} s</text>"#,
                x(second, seconds),
                base + 16.0
            ));
        }
        let mut bars = String::new();
        for second in 0..seconds {
            let in_second = |at: &&Duration| at.as_secs() == u64::from(second);
            let count = row.sent_at.iter().filter(in_second).count();
            if let Ok(count @ 1..) = u32::try_from(count) {
                let (x, y) = (x(second, seconds) + 1.8, y(base, f64::from(count)));
                write!(bars, "M{x:.1} {base}V{y:.1}").expect("a string can be written");
            }
        }
        line(format!(r#"<path class="bars" d="{bars}"/>"#));
        let y = y(base, limit);
        line(format!(
            r#"<path class="limit" d="M{LEFT} {y:.1}H{right}"/>"#
        ));
        top += PITCH;
    }
    line("</svg>".to_owned());
    svg
}

fn x(second: u32, seconds: u32) -> f64 {
    LEFT + WIDTH * f64::from(second) / f64::from(seconds)
}

/// A logarithmic scale from 0.5 to 1,000.
fn y(base: f64, count: f64) -> f64 {
    base - HEIGHT * (count / 0.5).log10() / 2_000_f64.log10()
}
