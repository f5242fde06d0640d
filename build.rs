//! Generates the root `Model` and `model!` from `limits.yaml`, and the modules of the regions.

/// Generates the module of a region if the feature of the same name is enabled.
macro_rules! region {
    ($name:literal) => {
        #[cfg(feature = $name)]
        model_studio_limits_codegen::Generator::shipped($name)
            .built_in_region($name)
            .emit(concat!($name, ".rs"));
    };
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "built-in")]
    model_studio_limits_codegen::Generator::new("limits.yaml")
        .built_in()
        .overlay_from_env("MODEL_STUDIO_LIMITS_OVERLAY")
        .emit("models.rs");
    region!("singapore");
    region!("beijing");
    region!("virginia");
    region!("virginia_us");
    region!("frankfurt");
    region!("frankfurt_eu");
    region!("tokyo");
    region!("tokyo_japan");
    region!("hong_kong");
    region!("hong_kong_global");
}
