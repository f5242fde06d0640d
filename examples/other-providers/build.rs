//! Generates an enum from the table of each provider.

use model_studio_limits_codegen::Generator;

fn main() {
    for (table, enum_name, file) in [
        ("openai.yaml", "OpenAi", "openai.rs"),
        ("anthropic.yaml", "Anthropic", "anthropic.rs"),
        ("gemini.yaml", "Gemini", "gemini.rs"),
        ("groq.yaml", "Groq", "groq.rs"),
        ("azure.yaml", "Azure", "azure.rs"),
    ] {
        Generator::new(table).enum_name(enum_name).emit(file);
    }
}
