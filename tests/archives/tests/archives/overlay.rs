//! The environment variable that names an overlay for the built-in catalogue.

use std::path::{MAIN_SEPARATOR, Path};
use std::process::Command;

use crate::package::{Package, fails, succeeds};

const OVERLAY: &str = "MODEL_STUDIO_LIMITS_OVERLAY";

const PRINT_QPM: &str = "\
use model_studio_limits::{Model, model};

const QPM: u32 = model!(\"qwen-plus\").limits().queries_per_minute().unwrap().get();

/// A program can require an overlay when it is compiled.
const HAS_OVERLAY: bool = Model::SOURCE.overlay.is_some();

fn main() {
    print!(\"{QPM} {HAS_OVERLAY}\");
}
";

/// Cargo with an overlay. Each overlay builds the library again, so the target directory is not the
/// one of the tests without overlays.
fn cargo(package: &Package, arguments: &[&str], overlay: Option<&Path>) -> Command {
    let mut command = package.cargo(arguments);
    command.env("CARGO_TARGET_DIR", package.archives.target("overlaid"));
    if let Some(path) = overlay {
        command.env(OVERLAY, path);
    }
    command
}

#[test]
fn only_a_change_of_the_overlay_or_of_its_path_builds_the_built_in_catalogue_again() {
    let package = Package::with_built_in("changed-overlay", PRINT_QPM);
    let run = |overlay: Option<&str>| {
        let path = overlay.map(|name| package.path(name));
        let mut command = cargo(&package, &["run", "--verbose"], path.as_deref());
        // No other test builds anything here.
        command.env("CARGO_TARGET_DIR", package.path("target"));
        let output = command.output().unwrap();
        let log = String::from_utf8(output.stderr.clone()).unwrap();
        let built = log.contains("Dirty") || log.contains("Compiling");
        (succeeds(output), built)
    };
    let built = |printed: &str| (printed.to_owned(), true);
    let fresh = |printed: &str| (printed.to_owned(), false);
    package.write("a.yaml", "limits: { qwen-plus: { qpm: 1200 } }");
    package.write(
        "b.yaml",
        "limits: { qwen-max-0125: { qpm: 7 }, qwen-plus: { qpm: 5 } }",
    );
    assert_eq!(run(None), built("600 false"));
    assert_eq!(run(None), fresh("600 false"));
    assert_eq!(run(Some("a.yaml")), built("1200 true"));
    assert_eq!(run(Some("a.yaml")), fresh("1200 true"));
    assert_eq!(run(Some("b.yaml")), built("5 true"));
    package.write("b.yaml", "limits: { qwen-plus: { qpm: 6 } }");
    assert_eq!(run(Some("b.yaml")), built("6 true"));
    // The variable no longer names this file, so a change of it builds nothing.
    package.write("a.yaml", "limits: { qwen-plus: { qpm: 1 } }");
    assert_eq!(run(Some("b.yaml")), fresh("6 true"));
    assert_eq!(run(None), built("600 false"));
    assert_eq!(run(None), fresh("600 false"));
}

#[test]
fn the_overlay_of_an_account_that_quotas_writes_sets_the_limits_of_its_models() {
    let package = Package::with_built_in(
        "account-overlay",
        "use model_studio_limits::Model;

         fn main() {
             for model in [Model::QwenPlus, Model::QwenMax, Model::Wan2_1T2vPlus] {
                 println!(\"{}\", model.limits());
             }
         }",
    );
    // A test of the command compares the file with what it writes.
    let account = include_str!("../../../../limiter/examples/account.yaml");
    package.write("account.yaml", account);
    let path = package.path("account.yaml");
    let run = |overlay| succeeds(cargo(&package, &["run"], overlay).output().unwrap());
    assert_eq!(
        run(Some(path.as_path())),
        "1,000 queries per second, 60,000 queries per minute, 500,000 tokens per 6s and 5,000,000 \
         tokens per minute\n\
         1 query per second, 600 queries per minute, 100,000 tokens per 6s and 1,000,000 tokens per \
         minute\n\
         5 submissions per second and 5 concurrent tasks\n"
    );
    let tasks = "2 submissions per second and 2 concurrent tasks\n";
    let calls = "600 queries and 1,000,000 tokens per minute\n";
    assert_eq!(run(None), format!("{calls}{calls}{tasks}"));
}

#[test]
fn a_relative_path_to_the_overlay_fails_the_build() {
    let package = Package::with_built_in("relative-overlay", PRINT_QPM);
    package.write(
        "config/account.yaml",
        "limits: { qwen-plus: { qpm: 1200 } }",
    );
    let path = format!("config{MAIN_SEPARATOR}account.yaml");
    let output = cargo(&package, &["check"], Some(Path::new(&path))).output();
    let errors = fails(output.unwrap());
    for part in [OVERLAY, &path, "absolute path", "relative = true"] {
        assert!(errors.contains(part), "`{part}` is not in:\n{errors}");
    }
}
