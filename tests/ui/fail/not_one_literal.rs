use model_studio_limits::model;

fn main() {
    let name = "qwen-plus";
    model!();
    model!(7);
    model!(name);
    model!(b"qwen-plus");
    model!("qwen-plus" "qwen-max");
    model!("qwen-plus", "qwen-max");
    model!("qwen-plus",,);
    model!("qwen-plus"x);
    model!(concat!("qwen-", "plus"));
}
