#![deny(warnings, clippy::all)]

use limits::{Model, model};

limits::include_models!("other.rs");

const PLUS: Model = model!("qwen-plus");

fn main() {
    println!("{PLUS}: {}", PLUS.limits().queries_per_minute().unwrap());
    let other = other_model!("gpt-4o");
    let queries = other.limits().queries_per_minute().unwrap();
    let tasks = OtherModel::Sora.limits().concurrent_tasks().unwrap();
    println!("{other}: {queries}, sora: {tasks}");
}
