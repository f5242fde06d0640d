// Both of another crate: the built-in macro handed on, and that of its own catalogue.
fn main() {
    assert_eq!(fixture::model!("qwen-plus"), model_studio_limits::Model::QwenPlus);
    assert_eq!(fixture::chat!("4o"), fixture::Chat::_4o);
}
