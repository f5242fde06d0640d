//! Generates the built-in catalogue, `Model` and `model!`, from `limits.yaml`.

/// The variable that names an overlay: an account's own limits.
#[cfg(feature = "built-in")]
const OVERLAY: &str = "MODEL_STUDIO_LIMITS_OVERLAY";

#[cfg(feature = "built-in")]
fn main() {
    let mut models = model_studio_limits_codegen::Generator::new("limits.yaml").built_in();
    println!("cargo::rerun-if-env-changed={OVERLAY}");
    if let Some(path) = std::env::var_os(OVERLAY).filter(|path| !path.is_empty()) {
        models = models.overlay(path);
    }
    models.emit("models.rs");
}

#[cfg(not(feature = "built-in"))]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
