use model_studio_limits::{Model, model};

const MODEL: Model = model!("qwen-pluss");

fn main() {
    match MODEL {
        model!("qwen2-7b-instruct") => {}
        _ => {}
    }
}
