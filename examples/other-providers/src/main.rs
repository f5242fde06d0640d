//! Prints the limits of five providers, each from a table of its own.
//!
//! ```sh
//! cargo run --package other-providers
//! ```

use model_studio_limits::Catalogue;

model_studio_limits::include_models!("openai.rs");
model_studio_limits::include_models!("anthropic.rs");
model_studio_limits::include_models!("gemini.rs");
model_studio_limits::include_models!("groq.rs");
model_studio_limits::include_models!("azure.rs");

fn main() {
    print::<OpenAi>();
    print::<Anthropic>();
    print::<Gemini>();
    print::<Groq>();
    print::<Azure>();
}

/// Prints the source of a table, and a line for each of its models.
fn print<M: Catalogue>() {
    let title = M::SOURCE.title.unwrap_or("Untitled");
    match M::SOURCE.date {
        Some(date) => println!("{title}, {date}"),
        None => println!("{title}"),
    }
    for model in M::ALL {
        print!("  {model:<36}{}", model.limits());
        if let Some(pool) = model.pool() {
            print!(" (shared within the pool {pool})");
        }
        println!();
    }
    println!();
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;
    use std::time::Duration;

    use model_studio_limits::{Catalogue, Limit, LimitKind};

    use super::{Anthropic, Azure, Gemini, Groq, OpenAi, anthropic, azure, gemini, groq, open_ai};

    const MINUTE: u64 = 60;
    const HOUR: u64 = 3_600;
    const DAY: u64 = 86_400;

    const fn rate(kind: LimitKind, count: u64, seconds: u64) -> Limit {
        Limit {
            kind,
            count: NonZeroU64::new(count).unwrap(),
            per: Some(Duration::from_secs(seconds)),
        }
    }

    #[test]
    fn requests_and_tokens() {
        assert_eq!(
            open_ai!("gpt-4o-mini").limits().as_slice(),
            [
                rate(LimitKind::Requests, 500, MINUTE),
                rate(LimitKind::Requests, 10_000, DAY),
                rate(LimitKind::Tokens, 200_000, MINUTE),
            ]
        );

        assert_eq!(
            Groq::PromptGuard2.limits().as_slice(),
            [
                rate(LimitKind::Requests, 30, MINUTE),
                rate(LimitKind::Requests, 14_400, DAY),
                rate(LimitKind::Tokens, 15_000, MINUTE),
                rate(LimitKind::Tokens, 500_000, DAY),
            ]
        );
    }

    #[test]
    fn input_and_output_tokens() {
        assert_eq!(
            anthropic!("claude-fable-5").limits().as_slice(),
            [
                rate(LimitKind::Requests, 1_000, MINUTE),
                rate(LimitKind::InputTokens, 500_000, MINUTE),
                rate(LimitKind::OutputTokens, 100_000, MINUTE),
            ]
        );

        assert_eq!(
            gemini!("gemini-2.5-pro").limits().as_slice(),
            [
                rate(LimitKind::Requests, 150, MINUTE),
                rate(LimitKind::Requests, 10_000, DAY),
                rate(LimitKind::InputTokens, 2_000_000, MINUTE),
            ]
        );
    }

    #[test]
    fn images() {
        assert_eq!(
            open_ai!("gpt-image-2.5-flare").limits().as_slice(),
            [
                rate(LimitKind::Tokens, 100_000, MINUTE),
                rate(LimitKind::Images, 5, MINUTE),
            ]
        );
    }

    #[test]
    fn seconds_of_audio() {
        assert_eq!(
            groq!("whisper-large-v3").limits().as_slice(),
            [
                rate(LimitKind::Requests, 20, MINUTE),
                rate(LimitKind::Requests, 2_000, DAY),
                rate(LimitKind::AudioSeconds, 7_200, HOUR),
                rate(LimitKind::AudioSeconds, 28_800, DAY),
            ]
        );
    }

    #[test]
    fn concurrent_requests() {
        assert_eq!(
            azure!("dall-e-2").limits().as_slice(),
            [Limit {
                kind: LimitKind::ConcurrentRequests,
                count: NonZeroU64::new(2).unwrap(),
                per: None,
            }]
        );
    }

    #[test]
    fn no_limit() {
        assert_eq!(gemini!("gemini-3-pro-preview").limits().as_slice(), []);
    }

    #[test]
    fn models_of_a_pool() {
        let pool: Vec<_> = Anthropic::ALL
            .iter()
            .filter(|model| model.pool() == Some("opus-4"))
            .collect();
        assert_eq!(pool, [&Anthropic::ClaudeOpus4_8, &Anthropic::ClaudeOpus4_7]);
    }

    /// Every row has words for its limits, which name each of its counts and kinds.
    fn check_words<M: Catalogue>() -> usize {
        for model in M::ALL {
            let words = model.limits().to_string();
            if model.limits().as_slice().is_empty() {
                assert_eq!(words, "no limit", "{model}");
            }
            for limit in model.limits() {
                let noun = limit.kind.noun(limit.count.get());
                assert!(words.contains(noun), "{model}: {words}");
                let digits: String = words.chars().filter(|c| *c != ',').collect();
                let count = format!("{} {noun}", limit.count);
                assert!(digits.contains(&count), "{model}: {words}");
            }
        }
        M::ALL.len()
    }

    #[test]
    fn every_row_displays_in_words() {
        let rows = check_words::<OpenAi>()
            + check_words::<Anthropic>()
            + check_words::<Gemini>()
            + check_words::<Groq>()
            + check_words::<Azure>();
        assert!(rows >= 25, "{rows} rows");

        assert_eq!(
            Groq::WhisperLargeV3.limits().to_string(),
            "20 queries per minute, 2,000 queries per day, 7,200 seconds of audio per hour \
             and 28,800 seconds of audio per day"
        );
    }
}
