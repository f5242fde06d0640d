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
            // As new: files in archives are all of one date, and Cargo goes by it.
            .args(["--extract", "--touch", "--gzip", "--file"])
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
    "model-studio-limits-core",
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

#[track_caller]
fn fails(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What follows in the manifest of a package that depends on the archives.
fn patches() -> String {
    let mut text = String::from("[workspace]\n[patch.crates-io]\n");
    for name in NAMES {
        let path = PACKAGES.join(format!("{name}-0.1.0"));
        let path = path.display();
        _ = writeln!(text, "{name} = {{ path = '{path}' }}");
    }
    text
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
        let head = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n");
        package.write("Cargo.toml", &format!("{head}{manifest}\n{}", patches()));
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

/// An application with the built-in catalogue under another name, one of its own, and every feature.
#[test]
fn a_consumer_of_the_archives() {
    let package = Package::new(
        "consumer",
        "[dependencies]
         clap = { version = \"4.5\", default-features = false, features = [\"std\"] }
         schemars = { version = \"1.0\", default-features = false }
         serde_json = \"1.0\"
         [dependencies.limits]
         package = \"model-studio-limits\"
         version = \"0.1.0\"
         features = [\"clap\", \"schemars\", \"serde\"]
         [build-dependencies]
         model-studio-limits-codegen = \"0.1.0\"",
    );
    package.write("build.rs", include_str!("programs/consumer_build.rs"));
    package.write("src/main.rs", include_str!("programs/consumer.rs"));
    package.write("limits.yaml", include_str!("programs/consumer.yaml"));
    assert_eq!(
        package.run(),
        "qwen-plus: 600\ngpt-4o: 500, sora: 7\n[\"qwen-plus\",\"gpt-4o\"]\n"
    );
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

/// A crate that is made from the generator's guide, and nothing else.
#[test]
fn the_guide() {
    let guide = fs::read_to_string(PACKAGES.join("model-studio-limits-codegen-0.1.0/README.md"));
    let guide = guide.unwrap();
    // Each code block that begins with the name of a file, in a comment, is that file.
    let blocks = guide.split("```").skip(1).step_by(2);
    let files = blocks.filter_map(|block| {
        let (_, text) = block.split_once('\n')?;
        let (first, _) = text.split_once('\n')?;
        let name = first.strip_prefix("# ").or(first.strip_prefix("// "))?;
        Some((name, text))
    });
    let files: Vec<(&str, &str)> = files.collect();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let expected = [
        "Cargo.toml",
        "limits.yaml",
        "build.rs",
        "src/main.rs",
        "account.yaml",
    ];
    assert_eq!(names, expected);
    let (_, manifest) = files[0];
    let package = Package::new("guide", "");
    for (name, text) in &files {
        package.write(name, text);
    }
    package.write("Cargo.toml", &format!("{manifest}{}", patches()));
    let printed = package.run();
    assert!(guide.contains(&format!("`cargo run` prints `{}`", printed.trim_end())));

    let (_, main) = files[3];
    let typo = main.replace("(\"llama-3.3-70b-versatile\")", "(\"llama-3.3-70b\")");
    package.write("src/main.rs", &typo);
    let errors = fails(&package.cargo(&["check"]).output().unwrap());
    let expected = "\
error: unknown model `llama-3.3-70b`
       help: did you mean `llama-3.3-70b-versatile`?
 --> src/main.rs:6:27
  |
6 |     let model = my_model!(\"llama-3.3-70b\");
  |                           ^^^^^^^^^^^^^^^
";
    assert!(errors.contains(expected), "{errors}");
    assert!(guide.contains(expected.split(" -->").next().unwrap()));
    package.write("src/main.rs", main);

    // The overlay, and a mistake in the table.
    let (_, build) = files[2];
    let overlaid = build.replace(".emit", ".overlay(\"account.yaml\").emit");
    package.write("build.rs", &overlaid);
    package.run();
    let (_, table) = files[1];
    package.write("limits.yaml", &table.replacen("qpm", "qmp", 1));
    let errors = fails(&package.cargo(&["check"]).output().unwrap());
    let mut lines = guide
        .lines()
        .skip_while(|line| *line != "limits.yaml:8:19: unknown key `qmp`");
    let report: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
    assert_eq!(report.len(), 5);
    for line in report {
        assert!(errors.contains(line), "{line}\n{errors}");
    }
    assert!(
        !errors.contains("panicked") && !errors.contains("BACKTRACE"),
        "{errors}"
    );
    assert!(errors.contains("exit status: 1"), "{errors}");
}

/// The variable sets limits of the built-in catalogue; setting, changing and unsetting it and
/// editing the file rebuild, and nothing else does.
#[test]
fn an_overlay_for_the_built_in_catalogue() {
    let package = Package::new(
        "overlaid",
        "[dependencies]
         model-studio-limits = \"0.1.0\"",
    );
    package.write(
        "src/main.rs",
        "const MODEL: model_studio_limits::Model = model_studio_limits::model!(\"qwen-plus\");
         fn main() { print!(\"{}\", MODEL.limits().queries_per_minute().unwrap()) }",
    );
    let run = |overlay: Option<&str>| {
        let mut command = package.cargo(&["run", "--verbose"]);
        // A target directory of its own: the packages are built anew for each overlay.
        command.env("CARGO_TARGET_DIR", package.directory.join("target"));
        if let Some(name) = overlay {
            command.env("MODEL_STUDIO_LIMITS_OVERLAY", package.directory.join(name));
        }
        let output = command.output().unwrap();
        let log = String::from_utf8(output.stderr.clone()).unwrap();
        (
            succeeds(output),
            log.contains("Dirty") || log.contains("Compiling"),
        )
    };
    package.write("a.yaml", "limits: { qwen-plus: { qpm: 1200 } }");
    package.write(
        "b.yaml",
        "limits: { qwen-max-0125: { qpm: 7 }, qwen-plus: { qpm: 5 } }",
    );
    let built = |number: &str| (number.to_owned(), true);
    let fresh = |number: &str| (number.to_owned(), false);
    assert_eq!(run(None), built("600"));
    assert_eq!(run(None), fresh("600"));
    assert_eq!(run(Some("a.yaml")), built("1200"));
    assert_eq!(run(Some("a.yaml")), fresh("1200"));
    assert_eq!(run(Some("b.yaml")), built("5"));
    package.write("b.yaml", "limits: { qwen-plus: { qpm: 6 } }");
    assert_eq!(run(Some("b.yaml")), built("6"));
    // What is not named now is not read now.
    package.write("a.yaml", "limits: { qwen-plus: { qpm: 1 } }");
    assert_eq!(run(Some("b.yaml")), fresh("6"));
    assert_eq!(run(None), built("600"));
    assert_eq!(run(None), fresh("600"));

    package.write("a.yaml", "limits:\n  qwen-pluss: { qpm: 1 }\n");
    let mut command = package.cargo(&["check"]);
    command.env(
        "MODEL_STUDIO_LIMITS_OVERLAY",
        package.directory.join("a.yaml"),
    );
    let errors = fails(&command.output().unwrap());
    assert!(
        errors.contains("a.yaml:2:3: unknown model `qwen-pluss`"),
        "{errors}"
    );
    assert!(
        errors.contains("help: did you mean `qwen-plus`?"),
        "{errors}"
    );
}

/// Builds, and tells whether nothing had to be compiled or run.
fn is_fresh(package: &Package) -> bool {
    let output = package.cargo(&["build", "--verbose"]).output().unwrap();
    let log = String::from_utf8(output.stderr.clone()).unwrap();
    succeeds(output);
    assert!(log.contains("Fresh"), "{log}");
    !log.contains("Running") && !log.contains("Dirty")
}
