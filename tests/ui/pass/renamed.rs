#![no_implicit_prelude]

extern crate model_studio_limits as limits;

fn main() {
    // Only the macro is in scope.
    let plus = limits::model!("qwen-plus");
    ::std::assert_eq!(plus.name(), "qwen-plus");
}
