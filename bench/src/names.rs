//! Names of models as several providers spell them, and a table of them in YAML. The build script
//! includes this file too.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::random::Random;

/// So many names, all different, the same at every run.
#[must_use]
pub fn names(count: usize) -> Vec<String> {
    let mut random = Random::new(count as u64);
    let mut names = Vec::with_capacity(count);
    let mut seen = HashSet::new();
    while names.len() < count {
        let name = name(&mut random);
        // Names that differ in case or punctuation alone could get the same identifier.
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        if seen.insert(letters.collect::<String>().to_ascii_lowercase()) {
            names.push(name);
        }
    }
    names
}

/// A table with a model for each name. Models share limits, as those of a provider's table do.
#[must_use]
pub fn yaml(names: &[String]) -> String {
    let mut random = Random::new(0);
    let mut yaml = String::from("groups:\n");
    for (at, name) in names.iter().enumerate() {
        if at % 50 == 0 {
            let series = at / 50;
            _ = writeln!(
                yaml,
                "  - category: text-generation\n    series: Series {series}\n    models:"
            );
        }
        let qpm = random.pick(&[60, 120, 600, 1200]);
        let tpm = random.pick(&[100_000, 1_000_000, 5_000_000]);
        _ = writeln!(
            yaml,
            "      - name: \"{name}\"\n        limits: {{ qpm: {qpm}, tpm: {tpm} }}"
        );
    }
    yaml
}

fn name(random: &mut Random) -> String {
    let size = *random.pick(&[
        "0.5", "1.5", "3", "7", "8", "9", "12", "14", "27", "32", "70", "72", "110", "235", "405",
    ]);
    let minor = random.below(10);
    let date = date(random);
    let compact = date.replace('-', "");
    match random.below(12) {
        0 => {
            let tier = *random.pick(&["opus", "sonnet", "haiku"]);
            let major = 3 + random.below(3);
            format!("anthropic/claude-{major}.{minor}-{tier}-{compact}")
        }
        1 => {
            let tier = *random.pick(&["opus", "sonnet", "haiku"]);
            let region = *random.pick(&["us.", "eu.", "apac.", ""]);
            let major = 3 + random.below(3);
            format!("{region}anthropic.claude-{major}-{minor}-{tier}-{compact}-v2:0")
        }
        2 => {
            let kind = *random.pick(&["Instruct", "Instruct-Turbo", "Vision-Instruct", "Base"]);
            let size = size.replace('.', "_");
            format!(
                "meta-llama/Llama-3.{minor}-{size}B-{kind}-{}",
                &compact[2..6]
            )
        }
        3 => {
            let kind = *random.pick(&["instruct", "instruct-1m", "coder-instruct", "vl-instruct"]);
            let major = 1 + random.below(4);
            format!("qwen{major}.{minor}-{size}b-{kind}-{}", &date[5..])
        }
        4 => {
            let kind = *random.pick(&["plus", "max", "turbo", "long", "vl-plus", "vl-max", "omni"]);
            format!("qwen-{kind}-{date}")
        }
        5 => {
            let kind = *random.pick(&["", "-mini", "-nano", "-audio-preview", "-search-preview"]);
            let base = *random.pick(&["gpt-4o", "gpt-4.1", "gpt-5", "o1", "o3", "chatgpt-4o"]);
            format!("{base}{kind}-{date}")
        }
        6 => {
            let kind = *random.pick(&["flash", "pro", "flash-lite", "flash-thinking-exp"]);
            let major = 1 + random.below(3);
            format!("gemini-{major}.{minor}-{kind}-{}", &date[5..])
        }
        7 => {
            let kind = *random.pick(&["large", "medium", "small", "nemo", "ministral-8b"]);
            let of = *random.pick(&["mistralai/mistral", "mistral", "pixtral", "codestral"]);
            format!(
                "{of}-{kind}-{}{}",
                &compact[2..6],
                random.pick(&["", "-eu", "@001"])
            )
        }
        8 => {
            let kind = *random.pick(&["R1-Distill-Qwen", "R1-Distill-Llama", "V2-Lite", "Coder"]);
            format!("deepseek-ai/DeepSeek-{kind}-{size}B-{}", &compact[2..])
        }
        9 => {
            let size = size.replace('.', "p");
            let kind = *random.pick(&["instruct", "instruct-long", "chat", "base"]);
            format!(
                "accounts/fireworks/models/llama-v3p{minor}-{size}b-{kind}-{}",
                &compact[4..]
            )
        }
        10 => {
            let kind = *random.pick(&["instruct-fp8", "instruct-awq", "it-lora", "chat-int8"]);
            let of = *random.pick(&["google/gemma", "meta/llama", "qwen/qwen", "mistral/mistral"]);
            format!("@cf/{of}-{minor}-{size}b-{kind}-v0.{}", random.below(10))
        }
        _ => {
            let of = *random.pick(&["glm", "yi", "phi", "ernie", "kimi", "hunyuan", "doubao"]);
            let kind = *random.pick(&["air", "plus", "flash", "lite", "x", "pro-32k", "128k"]);
            format!(
                "{of}-{}.{minor}-{kind}-{}",
                1 + random.below(5),
                &compact[4..]
            )
        }
    }
}

/// A day from 2023 to 2025, as in `2024-10-22`.
fn date(random: &mut Random) -> String {
    let (year, month, day) = (random.below(3), random.below(12), random.below(28));
    format!("{}-{:02}-{:02}", 2023 + year, month + 1, day + 1)
}
