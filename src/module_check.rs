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
    let actual = without_crate(path);
    if is_equal(actual.as_bytes(), module.as_bytes()) {
        return;
    }
    let message = Message::new().push("the generated models are included in the ");
    let message = if actual.is_empty() {
        let message = message.push("crate root; remove `.module(\"").push(module);
        message.push("\")` from the `Generator` in build.rs")
    } else {
        let message = message.push("module `").push(actual);
        let message = message.push("`; add `.module(\"").push(actual);
        message.push("\")` to the `Generator` in build.rs")
    };
    panic!("{}", message.as_str());
}

/// Removes the name of the crate from a module path.
const fn without_crate(path: &str) -> &str {
    let bytes = path.as_bytes();
    let mut i = 0;
    while i + 2 < bytes.len() {
        if bytes[i] == b':' {
            return match core::str::from_utf8(bytes.split_at(i + 2).1) {
                Ok(rest) => rest,
                Err(_) => path,
            };
        }
        i += 1;
    }
    ""
}

const fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// A string that is built at compile time, where `format!` cannot be used.
struct Message {
    bytes: [u8; Self::CAPACITY],
    len: usize,
}

impl Message {
    const CAPACITY: usize = 512;

    const fn new() -> Self {
        Self {
            bytes: [0; Self::CAPACITY],
            len: 0,
        }
    }

    /// Appends a string if all of it fits.
    const fn push(mut self, string: &str) -> Self {
        let string = string.as_bytes();
        if string.len() <= Self::CAPACITY - self.len {
            let mut i = 0;
            while i < string.len() {
                self.bytes[self.len + i] = string[i];
                i += 1;
            }
            self.len += string.len();
        }
        self
    }

    const fn as_str(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(string) => string,
            Err(_) => "the generated models are included in the wrong module",
        }
    }
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
