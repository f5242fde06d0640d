//! Generated code, laid out for people to read: `snapshot/expected.rs` is that of
//! `snapshot/limits.yaml`.

use std::fs;

use model_studio_limits_codegen::Generator;

/// When the code is meant to change, `UPDATE=1 cargo test snapshot` writes it anew.
#[test]
fn the_code_of_a_small_table() {
    let code = Generator::new("tests/snapshot/limits.yaml")
        .overlay("tests/snapshot/overlay.yaml")
        .generate()
        .unwrap()
        .to_string();
    let code = prettyplease::unparse(&syn::parse_file(&code).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        fs::write("tests/snapshot/expected.rs", &code).unwrap();
    }
    let expected = fs::read_to_string("tests/snapshot/expected.rs").unwrap();
    assert_eq!(code, expected);
}
