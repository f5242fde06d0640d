//! Two enums from one table: with the limits that the provider publishes, and with the account's.

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
