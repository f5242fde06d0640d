//! Made-up model names, and a table of them in YAML. The build script uses this module too.

use std::collections::HashSet;

use fastrand::Rng;

/// Returns `count` different names. They are the same in every run.
pub(crate) fn names(count: usize) -> Vec<String> {
    let mut rng = Rng::with_seed(1);
    let mut seen = HashSet::new();
    let mut names = Vec::with_capacity(count);
    while names.len() < count {
        let name = name(&mut rng);
        // Names that differ only in punctuation would get the same identifier.
        if seen.insert(name.replace(|c: char| !c.is_ascii_alphanumeric(), "")) {
            names.push(name);
        }
    }
    names
}

/// What the rows of a table contain besides their names.
#[derive(Clone, Copy)]
#[allow(dead_code, reason = "the build script uses only one")]
pub(crate) enum Rows {
    /// One of ten pairs of limits.
    FewLimits,
    /// Limits that no other row has.
    DistinctLimits,
    /// Limits that no other row has, and nine properties, six of them with values that no other row
    /// has.
    Properties,
}

/// Returns a table with one model for each name.
pub(crate) fn yaml(names: &[String], content: Rows) -> String {
    let rows = names.iter().enumerate().map(|(index, name)| {
        let (qpm, tpm) = match content {
            Rows::FewLimits => (60 * (index % 10 + 1), 100_000),
            _ => (index + 1, 1_000 * (index + 1)),
        };
        let properties = match content {
            Rows::Properties => format!(", properties: {{ {} }}", properties(index)),
            _ => String::new(),
        };
        format!("{{ name: \"{name}\", limits: {{ qpm: {qpm}, tpm: {tpm} }}{properties} }}")
    });
    let rows = rows.collect::<Vec<_>>().join(",\n");
    let declarations = match content {
        Rows::Properties => PROPERTIES,
        _ => "",
    };
    format!(
        "{declarations}groups: [{{ category: text-generation, series: S, models: [\n{rows}\n] }}]\n"
    )
}

const PROPERTIES: &str = "\
properties:
  context_window: { type: integer, unit: tokens }
  max_input: { type: integer, unit: tokens }
  max_output: { type: integer, unit: tokens }
  max_input_thinking: { type: integer, unit: tokens }
  max_output_thinking: { type: integer, unit: tokens }
  max_reasoning: { type: integer, unit: tokens }
  input: { type: choices, values: [text, image, audio, video], enum: Modality }
  output: { type: choices, values: [text, image, audio, video], enum: Modality }
  thinking: { type: choice, values: [none, always, switchable] }
";

/// Returns the values of the properties of a row.
fn properties(index: usize) -> String {
    let numbers = [
        "context_window",
        "max_input",
        "max_output",
        "max_input_thinking",
        "max_output_thinking",
        "max_reasoning",
    ];
    let numbers = numbers.iter().zip(1..);
    let numbers = numbers.map(|(name, factor)| format!("{name}: {}, ", factor * 7_919 + index));
    let lists = ["[text]", "[text, image]", "[text, image, audio, video]"];
    let thinking = ["none", "always", "switchable"];
    let input = lists[index % 3];
    let (output, thinking) = (lists[index / 3 % 3], thinking[index % 3]);
    numbers.collect::<String>() + &format!("input: {input}, output: {output}, thinking: {thinking}")
}

/// Returns a name made of the parts that providers use, such as `meta/llama-3.1-8b-instruct`.
fn name(rng: &mut Rng) -> String {
    let (major, minor, month, day) = (rng.u8(1..6), rng.u8(..10), rng.u8(1..13), rng.u8(1..29));
    let mut pick = |parts: [&'static str; 6]| parts[rng.usize(..parts.len())];
    let path = pick(["", "", "", "openai/", "@cf/meta/", "accounts/fireworks/"]);
    let family = pick(["qwen", "gpt", "claude", "llama", "gemini", "mistral"]);
    let size = pick(["", "", "-0.5b", "-8b", "-72b", "-405b"]);
    let kind = pick(["", "-plus", "-turbo", "-instruct", "-vl-max", "-flash-lite"]);
    let year = pick(["2023", "2023", "2024", "2024", "2025", "2025"]);
    format!("{path}{family}-{major}.{minor}{size}{kind}-{year}-{month:02}-{day:02}")
}
