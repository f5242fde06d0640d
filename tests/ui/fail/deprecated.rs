use model_studio_limits::model;

fn main() {
    model!("qwen2-72b-instruct");
    model!("qwen2-57b-a14b-instruct");
    model!("qwen2-7b-instruct");
    model!("qwen1.5-110b-chat");
    model!("qwen1.5-72b-chat");
    model!("qwen1.5-32b-chat");
    model!("qwen1.5-14b-chat");
    model!("qwen1.5-7b-chat");
}
