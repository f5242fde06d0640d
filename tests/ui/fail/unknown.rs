use model_studio_limits::model;

fn main() {
    model!("qwen-pluss");
    model!("qwen2.5-72b");
    model!("qwen-plus-2025");
    model!("Qwen-Plus");
    model!("qwen_plus");
    model!("qwen2-7b-instruc");
    model!("gpt-4o");
    model!("");
    model!("qwen-plus ");
    model!("qwen-plus\n");
    model!("qwen\u{2011}plus");
}
