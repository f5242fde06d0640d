use model_studio_limits::{Model, model};

macro_rules! through {
    ($name:literal) => {
        model!($name)
    };
}

fn main() {
    assert_eq!(model!(r"qwen-plus"), Model::QwenPlus);
    assert_eq!(model!("qwen\x2dplus"), Model::QwenPlus);
    assert_eq!(through!("qwen-plus"), Model::QwenPlus);
}
