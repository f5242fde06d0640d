#![deny(warnings)]

use fixture::Chat;
use model_studio_limits::Model;

fn main() {
    let _ = Model::Qwen2_7bInstruct;
    let _ = Chat::Older;
}
