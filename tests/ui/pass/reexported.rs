// The built-in macro, re-exported by another crate, and the macro of that crate's own table.
fn main() {
    assert_eq!(fixture::model!("qwen-plus"), model_studio_limits::Model::QwenPlus);
    assert_eq!(fixture::chat!("4o"), fixture::Chat::_4o);
}
