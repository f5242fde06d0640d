//! The chart of growth: seconds over models, as SVG text that a person could have written.

use std::fmt::Write as _;

/// A line of the chart.
pub struct Line {
    pub label: &'static str,
    /// A value for each number of models.
    pub points: Vec<f64>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 400.0;
/// What the lines are drawn in; the rest is for words, most of it for the labels on the right.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 500.0;
const TOP: f64 = 56.0;
const BOTTOM: f64 = 352.0;
/// The least distance of labels.
const APART: f64 = 20.0;

/// Colours that can be told apart on white and on black, also by most who do not see all colours.
/// So can the grey of the words: a page does not always tell a picture which of the two it is.
const COLOURS: [&str; 3] = ["#2f81d6", "#d9731a", "#2a9d6f"];

/// The chart, whose x axis is logarithmic.
pub fn svg(models: &[usize], lines: &[Line]) -> String {
    let values = lines.iter().flat_map(|line| &line.points).copied();
    let highest = values.fold(0.0, f64::max);
    let step = step(highest);
    let steps = (1..10).find(|steps| f64::from(*steps) * step >= highest);
    let steps = steps.unwrap_or(10);
    let y = |value: f64| BOTTOM - value / (f64::from(steps) * step) * (BOTTOM - TOP);
    let log = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX)).log10();
    let most = models.last().map_or(1.0, |count| log(*count));
    let x = |count: usize| LEFT + log(count) / most * (RIGHT - LEFT);

    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">
<title>Seconds that a table of one's own adds, by its number of models</title>
<style>
text {{ fill: #7a828c }} .grid {{ stroke: #7a828c; stroke-opacity: 0.35 }}
</style>
<text x="{LEFT}" y="24" font-size="15">Seconds over a table of one model</text>
"#
    );
    for at in 0..=steps {
        let value = f64::from(at) * step;
        let (y, text) = (
            y(value),
            if at == 0 {
                "0".to_owned()
            } else {
                decimals(value, step)
            },
        );
        _ = writeln!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1}" y2="{y:.1}"/><text x="{}" y="{:.1}" text-anchor="end">{text}</text>"#,
            LEFT - 8.0,
            y + 4.5
        );
    }
    for count in models {
        let (x, words) = (x(*count), thousands(*count));
        _ = writeln!(
            svg,
            r#"<text x="{x:.1}" y="{}" text-anchor="middle">{words}</text>"#,
            BOTTOM + 20.0
        );
    }
    _ = writeln!(
        svg,
        r#"<text x="{}" y="{}" text-anchor="middle">models (logarithmic)</text>"#,
        f64::midpoint(LEFT, RIGHT),
        BOTTOM + 40.0
    );
    let ends: Vec<f64> = lines
        .iter()
        .map(|line| y(line.points[line.points.len() - 1].max(0.0)))
        .collect();
    for ((line, colour), label) in lines.iter().zip(COLOURS).zip(labels(&ends)) {
        let points = models.iter().zip(&line.points);
        let points: Vec<String> = points
            .map(|(count, value)| format!("{:.1},{:.1}", x(*count), y(value.max(0.0))))
            .collect();
        _ = writeln!(
            svg,
            r#"<polyline fill="none" stroke="{colour}" stroke-width="2" points="{}"/>"#,
            points.join(" ")
        );
        for point in &points {
            let (x, y) = point.split_once(',').unwrap_or_default();
            _ = writeln!(svg, r#"<circle fill="{colour}" cx="{x}" cy="{y}" r="3"/>"#);
        }
        _ = writeln!(
            svg,
            r#"<text x="{}" y="{:.1}" style="fill: {colour}">{}</text>"#,
            RIGHT + 10.0,
            label + 4.5,
            line.label
        );
    }
    svg + "</svg>\n"
}

/// The distance of grid lines: 1, 2 or 5 of some power of ten, for about five of them.
fn step(highest: f64) -> f64 {
    let rough = (highest / 5.0).max(1e-6);
    let power = 10_f64.powf(rough.log10().floor());
    let of_power = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|times| times * power >= rough);
    of_power.unwrap_or(10.0) * power
}

/// A value with the decimals that the distance of grid lines calls for.
fn decimals(value: f64, step: f64) -> String {
    (0..6)
        .map(|decimals| format!("{step:.decimals$}"))
        .position(|text| {
            text.parse::<f64>()
                .is_ok_and(|read| (read - step).abs() < step * 1e-6)
        })
        .map_or_else(
            || value.to_string(),
            |decimals| format!("{value:.decimals$}"),
        )
}

/// A number with commas between its thousands.
fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let comma = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    let digits = digits.chars().enumerate();
    digits.fold(String::new(), |mut text, (at, digit)| {
        if comma(at) {
            text.push(',');
        }
        text.push(digit);
        text
    })
}

/// Where labels go, each at the end of its line or as near as others leave room.
fn labels(ends: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ends.len()).collect();
    // From the lowest up: the lines all start at the bottom, where labels must not be pushed to.
    order.sort_by(|a, b| ends[*b].total_cmp(&ends[*a]));
    let (mut places, mut lowest) = (ends.to_vec(), f64::INFINITY);
    for at in order {
        places[at] = places[at].min(lowest);
        lowest = places[at] - APART;
    }
    places
}
