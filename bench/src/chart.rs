//! Draws a chart of the requests per second of several clients, as SVG.

use std::fmt::Write;
use std::time::Duration;

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

/// Returns a chart of `seconds` seconds, with a row for each client: its title, and when it sent
/// requests. `limit` is the limit per second.
pub(crate) fn draw(
    heading: &str,
    rows: &[(String, Vec<Duration>)],
    seconds: u32,
    limit: f64,
) -> String {
    let height = TOP + PITCH * f64::from(u32::try_from(rows.len()).expect("few rows"));
    let right = LEFT + WIDTH;
    let x = |second: u32| LEFT + WIDTH * f64::from(second) / f64::from(seconds);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" role="img">
<title>{heading}</title>
<style>{STYLE}</style>
<text x="8" y="20">{heading}</text>
"#
    );
    let mut top = TOP;
    for (title, sent_at) in rows {
        let base = top + HEIGHT;
        let y_title = top - 6.0;
        _ = writeln!(
            svg,
            r#"<text class="title" x="{LEFT}" y="{y_title}">{title}</text>"#
        );
        for (label, count) in [("1", 1.0), ("10", 10.0), ("100", 100.0), ("1,000", 1e3)] {
            let y = y(base, count);
            let (x_label, y_label) = (LEFT - 6.0, y + 4.0);
            _ = writeln!(
                svg,
                r#"<path class="grid" d="M{LEFT} {y:.1}H{right}"/><text x="{x_label}" y="{y_label:.1}" text-anchor="end">{label}</text>"#
            );
        }
        for second in (0..=seconds).step_by(30) {
            let (x, y) = (x(second), base + 16.0);
            _ = writeln!(
                svg,
                r#"<text x="{x:.1}" y="{y}" text-anchor="middle">{second} s</text>"#
            );
        }
        svg += r#"<path class="bars" d=""#;
        for second in 0..seconds {
            let in_second = |at: &&Duration| at.as_secs() == u64::from(second);
            let count = sent_at.iter().filter(in_second).count();
            if let Ok(count @ 1..) = u32::try_from(count) {
                let (x, y) = (x(second) + 1.8, y(base, f64::from(count)));
                _ = write!(svg, "M{x:.1} {base}V{y:.1}");
            }
        }
        svg += "\"/>\n";
        let y = y(base, limit);
        _ = writeln!(svg, r#"<path class="limit" d="M{LEFT} {y:.1}H{right}"/>"#);
        top += PITCH;
    }
    svg + "</svg>\n"
}

/// A logarithmic scale from 0.5 to 1,000.
fn y(base: f64, count: f64) -> f64 {
    base - HEIGHT * (count / 0.5).log10() / 2_000_f64.log10()
}
