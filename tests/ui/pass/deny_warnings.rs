#![deny(warnings)]
#![deny(unused_qualifications)]

use model_studio_limits::{Model, model};

const OLD: Model = model!(#[allow(deprecated)] "qwen2-7b-instruct");

fn main() {
    let current = model!(#[allow(deprecated)] "qwen-plus");
    assert_eq!(current, Model::QwenPlus);
    assert!(OLD.is_deprecated());
    assert_eq!(OLD.replacement(), Some(Model::Qwen3_235bA22b));
    assert!(matches!(OLD, model!(#[allow(deprecated)] "qwen2-7b-instruct")));
}
