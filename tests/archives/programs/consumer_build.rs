fn main() {
    model_studio_limits_codegen::Generator::new("limits.yaml")
        .enum_name("OtherModel")
        .runtime("::limits")
        .emit("other.rs");
}
