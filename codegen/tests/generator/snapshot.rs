//! Compares generated code, formatted, with `snapshot/expected.rs`.

use std::env;
use std::fs;
use std::path::Path;

use model_studio_limits_codegen::Generator;

/// `UPDATE=1 cargo test snapshot` updates the expected code.
#[test]
fn the_code_of_a_small_table_is_as_expected() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join("snapshot");
    let code = Generator::new(directory.join("limits.yaml"))
        .overlay(directory.join("overlay.yaml"))
        .generate()
        .unwrap()
        .to_string();
    let code = prettyplease::unparse(&syn::parse_file(&code).unwrap());
    let expected = directory.join("expected.rs");
    if env::var_os("UPDATE").is_some() {
        fs::write(&expected, &code).unwrap();
    }
    assert_eq!(code, fs::read_to_string(expected).unwrap());
}
