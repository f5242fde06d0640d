//! Prints the limits of each model for the account, next to the published ones, and which models accept
//! images.
//!
//! ```sh
//! cargo run --package own-catalogue
//! ```

model_studio_limits::include_models!("published.rs");

mod account {
    model_studio_limits::include_models!("groq.rs");
}

use account::{Groq, groq};

/// The default model. A misspelled name does not compile.
const DEFAULT: Groq = groq!("llama-3.3-70b-versatile");

/// Neither does a default model that is too small for the documents of the program.
const _: () = assert!(DEFAULT.context_window() >= 100_000);

fn main() {
    for (model, published) in Groq::ALL.iter().zip(Published::ALL) {
        let mark = if *model == DEFAULT { '*' } else { ' ' };
        let (limits, published) = (model.limits(), published.limits());
        println!("{mark} {model:<46} {limits} (published: {published})");
    }
    println!("\nModels that accept images, with their context windows:");
    for model in accepting(account::Modality::Image) {
        println!("  {model:<46} {} tokens", model.context_window());
    }
}

/// Returns the models that accept a kind of input.
fn accepting(modality: account::Modality) -> impl Iterator<Item = Groq> {
    let models = Groq::ALL.iter().copied();
    models.filter(move |model| model.input().contains(&modality))
}

#[cfg(test)]
mod tests {
    use super::account::Modality;
    use super::{DEFAULT, Groq, Published, accepting, groq, published};

    const fn qpm(limits: model_studio_limits::Limits) -> u32 {
        limits.queries_per_minute().unwrap().get()
    }

    const fn tpm(limits: model_studio_limits::Limits) -> u64 {
        limits.tokens_per_minute().unwrap().get()
    }

    #[test]
    fn the_overlay_sets_the_limits_of_the_account() {
        assert_eq!(qpm(DEFAULT.limits()), 1_000);
        assert_eq!(tpm(DEFAULT.limits()), 300_000);
        assert_eq!(tpm(groq!("openai/gpt-oss-120b").limits()), 250_000);
        // Other limits are unchanged.
        assert_eq!(qpm(Groq::OpenaiGptOss120b.limits()), 30);
        assert_eq!(Groq::Llama4Scout.limits(), Published::Llama4Scout.limits());
    }

    #[test]
    fn two_models_accept_images() {
        assert!(accepting(Modality::Image).eq([Groq::Llama4Maverick, Groq::Llama4Scout]));
        assert!(accepting(Modality::Text).eq(Groq::ALL.iter().copied()));
        assert_eq!(
            groq!("moonshotai/kimi-k2-instruct-0905").context_window(),
            262_144
        );
    }

    #[test]
    fn the_published_table_has_no_overlay() {
        let model = published!("llama-3.3-70b-versatile");
        assert_eq!((qpm(model.limits()), tpm(model.limits())), (30, 12_000));
        assert!(
            Published::names()
                .map(|(name, _)| name)
                .eq(Groq::names().map(|(name, _)| name))
        );
    }
}
