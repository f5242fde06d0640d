//! What Cargo does with the packages: programs built from the packaged archives, as users get them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

/// The packages of the workspace, each unpacked from its archive into a directory of its name.
static PACKAGES: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = scratch("package");
    let packaged = cargo(root)
        .args(["package", "--workspace", "--no-verify", "--allow-dirty"])
        .arg("--target-dir")
        .arg(&target)
        .output();
    succeeds(packaged.unwrap());
    let packages = scratch("packages");
    for name in NAMES {
        let archive = target.join(format!("package/{name}-0.1.0.crate"));
        let tar = Command::new("tar")
            .args(["--extract", "--gzip", "--file"])
            .arg(archive)
            .arg("--directory")
            .arg(&packages)
            .output();
        succeeds(tar.unwrap());
    }
    packages
});

const NAMES: [&str; 4] = [
    "model-studio-limits",
    "model-studio-limits-codegen",
    "model-studio-limits-macros",
    "model-studio-limits-names",
];

/// An empty directory of this name, for tests.
fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    path
}

fn cargo(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    // Everything is at hand: it was needed to build this test.
    command.arg("--offline").current_dir(directory);
    command.env_remove("MODEL_STUDIO_LIMITS_OVERLAY");
    command
}

#[track_caller]
fn succeeds(output: Output) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// A package outside the workspace.
struct Package {
    directory: PathBuf,
}

impl Package {
    /// A package that depends on the archives. `manifest` is what follows its `[package]`.
    fn new(name: &str, manifest: &str) -> Self {
        let package = Self {
            directory: scratch(name),
        };
        let mut text = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
             {manifest}\n[workspace]\n[patch.crates-io]\n"
        );
        for name in NAMES {
            let path = PACKAGES.join(format!("{name}-0.1.0"));
            let path = path.display();
            _ = writeln!(text, "{name} = {{ path = '{path}' }}");
        }
        package.write("Cargo.toml", &text);
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
        fs::copy(lock, package.directory.join("Cargo.lock")).unwrap();
        package
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Cargo in the package. All packages share a target directory, to build what they share once.
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo(&self.directory);
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("target");
        command.args(arguments).env("CARGO_TARGET_DIR", target);
        command
    }

    #[track_caller]
    fn run(&self) -> String {
        succeeds(self.cargo(&["run"]).output().unwrap())
    }
}

/// An application with the built-in catalogue under another name, and one of its own.
#[test]
fn a_consumer_of_the_archives() {
    let package = Package::new(
        "consumer",
        "[dependencies]
         limits = { package = \"model-studio-limits\", version = \"0.1.0\" }
         [build-dependencies]
         model-studio-limits-codegen = \"0.1.0\"",
    );
    package.write("build.rs", include_str!("programs/consumer_build.rs"));
    package.write("src/main.rs", include_str!("programs/consumer.rs"));
    package.write("limits.yaml", include_str!("programs/consumer.yaml"));
    assert_eq!(package.run(), "qwen-plus: 600\ngpt-4o: 500, sora: 7\n");
}

/// Without default features, there is no std, no allocator and, unless asked for, no `Model`.
#[test]
fn a_program_without_std() {
    let package = Package::new(
        "no-std",
        "[dependencies.model-studio-limits]
         version = \"0.1.0\"
         default-features = false
         features = [\"built-in\"]
         [profile.dev]
         panic = \"abort\"",
    );
    package.write("src/main.rs", include_str!("programs/no_std.rs"));
    let output = package.cargo(&["run", "--quiet"]).output().unwrap();
    assert_eq!(output.status.code(), Some(60), "{output:?}");
}

#[test]
fn without_the_built_in_catalogue_nothing_of_the_generator_is_built() {
    let package = Package::new(
        "runtime-only",
        "[dependencies.model-studio-limits]
         version = \"0.1.0\"
         default-features = false",
    );
    package.write("src/lib.rs", "pub use model_studio_limits::Limits;");
    let tree = package.cargo(&["tree", "--prefix", "none"]).output();
    let tree = succeeds(tree.unwrap());
    assert!(!tree.contains("serde_yaml"), "{tree}");
    assert!(!tree.contains("codegen"), "{tree}");
    succeeds(package.cargo(&["check"]).output().unwrap());
}

#[test]
fn a_changed_number_is_built_and_nothing_else_is_built_again() {
    let package = Package::new(
        "rebuild",
        "[dependencies]
         model-studio-limits = \"0.1.0\"
         [build-dependencies]
         model-studio-limits-codegen = \"0.1.0\"",
    );
    package.write(
        "build.rs",
        "fn main() { model_studio_limits_codegen::Generator::new(\"own.yaml\").emit(\"own.rs\") }",
    );
    package.write(
        "src/main.rs",
        "model_studio_limits::include_models!(\"own.rs\");
         fn main() { print!(\"{}\", model!(\"mine\").limits().queries_per_minute().unwrap()) }",
    );
    let table = |qpm| {
        let row = format!("{{ name: mine, limits: {{ qpm: {qpm} }} }}");
        format!("groups: [{{ category: embedding, series: S, models: [{row}] }}]")
    };
    package.write("own.yaml", &table(1));
    assert_eq!(package.run(), "1");
    assert!(is_fresh(&package));
    package.write("own.yaml", &table(2));
    assert!(!is_fresh(&package));
    assert_eq!(package.run(), "2");
    assert!(is_fresh(&package));
}

/// Builds, and tells whether nothing had to be compiled or run.
fn is_fresh(package: &Package) -> bool {
    let output = package.cargo(&["build", "--verbose"]).output().unwrap();
    let log = String::from_utf8(output.stderr.clone()).unwrap();
    succeeds(output);
    assert!(log.contains("Fresh"), "{log}");
    !log.contains("Running") && !log.contains("Dirty")
}
