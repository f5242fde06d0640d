//! The colors of the status page can be told apart.
//!
//! The contrasts are those of the Web Content Accessibility Guidelines 2.2, sections 1.4.3 and 1.4.11.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../../gateway/src/status/page.css");

/// Text, and what is behind it.
const TEXTS: [(&str, &str); 9] = [
    ("text", "page"),
    ("text", "card"),
    ("quiet", "page"),
    ("quiet", "card"),
    ("high", "card"),
    ("link", "page"),
    ("link", "problem"),
    ("problem-text", "problem"),
    ("full", "page"),
];

/// Parts that are not text, and what is behind them.
const PARTS: [(&str, &str); 7] = [
    ("low", "track"),
    ("high", "track"),
    ("full", "track"),
    ("low", "page"),
    ("control", "page"),
    ("control", "card"),
    ("link", "card"),
];

#[test]
fn text_has_enough_contrast() {
    for (scheme, colors) in schemes() {
        for (front, back) in TEXTS {
            let contrast = contrast(&colors[front], &colors[back]);
            assert!(
                contrast >= 4.5,
                "{front} on {back}, {scheme}: {contrast:.2}"
            );
        }
        for (front, back) in PARTS {
            let contrast = contrast(&colors[front], &colors[back]);
            assert!(
                contrast >= 3.0,
                "{front} on {back}, {scheme}: {contrast:.2}"
            );
        }
    }
}

#[test]
fn contrasts_are_computed_as_the_guidelines_say() {
    let gray = contrast("#777777", "#ffffff");
    assert!((gray - 4.48).abs() < 0.01, "{gray}");
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 1e-9);
}

/// Returns the colors of both schemes, by name.
fn schemes() -> [(&'static str, BTreeMap<String, String>); 2] {
    let (light, dark) = STYLE
        .split_once("@media (prefers-color-scheme: dark)")
        .unwrap();
    let dark = dark.split_once("\n}\n").unwrap().0;
    let schemes = [("light", colors(light)), ("dark", colors(dark))];
    let names = |index: usize| schemes[index].1.keys().collect::<Vec<_>>();
    assert_eq!(names(0), names(1));
    schemes
}

fn colors(style: &str) -> BTreeMap<String, String> {
    let colors = style.lines().filter_map(|line| {
        let (name, color) = line.trim().strip_prefix("--")?.split_once(": ")?;
        Some((name.to_owned(), color.trim_end_matches(';').to_owned()))
    });
    colors.collect()
}

/// Returns the contrast of two colors, from 1 to 21.
fn contrast(first: &str, second: &str) -> f64 {
    let (first, second) = (luminance(first), luminance(second));
    (first.max(second) + 0.05) / (first.min(second) + 0.05)
}

fn luminance(color: &str) -> f64 {
    let part = |index: usize| {
        let part = u8::from_str_radix(&color[1 + 2 * index..3 + 2 * index], 16).unwrap();
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
}
