use model_studio_limits::beijing::{Model, model};
use model_studio_limits::{Date, beijing};

const MAX: Model = model!("qwen3.7-max");

fn main() {
    let deprecated = model!(#[allow(deprecated)] "qwen3-max");
    assert_eq!(deprecated.retires(), Date::new(2026, 10, 10));
    assert_eq!(deprecated.replacement(), Some(MAX));
    assert!(matches!(MAX, beijing::model!("qwen3.7-max")));
}
