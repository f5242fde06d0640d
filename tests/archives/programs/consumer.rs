#![deny(warnings, clippy::all)]

use clap::ValueEnum;
use limits::{Model, model};

limits::include_models!("other.rs");

const PLUS: Model = model!("qwen-plus");

fn main() {
    println!("{PLUS}: {}", PLUS.limits().queries_per_minute().unwrap());
    let other = other_model!("gpt-4o");
    let queries = other.limits().queries_per_minute().unwrap();
    let tasks = OtherModel::Sora.limits().concurrent_tasks().unwrap();
    println!("{other}: {queries}, sora: {tasks}");
    println!("{}", serde_json::to_string(&(PLUS, other)).unwrap());
    assert_eq!(
        Model::from_str("qwen-max-0125", false),
        Ok(Model::QwenMax0125)
    );
    assert_eq!(
        OtherModel::value_variants(),
        [OtherModel::Gpt4o, OtherModel::Sora]
    );
    assert_eq!(
        schemars::schema_for!(OtherModel).get("enum"),
        Some(&serde_json::json!(["gpt-4o", "sora"]))
    );
}
