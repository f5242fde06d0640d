//! The settings of the generator.

use model_studio_limits_codegen::Generator;

use crate::scratch::ScratchDir;

const TABLE: &str =
    "groups: [{ category: embedding, series: S, models: [{ name: a, limits: { qpm: 1 } }] }]\n";

fn generate(configure: impl FnOnce(Generator) -> Generator) -> Result<String, String> {
    let scratch = ScratchDir::new();
    let generator = Generator::new(scratch.write("limits.yaml", TABLE));
    scratch.generate(&configure(generator))
}

#[test]
fn an_invalid_enum_name_is_an_error() {
    for name in ["", "model", "4o", "Self", "My Model", "Modèle"] {
        let expected = format!(
            "`{name}` is not a valid enum name: use an identifier of ASCII letters, digits \
             and `_` that begins with a capital letter"
        );
        assert_eq!(
            generate(|generator| generator.enum_name(name)),
            Err(expected)
        );
    }
}

#[test]
fn an_enum_name_whose_macro_would_be_reserved_is_an_error() {
    for (name, reserved) in [
        ("Match", "match"),
        ("Path", "path"),
        ("MustUse", "must_use"),
    ] {
        let expected = format!(
            "`{name}` is not a valid enum name: the macro would be named `{reserved}`, which is \
             reserved"
        );
        assert_eq!(
            generate(|generator| generator.enum_name(name)),
            Err(expected)
        );
    }
}

fn not_a_path(path: &str) -> String {
    format!("`{path}` is not a valid path: use identifiers separated by `::`")
}

#[test]
fn an_invalid_runtime_path_is_an_error() {
    for path in [
        "",
        "a b",
        "a::",
        "::",
        "a-b",
        "a::crate",
        "type",
        "$crate",
        "super::limits",
        "self",
        "::crate",
    ] {
        let result = generate(|generator| generator.runtime(path));
        assert_eq!(result, Err(not_a_path(path)));
    }
}

#[test]
fn an_invalid_module_path_is_an_error() {
    for path in ["a b", "super", "self::a", "crate::crate", "::a"] {
        let result = generate(|generator| generator.module(path));
        assert_eq!(result, Err(not_a_path(path)));
    }
}

#[test]
fn the_runtime_path_can_be_relative_or_absolute() {
    for path in ["limits", "::limits", "crate::deep::limits"] {
        let code = generate(|generator| generator.runtime(path)).unwrap();
        let file = syn::parse_file(&code).unwrap();
        assert!(without_spaces(&file).contains(&format!("={path}::__private::check_module(")));
    }
}

#[test]
fn the_macro_refers_to_the_module() {
    for (path, module) in [
        ("", ""),
        ("crate", ""),
        ("crates", "crates::"),
        ("crate::a", "a::"),
        ("a::b", "a::b::"),
    ] {
        let code = generate(|generator| generator.module(path)).unwrap();
        let file = syn::parse_file(&code).unwrap();
        let expected = format!("[$crate::{module}__model::Model]");
        assert!(without_spaces(&file).contains(&expected), "{path}");
    }
}

/// Returns code without the spaces between its tokens.
fn without_spaces(file: &syn::File) -> String {
    prettyplease::unparse(file).split_whitespace().collect()
}

/// Cargo sets these variables when it runs tests. Setting variables in a test would be unsafe.
const RELATIVE_PATH: &str = "CARGO_PKG_NAME";
const ABSOLUTE_PATH: &str = "CARGO_MANIFEST_DIR";
const EMPTY: &str = "CARGO_PKG_VERSION_PRE";

#[test]
fn a_relative_path_in_the_overlay_variable_is_an_error() {
    let expected = "`CARGO_PKG_NAME` is set to the relative path `model-studio-limits-codegen`: use an \
                    absolute path, or write `CARGO_PKG_NAME = { value = \
                    \"model-studio-limits-codegen\", relative = true }` in the `[env]` section of \
                    .cargo/config.toml";
    let result = generate(|generator| generator.overlay_from_env(RELATIVE_PATH));
    assert_eq!(result, Err(expected.to_owned()));
}

#[test]
fn an_absolute_path_in_the_overlay_variable_is_read() {
    let report = generate(|generator| generator.overlay_from_env(ABSOLUTE_PATH)).unwrap_err();
    let expected = format!("{}: cannot read the file: ", env!("CARGO_MANIFEST_DIR"));
    assert!(report.starts_with(&expected), "{report}");
}

#[test]
fn an_overlay_variable_that_is_empty_or_not_set_is_ignored() {
    for variable in [EMPTY, "MODEL_STUDIO_LIMITS_TEST_NOT_SET"] {
        let result = generate(|generator| generator.overlay_from_env(variable));
        assert_eq!(result, generate(|generator| generator));
    }
}
