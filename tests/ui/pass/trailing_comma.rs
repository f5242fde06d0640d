use model_studio_limits::{Model, model};

fn main() {
    assert_eq!(model!("qwen-plus",), Model::QwenPlus);
    assert!(matches!(Model::QwenPlus, model!("qwen-plus",)));
}
