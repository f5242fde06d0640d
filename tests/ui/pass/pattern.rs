use model_studio_limits::{Model, model};

fn main() {
    let kind = |model| match model {
        model!("qwen-plus") | model!("qwen-turbo") => 1,
        Model::QwenMax0125 => 2,
        model!("qwen-plus-0428") => 3,
        model!(#[allow(deprecated)] "qwen2-7b-instruct") => 4,
        _ => 5,
    };
    assert_eq!(kind(Model::QwenTurbo), 1);
    assert_eq!(kind(Model::QwenMax2025_01_25), 2);
    assert_eq!(kind(Model::QwenPlus2025_04_28), 3);
    assert_eq!(kind(Model::from_name("qwen2-7b-instruct").unwrap()), 4);
    assert_eq!(kind(Model::QwenMax), 5);
    if let model!("qwen-max") = Model::QwenMax {
    } else {
        unreachable!();
    }
}
