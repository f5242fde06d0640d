//! Generates `Model` and `model!` from `limits.yaml`.

#[cfg(feature = "built-in")]
fn main() {
    model_studio_limits_codegen::Generator::new("limits.yaml")
        .built_in()
        .overlay_from_env("MODEL_STUDIO_LIMITS_OVERLAY")
        .emit("models.rs");
}

#[cfg(not(feature = "built-in"))]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
