//! Generates an enum for each provider.

use model_studio_limits_codegen::Generator;

fn main() {
    for (table, enum_name) in [
        ("anthropic", "Anthropic"),
        ("azure", "Azure"),
        ("gemini", "Gemini"),
        ("groq", "Groq"),
        ("openai", "OpenAi"),
    ] {
        Generator::new(format!("tables/{table}.yaml"))
            .enum_name(enum_name)
            .emit(format!("{table}.rs"));
    }
}
