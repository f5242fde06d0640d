//! Prints the rate limits of other providers.
//!
//! ```sh
//! cargo run --package other-providers
//! ```

use model_studio_limits::Catalogue;

model_studio_limits::include_models!("anthropic.rs");
model_studio_limits::include_models!("azure.rs");
model_studio_limits::include_models!("gemini.rs");
model_studio_limits::include_models!("groq.rs");
model_studio_limits::include_models!("openai.rs");

fn main() {
    print::<Anthropic>();
    print::<Azure>();
    print::<Gemini>();
    print::<Groq>();
    print::<OpenAi>();
}

/// Prints the title and the models of a table.
fn print<M: Catalogue>() {
    println!("{}", M::SOURCE.title.unwrap_or_default());
    for model in M::ALL {
        print!("  {:<46} {}", model.name(), model.limits());
        if let Some(pool) = model.pool() {
            print!(", shared by the pool {pool}");
        }
        println!();
    }
}

#[cfg(test)]
mod tests {
    use model_studio_limits::Limits;

    use super::*;

    /// Returns the limits as kind, count and window in seconds.
    fn list(limits: Limits) -> Vec<(String, u64, u64)> {
        let list = limits.iter().map(|limit| {
            let seconds = limit.per.map_or(0, |per| per.as_secs());
            (format!("{:?}", limit.kind), limit.count.get(), seconds)
        });
        list.collect()
    }

    fn expected(limits: &[(&str, u64, u64)]) -> Vec<(String, u64, u64)> {
        let limits = limits.iter();
        limits
            .map(|(kind, count, seconds)| ((*kind).to_owned(), *count, *seconds))
            .collect()
    }

    #[test]
    fn input_and_output_tokens_have_their_own_limits() {
        let limits = anthropic!("claude-sonnet-4-20250514").limits();
        let expected = expected(&[
            ("Requests", 50, 60),
            ("InputTokens", 30_000, 60),
            ("OutputTokens", 8_000, 60),
        ]);
        assert_eq!(list(limits), expected);
    }

    #[test]
    fn a_kind_can_have_several_windows() {
        let limits = groq!("whisper-large-v3").limits();
        let expected = expected(&[
            ("Requests", 20, 60),
            ("Requests", 2_000, 86_400),
            ("AudioSeconds", 7_200, 3_600),
            ("AudioSeconds", 28_800, 86_400),
        ]);
        assert_eq!(list(limits), expected);
    }

    #[test]
    fn images_and_concurrency_can_be_limited() {
        let images = open_ai!("dall-e-3").limits();
        assert_eq!(list(images), expected(&[("Images", 500, 60)]));
        let requests = azure!("dall-e-2").limits();
        assert_eq!(list(requests), expected(&[("ConcurrentRequests", 2, 0)]));
        let tasks = azure!("sora-2").limits();
        assert_eq!(list(tasks), expected(&[("ConcurrentTasks", 2, 0)]));
    }

    #[test]
    fn there_are_at_least_25_rows() {
        let rows = [
            Anthropic::ALL.len(),
            Azure::ALL.len(),
            Gemini::ALL.len(),
            Groq::ALL.len(),
            OpenAi::ALL.len(),
        ];
        assert!(rows.iter().sum::<usize>() >= 25, "{rows:?}");
    }
}
