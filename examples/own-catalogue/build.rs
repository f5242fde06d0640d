//! Generates two enums from one table: one with the published limits, and one with those of an
//! account.

use model_studio_limits_codegen::Generator;

fn main() {
    Generator::new("limits.yaml")
        .enum_name("Published")
        .emit("published.rs");
    Generator::new("limits.yaml")
        .overlay("account.yaml")
        .enum_name("Groq")
        .module("account")
        .emit("groq.rs");
}
