#![deny(unreachable_patterns)]

use fixture::{Chat, chat};
use model_studio_limits::{Model, model};

fn main() {
    match Model::QwenPlus {
        model!("qwen-max-0125") => {}
        model!("qwen-max-2025-01-25") => {}
        _ => {}
    }
    match Chat::A {
        chat!("a") => {}
        chat!("a") => {}
        _ => {}
    }
}
