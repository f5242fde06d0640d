use model_studio_limits::model;

fn main() {
    model!(#[allow(deprecated)]);
    model!(#[allow(unused)] "qwen2-7b-instruct");
    model!(#[expect(deprecated)] "qwen2-7b-instruct");
    model!(#[allow(deprecated, unused)] "qwen2-7b-instruct");
    model!(#[allow] "qwen2-7b-instruct");
    model!(#![allow(deprecated)] "qwen2-7b-instruct");
    model!("qwen2-7b-instruct" #[allow(deprecated)]);
    model!(#[allow(deprecated)] "qwen-pluss");
}
