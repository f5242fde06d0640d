//! Rust expressions and literals.

use model_studio_limits_core::Date;

/// Returns an expression of type `Option`.
pub(super) fn option(expression: Option<String>) -> String {
    match expression {
        Some(expression) => format!("::core::option::Option::Some({expression})"),
        None => "::core::option::Option::None".to_owned(),
    }
}

/// Returns an expression of type `Option<&str>`.
pub(super) fn option_string(text: Option<&str>) -> String {
    option(text.map(|text| format!("{text:?}")))
}

/// Returns an expression for a date, using the runtime's items for generated code.
pub(super) fn date(date: Date, private: &str) -> String {
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("{private}::date({year}, {month}, {day})")
}

/// Returns a raw string literal.
pub(super) fn raw_string(text: &str) -> String {
    let mut fence = String::new();
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    format!("r{fence}\"{text}\"{fence}")
}
