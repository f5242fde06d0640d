//! Checks where generated code is included.

/// Checks that generated code is included in the module that was set in its generator.
///
/// `path` is the `module_path!()` of the code, and `module` the argument of `Generator::module`,
/// empty for the crate root.
///
/// # Panics
///
/// Panics if they differ. In a constant, this is a compile error that says how to fix it.
pub const fn check_module(path: &str, module: &str) {
    let (actual, module) = (without_crate(path.as_bytes()), module.as_bytes());
    if is_equal(actual, module) {
        return;
    }
    let included = b"the generated models are included in the ";
    let mut parts: &[&[u8]] = if actual.is_empty() {
        let end = b"\")` from the `Generator` in build.rs";
        &[included, b"crate root; remove `.module(\"", module, end]
    } else {
        let add = b"`; add `.module(\"";
        let end = b"\")` to the `Generator` in build.rs";
        &[included, b"module `", actual, add, actual, end]
    };
    // `format!` cannot be used at compile time.
    let mut message = [0; 512];
    let mut len = 0;
    while let [part, rest @ ..] = parts {
        let mut i = 0;
        while i < part.len() && len < message.len() {
            message[len] = part[i];
            i += 1;
            len += 1;
        }
        parts = rest;
    }
    match core::str::from_utf8(message.split_at(len).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("the generated models are included in the wrong module"),
    }
}

/// Removes the name of the crate from a module path.
const fn without_crate(mut path: &[u8]) -> &[u8] {
    loop {
        match path {
            [b':', b':', module @ ..] => return module,
            [_, rest @ ..] => path = rest,
            [] => return path,
        }
    }
}

const fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::check_module;

    fn message(path: &'static str, module: &'static str) -> std::string::String {
        let panic = std::panic::catch_unwind(|| check_module(path, module)).unwrap_err();
        *panic.downcast().unwrap()
    }

    #[test]
    fn the_configured_module_is_accepted() {
        check_module("app", "");
        check_module("app::models", "models");
        check_module("app::a::b", "a::b");
    }

    #[test]
    fn another_module_is_an_error_with_the_line_to_change() {
        assert_eq!(
            message("app::a::b", ""),
            "the generated models are included in the module `a::b`; \
             add `.module(\"a::b\")` to the `Generator` in build.rs"
        );
        assert_eq!(
            message("app", "models"),
            "the generated models are included in the crate root; \
             remove `.module(\"models\")` from the `Generator` in build.rs"
        );
    }
}
