//! Programs that use the packages in different ways.

use crate::package::{Package, VERSION, succeeds};

#[test]
fn an_application_can_use_two_catalogues_a_renamed_dependency_and_every_feature() {
    let manifest = format!(
        "[dependencies]
         clap = {{ version = \"4.5\", default-features = false, features = [\"std\"] }}
         schemars = {{ version = \"1.0\", default-features = false }}
         serde_json = \"1.0\"
         [dependencies.limits]
         package = \"model-studio-limits\"
         version = \"{VERSION}\"
         features = [\"clap\", \"schemars\", \"serde\"]
         [build-dependencies]
         model-studio-limits-codegen = \"{VERSION}\""
    );
    let package = Package::new("consumer", &manifest);
    package.write("build.rs", include_str!("../../programs/consumer_build.rs"));
    package.write("src/main.rs", include_str!("../../programs/consumer.rs"));
    package.write("limits.yaml", include_str!("../../programs/consumer.yaml"));
    assert_eq!(
        package.run(),
        "qwen-plus: 600\ngpt-4o: 500, sora: 7\n[\"qwen-plus\",\"gpt-4o\"]\n"
    );
}

#[cfg(unix)] // It links the C library by its name on Unix.
#[test]
fn a_program_without_std_and_without_an_allocator_can_use_the_built_in_catalogue() {
    let manifest = format!(
        "[dependencies.model-studio-limits]
         version = \"{VERSION}\"
         default-features = false
         features = [\"built-in\"]
         [profile.dev]
         panic = \"abort\""
    );
    let package = Package::new("no-std", &manifest);
    package.write("src/main.rs", include_str!("../../programs/no_std.rs"));
    let output = package.cargo(&["run", "--quiet"]).output().unwrap();
    assert_eq!(output.status.code(), Some(60), "{output:?}");
}

#[test]
fn an_application_can_use_the_table_of_a_region() {
    let manifest = format!(
        "[dependencies.model-studio-limits]
         version = \"{VERSION}\"
         features = [\"singapore\"]"
    );
    let package = Package::new("region", &manifest);
    package.write(
        "src/main.rs",
        "use model_studio_limits::singapore::{Model, model};
         const MODEL: Model = model!(\"qwen3.7-plus\");
         fn main() {
             println!(\"{MODEL}: {}\", MODEL.limits().queries_per_minute().is_some());
             println!(\"{}\", \"qwen3.7-pluss\".parse::<Model>().unwrap_err());
         }",
    );
    assert_eq!(
        package.run(),
        "qwen3.7-plus: true\n\
         unknown model `qwen3.7-pluss`, did you mean `qwen3.7-plus`?\n"
    );
}

#[test]
fn a_table_can_start_from_a_shipped_one() {
    let manifest = format!(
        "[dependencies.model-studio-limits]
         version = \"{VERSION}\"
         default-features = false
         features = [\"std\"]
         [build-dependencies]
         model-studio-limits-codegen = \"{VERSION}\""
    );
    let package = Package::new("shipped", &manifest);
    package.write(
        "build.rs",
        "fn main() {
             model_studio_limits_codegen::Generator::shipped(\"tokyo\")
                 .overlay(\"account.yaml\")
                 .emit(\"models.rs\");
         }",
    );
    package.write(
        "account.yaml",
        "groups:
  - category: text-generation
    series: Fine-tuned
    models: [{ name: my-model, limits: { rpm: 7, tokens: 9 per 6s } }]
limits:
  qwen3.7-plus: { rps: 3 }",
    );
    package.write(
        "src/main.rs",
        "model_studio_limits::include_models!(\"models.rs\");
         fn main() {
             println!(\"{}\", model!(\"my-model\").limits());
             let limits = model!(\"qwen3.7-plus\").limits();
             println!(\"{}\", limits.as_slice()[0]);
         }",
    );
    assert_eq!(
        package.run(),
        "7 queries per minute and 9 tokens per 6s\n3 queries per second\n"
    );
}

#[test]
fn without_the_built_in_catalogue_the_generator_is_not_built() {
    let manifest = format!(
        "[dependencies.model-studio-limits]
         version = \"{VERSION}\"
         default-features = false"
    );
    let package = Package::new("without-built-in", &manifest);
    package.write("src/lib.rs", "pub use model_studio_limits::Limits;");
    let tree = package.cargo(&["tree", "--prefix", "none"]).output();
    let tree = succeeds(tree.unwrap());
    assert!(!tree.contains("serde_yaml"), "{tree}");
    assert!(!tree.contains("model-studio-limits-codegen"), "{tree}");
    package.check();
}

#[test]
fn a_catalogue_in_a_module_that_the_build_script_does_not_name_is_reported_where_it_is_used() {
    let package = Package::with_own_catalogue(
        "unnamed-module",
        "groups:
          - category: embedding
            series: S
            models: [{ name: mine, limits: { qpm: 1 } }]",
        "mod models {
             model_studio_limits::include_models!(\"models.rs\");
         }

         fn main() {
             println!(\"{}\", models::model!(\"mine\"));
         }",
    );
    let errors = package.check_fails();
    assert!(errors.contains(".module(\"models\")"), "{errors}");
}
