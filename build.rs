//! Generates the root `Model` and `model!` from `limits.yaml`, and the modules of the regions.

#[path = "src/region_list.rs"]
mod region_list;

/// Generates the module of each region whose feature is enabled.
macro_rules! generate {
    ($($module:ident { $variant:ident, $feature:literal, $($rest:tt)* })*) => {
        $(
            #[cfg(feature = $feature)]
            model_studio_limits_codegen::Generator::shipped($feature)
                .built_in_region($feature)
                .emit(concat!($feature, ".rs"));
        )*
    };
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "built-in")]
    model_studio_limits_codegen::Generator::new("limits.yaml")
        .built_in()
        .overlay_from_env("MODEL_STUDIO_LIMITS_OVERLAY")
        .emit("models.rs");
    crate::__regions!(generate);
}
