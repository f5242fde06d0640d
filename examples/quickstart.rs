//! Uses limits in constants, and checks model IDs at compile time and at run time.

use model_studio_limits::{Limits, Model, model};

// A model's properties can be used in constants.
const LIMITS: Limits = Model::QwenPlus.limits();
const QUERIES_PER_MINUTE: u32 = LIMITS.queries_per_minute().unwrap().get();

fn main() {
    println!(
        "{}: {QUERIES_PER_MINUTE} queries per minute",
        Model::QwenPlus
    );

    // Checked at compile time. Try `model!("qwen-pluss")`.
    let model = model!("qwen-plus-0428");
    println!("qwen-plus-0428 is an alias of {model}");
    assert_eq!(model, Model::QwenPlus0428);

    // Checked at run time, for model IDs from users and files.
    match "qwen-pluss".parse::<Model>() {
        Ok(model) => println!("{model}: {}", model.limits()),
        Err(error) => println!("{error}"),
    }
}
