//! String literals.

use proc_macro2::Literal;

/// Returns a string literal.
pub(super) fn string(text: &str) -> String {
    // Most strings need no escapes, and `Literal` is slow in build scripts.
    let is_plain = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    if text.bytes().all(is_plain) {
        format!("\"{text}\"")
    } else {
        Literal::string(text).to_string()
    }
}

/// Returns a raw string literal.
pub(super) fn raw_string(text: &str) -> String {
    let fence = if text.contains('"') {
        let longest = text.split(|c| c != '#').map(str::len).max();
        "#".repeat(longest.unwrap_or(0) + 1)
    } else {
        String::new()
    };
    format!("r{fence}\"{text}\"{fence}")
}
