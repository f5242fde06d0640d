//! Generated Cargo workspaces in `target/scratch`, for measuring compile times.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Instant, SystemTime};

const BUILD_SCRIPT: &str = r#"fn main() {
    let generator = model_studio_limits_codegen::Generator::new("limits.yaml");
    generator.enum_name("MyModel").emit("models.rs");
}"#;

/// A workspace of generated packages.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Creates the workspace, without the packages of earlier runs.
    pub(crate) fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = root.join("target/scratch").join(name);
        _ = fs::remove_dir_all(root.join("packages"));
        let manifest = "[workspace]\nresolver = '3'\nmembers = ['packages/*']\n";
        write(&root.join("Cargo.toml"), manifest);
        Self { root }
    }

    /// Adds a package with one source file. The dependencies are lines of `Cargo.toml`, in which
    /// `REPOSITORY` stands for the root of this repository.
    pub(crate) fn add(&self, package: &str, dependencies: &str, file: &str, source: &str) {
        let repository = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let dependencies = dependencies.replace("REPOSITORY", repository);
        let head = format!("[package]\nname = '{package}'\nedition = '2024'\n");
        let manifest = format!("{head}[dependencies]\n{dependencies}\n");
        write(&self.path(package, "Cargo.toml"), &manifest);
        write(&self.path(package, file), source);
    }

    /// Adds a package with a table of its own, whose enum in `models.rs` is `MyModel`.
    pub(crate) fn add_with_table(&self, package: &str, table: &str, file: &str, source: &str) {
        let dependencies = "model-studio-limits = { path = 'REPOSITORY', default-features = false }
            [build-dependencies]
            model-studio-limits-codegen = { path = 'REPOSITORY/codegen' }";
        self.add(package, dependencies, file, source);
        write(&self.path(package, "build.rs"), BUILD_SCRIPT);
        write(&self.path(package, "limits.yaml"), table);
    }

    /// Marks a source file as changed, and returns the seconds that `cargo check` then takes.
    pub(crate) fn check(&self, package: &str, file: &str, incremental: bool) -> f64 {
        let path = self.path(package, file);
        let file = File::options().append(true).open(path);
        let file = file.expect("the file exists");
        let now = SystemTime::now();
        file.set_modified(now).expect("the file is writable");
        self.cargo(&["check", "-p", package], incremental).0
    }

    /// Builds a package from scratch. Returns the seconds, and the number of its dependencies.
    pub(crate) fn cold_build(&self, package: &str) -> (f64, usize) {
        self.cargo(&["fetch"], true);
        _ = fs::remove_dir_all(self.root.join("target"));
        let (seconds, stderr) = self.cargo(&["build", "-j2", "-p", package], true);
        (seconds, stderr.matches(" Compiling ").count() - 1)
    }

    /// Runs Cargo. Returns the seconds and what it wrote to standard error.
    fn cargo(&self, arguments: &[&str], incremental: bool) -> (f64, String) {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).current_dir(&self.root);
        command.env("CARGO_TARGET_DIR", self.root.join("target"));
        command.env("CARGO_INCREMENTAL", u8::from(incremental).to_string());
        // Settings of the environment that would change the figures.
        command.env("RUSTC_WRAPPER", "").env_remove("RUSTFLAGS");
        command.env_remove("MODEL_STUDIO_LIMITS_OVERLAY");
        let zones = "Europe/(London|Zurich)|Asia/Singapore";
        command.env("CHRONO_TZ_TIMEZONE_FILTER", zones);
        let start = Instant::now();
        let output = command.output().expect("Cargo can be started");
        let seconds = start.elapsed().as_secs_f64();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{command:?} failed:\n{stderr}");
        (seconds, stderr)
    }

    fn path(&self, package: &str, file: &str) -> PathBuf {
        self.root.join("packages").join(package).join(file)
    }
}

fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder).expect("the target folder is writable");
    fs::write(path, text).expect("the target folder is writable");
}
