//! Prints the limits and properties of the models of five providers, each from a table of its own.
//!
//! ```sh
//! cargo run --package other-providers
//! ```

use std::fmt::Write as _;

use model_studio_limits::Catalogue;

model_studio_limits::include_models!("openai.rs");
model_studio_limits::include_models!("anthropic.rs");
model_studio_limits::include_models!("gemini.rs");
model_studio_limits::include_models!("groq.rs");
model_studio_limits::include_models!("azure.rs");

fn main() {
    print!("{}", all());
}

/// Returns the tables of all providers.
fn all() -> String {
    let tables = [
        table::<OpenAi>(),
        table::<Anthropic>(),
        table::<Gemini>(),
        table::<Groq>(),
        table::<Azure>(),
    ];
    tables.join("\n")
}

/// Returns the source of a table, and the limits and properties of each of its models.
fn table<M: Catalogue>() -> String {
    let mut text = M::SOURCE.title.unwrap_or("Untitled").to_owned();
    if let Some(date) = M::SOURCE.date {
        _ = write!(text, ", {date}");
    }
    text.push('\n');
    for model in M::ALL {
        _ = write!(text, "  {model:<36}{}", model.limits());
        if let Some(pool) = model.pool() {
            _ = write!(text, " (shared within the pool {pool})");
        }
        text.push('\n');
        for property in M::PROPERTIES {
            if let Some(value) = model.property(property.name) {
                let unit = property.unit.unwrap_or_default();
                let line = format!("    {}: {value} {unit}", property.name);
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn the_readme_shows_the_beginning_of_the_output() {
        let readme = include_str!("../README.md");
        let (_, rest) = readme.split_once("```text\n").unwrap();
        let (beginning, _) = rest.split_once("...\n").unwrap();
        assert!(all().starts_with(beginning), "{}", all());
    }

    #[test]
    fn properties_follow_the_limits() {
        let lines = [
            "    context_window: 200000 tokens",
            "    max_output: 64000 tokens",
            "    input: text, image",
        ];
        let all = all();
        let mut rest = all
            .lines()
            .skip_while(|line| !line.starts_with("  claude-haiku-4-5 "));
        assert!(rest.by_ref().skip(1).take(3).eq(lines));
        assert!(rest.next().unwrap().starts_with("  claude-opus-4-8 "));
    }

    #[test]
    fn limits_of_every_kind_are_displayed() {
        for [model, limits] in [
            [
                "gpt-4o-mini",
                "500 queries per minute, 10,000 queries per day and 200,000 tokens per minute",
            ],
            [
                "claude-fable-5",
                "1,000 queries, 500,000 input tokens and 100,000 output tokens per minute",
            ],
            [
                "claude-opus-4-8",
                "1,000 queries, 2,000,000 input tokens and 400,000 output tokens per minute \
                 (shared within the pool opus-4)",
            ],
            [
                "gpt-image-2.5-flare",
                "100,000 tokens and 5 images per minute",
            ],
            [
                "whisper-large-v3",
                "20 queries per minute, 2,000 queries per day, 7,200 seconds of audio per hour \
                 and 28,800 seconds of audio per day",
            ],
            ["dall-e-2", "2 concurrent requests"],
            ["gemini-3-pro-preview", "no limit"],
        ] {
            let line = format!("  {model:<36}{limits}");
            assert!(all().lines().any(|other| other == line), "{line}");
        }
    }
}
