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

/// Returns a table with one model for each name.
pub(crate) fn yaml(names: &[String]) -> String {
    let rows = names.iter().zip((60..=600).step_by(60).cycle());
    let rows = rows.map(|(name, qpm)| {
        let limits = format!("{{ qpm: {qpm}, tpm: 100000 }}");
        format!("{{ name: \"{name}\", limits: {limits} }}")
    });
    let rows = rows.collect::<Vec<_>>().join(",\n");
    format!("groups: [{{ category: text-generation, series: S, models: [\n{rows}\n] }}]\n")
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
