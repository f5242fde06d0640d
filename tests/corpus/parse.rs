use model_studio_limits::{Model, model};

fn main() {
    let checked_by_the_compiler = model!("qwen-plus");
    let parsed = std::env::args()
        .nth(1)
        .unwrap_or("qwq-plus".into())
        .parse::<Model>();
    run(
        "--model",
        "qwen-max-latest",
        checked_by_the_compiler,
        parsed,
    );
}
