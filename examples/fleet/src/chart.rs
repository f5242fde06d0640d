//! Draws what the provider accepted and refused per second, as SVG.

use std::fmt::Write as _;

use crate::Arguments;
use crate::provider::{Count, Record};

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

/// Stacks the requests of each second by worker: upward what was accepted, downward what was refused.
pub(crate) fn draw(arguments: &Arguments, record: &Record) -> String {
    let (requests, window) = (arguments.requests, arguments.window);
    let (workers, seconds) = (arguments.workers.get(), arguments.seconds.get());
    let how = if arguments.naive {
        "each of which uses the whole limit"
    } else {
        "which share through Redis a limit"
    };
    let heading =
        format!("Requests per second of {workers} processes, {how} of {requests} per {window} s");
    let limit = f64::from(requests.get()) / f64::from(window.get());

    let accepted: fn(Count) -> u32 = |count| count.accepted;
    let refused: fn(Count) -> u32 = |count| count.refused;
    // The requests of all workers, by second.
    let totals = |part: fn(Count) -> u32| -> Vec<u32> {
        let in_second = |second| {
            let counts = (0..workers).map(|worker| part(record.count(worker, second)));
            counts.sum()
        };
        (0..seconds).map(in_second).collect()
    };
    let (all_accepted, all_refused) = (totals(accepted), totals(refused));
    let most = |totals: &[u32]| f64::from(totals.iter().copied().max().unwrap_or(0));
    let above = most(&all_accepted).max(limit * 1.1);
    // Leaves room for the label below the axis.
    let below = most(&all_refused).max(above * 0.15);
    let scale = HEIGHT / (above + below);
    let axis = TOP + above * scale;
    let bottom = TOP + HEIGHT;
    let second_width = (RIGHT - LEFT) / f64::from(seconds);
    let x = |second: u32| LEFT + second_width * f64::from(second);

    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {}" role="img">
<title>{heading}</title>
<style>{STYLE}</style>
<text class="heading" x="8" y="20">{heading}</text>
"#,
        bottom + 28.0
    );
    for (worker, color) in (0..workers).zip(COLORS.into_iter().cycle()) {
        // More names do not fit, and the colors repeat.
        if worker < 8 {
            let (x, number) = (8.0 + 84.0 * f64::from(worker), worker + 1);
            let x_text = x + 15.0;
            _ = writeln!(
                svg,
                r#"<rect x="{x}" y="34" width="10" height="10" fill="{color}"/><text x="{x_text}" y="44">worker {number}</text>"#
            );
        }
        _ = write!(svg, r#"<path fill="{color}" d=""#);
        for (part, scale) in [(accepted, -scale), (refused, scale)] {
            for second in 0..seconds {
                // Above or below the bars of the workers before it.
                let count = |worker| part(record.count(worker, second));
                let (before, own): (u32, u32) = ((0..worker).map(count).sum(), count(worker));
                if own > 0 {
                    let (x, width) = (x(second) + second_width * 0.08, second_width * 0.84);
                    let (y, height) = (axis + f64::from(before) * scale, f64::from(own) * scale);
                    _ = write!(svg, "M{x:.1} {y:.1}h{width:.1}v{height:.1}h-{width:.1}z");
                }
            }
        }
        svg += "\"/>\n";
    }

    let limit_y = axis - limit * scale;
    _ = writeln!(
        svg,
        r#"<path class="axis" d="M{LEFT} {axis:.1}H{RIGHT}"/>
<path class="limit" d="M{LEFT} {limit_y:.1}H{RIGHT}"/>"#
    );
    let sum = |totals: &[u32]| totals.iter().sum::<u32>();
    for (y, label) in [
        (limit_y, format!("limit: {limit}")),
        (axis - 11.0, format!("accepted: {}", sum(&all_accepted))),
        (axis + 11.0, format!("refused: {}", sum(&all_refused))),
    ] {
        let (x, y) = (LEFT - 8.0, y + 4.0);
        _ = writeln!(
            svg,
            r#"<text class="end" x="{x}" y="{y:.1}">{label}</text>"#
        );
    }
    let step = seconds.div_ceil(10);
    for second in (0..=seconds).step_by(step as usize) {
        let (x, y) = (x(second), bottom + 20.0);
        _ = writeln!(
            svg,
            r#"<text class="middle" x="{x:.1}" y="{y:.1}">{second} s</text>"#
        );
    }
    svg + "</svg>\n"
}
