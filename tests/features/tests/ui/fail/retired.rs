use model_studio_limits::beijing::{Model, model};

const RETIRED: Model = model!("qwen-max-latest");

fn main() {
    model!("qwen3-max");
    model!("qwen3.7-maxx");
    match RETIRED {
        model!("qwen-turbo-latest") => {}
        _ => {}
    }
}
