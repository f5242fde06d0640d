//! Limits as constants, names checked by the compiler, and names read at run time.

use model_studio_limits::{Limits, Model, model};

// Everything about a model is a constant.
const LIMITS: Limits = Model::QwenPlus.limits();
const QUERIES_PER_MINUTE: u32 = LIMITS.queries_per_minute().unwrap().get();

fn main() {
    println!(
        "{}: {QUERIES_PER_MINUTE} queries per minute",
        Model::QwenPlus
    );

    // A name is checked when this is compiled; try `model!("qwen-pluss")`.
    let model = model!("qwen-max-0125");
    println!("qwen-max-0125 is an alias of {model}");
    assert_eq!(model, Model::QwenMax0125);

    // A name from a user or a file is checked when it is read.
    match "qwen-vl-pluss".parse::<Model>() {
        Ok(model) => println!("{model}: {:?}", model.limits()),
        Err(error) => println!("{error}"),
    }
}
