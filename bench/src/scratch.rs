//! Workspaces that are written to be compiled, below this package's `target`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

/// A workspace of generated packages.
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace of this name, with what an earlier run has compiled there.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = root.join("target/scratch").join(name);
        // What an earlier version of the program wrote must not be built; the lock file stays.
        _ = fs::remove_dir_all(root.join("packages"));
        let workspace = Self { root };
        workspace.write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"packages/*\"]\n",
        );
        workspace
    }

    /// Adds a package: its dependencies, as the lines of a manifest, and its files.
    pub fn package(&self, name: &str, dependencies: &str, files: &[(&str, &str)]) {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n"
        );
        self.write(&format!("packages/{name}/Cargo.toml"), &manifest);
        for (file, text) in files {
            self.write(&format!("packages/{name}/{file}"), text);
        }
    }

    /// Downloads what the packages depend on, so that nothing is downloaded while a clock runs.
    pub fn fetch(&self) {
        run(self.cargo(&["fetch"]).current_dir(&self.root));
    }

    /// Cargo on this workspace, offline except to fetch, as on a machine where nobody has set
    /// anything that changes how long it takes.
    #[must_use]
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO"));
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.target())
            .env("RUSTC_WRAPPER", "")
            .env_remove("CARGO_INCREMENTAL")
            .env_remove("MODEL_STUDIO_LIMITS_OVERLAY")
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null());
        if arguments[0] != "fetch" {
            command.arg("--offline");
        }
        command
    }

    /// Where Cargo puts what it builds.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    /// The path of a file of a package.
    #[must_use]
    pub fn path(&self, package: &str, file: &str) -> PathBuf {
        self.root.join("packages").join(package).join(file)
    }

    /// The version of a package of the lock file.
    ///
    /// # Panics
    /// If it is not there.
    #[must_use]
    pub fn version(&self, package: &str) -> String {
        let lock = fs::read_to_string(self.root.join("Cargo.lock")).expect("fetch has written it");
        let start = format!("name = \"{package}\"\nversion = \"");
        let (_, rest) = lock.split_once(&start).expect("the package is locked");
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root.join(file);
        let directory = path.parent().expect("a file is in a directory");
        fs::create_dir_all(directory).expect("target can be written");
        fs::write(path, text).expect("target can be written");
    }
}

/// The dependency on a package of the project, at this path in the repository.
///
/// # Panics
/// If the repository's own path is not UTF-8.
#[must_use]
pub fn ours(package: &str, path: &str, more: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let root = root.to_str().expect("the path is UTF-8");
    format!("{package} = {{ path = {root:?}{more} }}")
}

/// Makes a file look changed.
///
/// # Panics
/// If it is not there.
pub fn touch(path: &Path) {
    let file = File::options()
        .append(true)
        .open(path)
        .expect("the file is there");
    file.set_modified(SystemTime::now())
        .expect("the file is ours");
}

/// Runs a command, and gives what it printed to its standard output and its standard error.
///
/// # Panics
/// If it fails.
pub fn run(command: &mut Command) -> (String, String) {
    let output = command.output().expect("the command can be started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success(),
        "{command:?} failed:\n{stdout}{stderr}"
    );
    (stdout, stderr)
}

/// Seconds that a command of Cargo takes, which has to compile this package.
///
/// # Panics
/// If it fails, or finds nothing to do.
pub fn seconds(command: &mut Command, package: &str) -> f64 {
    let start = Instant::now();
    let (_, stderr) = run(command);
    let seconds = start.elapsed().as_secs_f64();
    let compiles = |verb: &str| stderr.contains(&format!("{verb} {package} v"));
    assert!(
        compiles("Checking") || compiles("Compiling"),
        "{command:?} did nothing:\n{stderr}"
    );
    seconds
}
