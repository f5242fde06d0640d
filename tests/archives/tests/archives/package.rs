//! Packages outside the workspace that depend on the packaged archives.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use flate2::read::GzDecoder;
use tar::Archive;
use tempfile::TempDir;

/// The version that all packages of the workspace share.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The packages that a program can depend on.
const NAMES: [&str; 5] = [
    "model-studio-limits",
    "model-studio-limits-codegen",
    "model-studio-limits-macros",
    "model-studio-limits-core",
    "model-studio-limits-tables",
];

/// The packages of the workspace, unpacked from their archives, and target directories for the
/// programs that depend on them.
pub(crate) struct Archives {
    directory: TempDir,
}

impl Archives {
    /// The archives that the running tests share. The last test that uses them removes them.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Archives>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let archives = Arc::new(Self::new());
            *shared = Arc::downgrade(&archives);
            archives
        })
    }

    fn new() -> Self {
        let directory = scratch("archives");
        let target = directory.path().join("target");
        let packaged = cargo(&repository())
            .args(["package", "--no-verify", "--allow-dirty"])
            .args(NAMES.map(|name| format!("--package={name}")))
            .arg("--target-dir")
            .arg(&target)
            .output();
        succeeds(packaged.unwrap());
        for name in NAMES {
            let archive = format!("{name}-{VERSION}.crate");
            let file = File::open(target.join("package").join(archive)).unwrap();
            let mut archive = Archive::new(GzDecoder::new(file));
            // All files in an archive have the same old date. Cargo compares dates to decide what
            // to build again, so the files get the date of now.
            archive.set_preserve_mtime(false);
            archive.unpack(directory.path()).unwrap();
        }
        Self { directory }
    }

    /// The directory of an unpacked package.
    pub(crate) fn package(&self, name: &str) -> PathBuf {
        self.directory.path().join(format!("{name}-{VERSION}"))
    }

    /// A target directory of this name, which packages share to build their dependencies once.
    pub(crate) fn target(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The end of a manifest: it replaces the published packages with the unpacked ones.
    pub(crate) fn patches(&self) -> String {
        let mut text = String::from("[workspace]\n[patch.crates-io]\n");
        for name in NAMES {
            let path = self.package(name);
            _ = writeln!(text, "{name} = {{ path = '{}' }}", path.display());
        }
        text
    }
}

/// A package outside the workspace.
pub(crate) struct Package {
    pub(crate) archives: Arc<Archives>,
    directory: TempDir,
}

impl Package {
    /// A package that can depend on the archives. `manifest` follows its `[package]` section.
    ///
    /// The names of all packages differ: they share a directory for the built programs.
    pub(crate) fn new(name: &str, manifest: &str) -> Self {
        let package = Self {
            archives: Archives::shared(),
            directory: scratch(name),
        };
        let patches = package.archives.patches();
        let head = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        package.write("Cargo.toml", &format!("{head}{manifest}\n{patches}"));
        let lock = repository().join("Cargo.lock");
        fs::copy(lock, package.path("Cargo.lock")).unwrap();
        package
    }

    /// A package with the built-in catalogue.
    pub(crate) fn with_built_in(name: &str, main: &str) -> Self {
        let manifest = format!("[dependencies]\nmodel-studio-limits = \"{VERSION}\"");
        let package = Self::new(name, &manifest);
        package.write("src/main.rs", main);
        package
    }

    /// A package with a catalogue of its own, which its build script generates as `models.rs`.
    pub(crate) fn with_own_catalogue(name: &str, table: &str, main: &str) -> Self {
        let manifest = format!(
            "[dependencies]
             model-studio-limits = \"{VERSION}\"
             [build-dependencies]
             model-studio-limits-codegen = \"{VERSION}\""
        );
        let package = Self::new(name, &manifest);
        package.write("limits.yaml", table);
        package.write(
            "build.rs",
            "fn main() {
                 model_studio_limits_codegen::Generator::new(\"limits.yaml\").emit(\"models.rs\");
             }",
        );
        package.write("src/main.rs", main);
        package
    }

    /// A file of the package. `path` has `/` between its parts on every system.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        let mut full = self.directory.path().to_owned();
        full.extend(path.split('/'));
        full
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo(self.directory.path());
        command.args(arguments);
        command.env("CARGO_TARGET_DIR", self.archives.target("target"));
        command
    }

    #[track_caller]
    pub(crate) fn run(&self) -> String {
        succeeds(self.cargo(&["run"]).output().unwrap())
    }

    /// Checks the package, which must succeed. Returns what Cargo and the compiler print.
    #[track_caller]
    pub(crate) fn check(&self) -> String {
        let output = self.cargo(&["check"]).output().unwrap();
        let log = String::from_utf8(output.stderr.clone()).unwrap();
        succeeds(output);
        log
    }

    /// Checks the package, which must fail. Returns what Cargo and the compiler print.
    #[track_caller]
    pub(crate) fn check_fails(&self) -> String {
        fails(self.cargo(&["check"]).output().unwrap())
    }
}

/// A temporary directory. Its name starts with `name`.
fn scratch(name: &str) -> TempDir {
    let mut builder = tempfile::Builder::new();
    let directory = builder.prefix(name).tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    directory.unwrap()
}

fn cargo(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO"));
    // All dependencies were downloaded to build this test.
    command.arg("--offline").current_dir(directory);
    // The programs are small and run once.
    command.env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.env("CARGO_INCREMENTAL", "0");
    command.env("CARGO_TERM_COLOR", "never");
    command.env_remove("MODEL_STUDIO_LIMITS_OVERLAY");
    command
}

#[track_caller]
pub(crate) fn succeeds(output: Output) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
pub(crate) fn fails(output: Output) -> String {
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{errors}");
    errors
}

/// Returns the root of the repository.
fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap().to_owned()
}
