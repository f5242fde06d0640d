use std::num::NonZeroU32;

use model_studio_limits::{Limits, Model, model};

const MODEL: Model = model!("qwen-plus");
const LIMITS: Limits = model!("qwen-plus").limits();
static QUERIES: Option<NonZeroU32> = LIMITS.queries_per_minute();
const ALIAS: Model = model!("qwen-max-0125");

fn main() {
    assert_eq!(MODEL, Model::QwenPlus);
    assert_eq!(QUERIES, Model::QwenPlus.limits().queries_per_minute());
    assert_eq!(ALIAS, Model::QwenMax2025_01_25);
}
