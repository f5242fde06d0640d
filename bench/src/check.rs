//! Measures `model-studio-limits check` beside other programs that read every file of a tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::measure::measure;

/// The number of folders, and of files in each.
const FOLDERS: usize = 1_000;
const FILES: usize = 100;

pub(crate) fn run(quick: bool) {
    let tool = build_tool();
    let tool = tool.to_str().expect("the target folder has a UTF-8 name");
    let tree = make_tree();
    // ripgrep searches for a fixed string, in the same files as `check`: also hidden ones.
    let mut commands = vec![
        ("rg", "--hidden --count --fixed-strings no-such-model"),
        (tool, "check"),
        ("typos", "--hidden --format silent"),
    ];
    commands.retain(|(program, _)| {
        let mut version = Command::new(program);
        let version = version.arg("--version").stdout(Stdio::null());
        let is_installed = version.status().is_ok();
        if !is_installed {
            println!("`{program}` is not installed.\n");
        }
        is_installed
    });
    let milliseconds = measure(quick, &commands, |(program, arguments)| {
        let mut command = Command::new(program);
        command.args(arguments.split(' ')).arg(&tree);
        let start = Instant::now();
        let output = command.output();
        let seconds = start.elapsed().as_secs_f64();
        let code = output.expect("the program can be started").status.code();
        // With findings, `check` exits with 1 and typos with 2. Without a match, ripgrep exits with 1.
        let last = if *program == "typos" { 2 } else { 1 };
        assert!(code.is_some_and(|code| code <= last), "{command:?} failed");
        seconds * 1e3
    });
    println!("| {} files | ms |", FOLDERS * FILES);
    println!("| --- | ---: |");
    for ((program, arguments), milliseconds) in commands.iter().zip(milliseconds) {
        let name = Path::new(program).file_name().unwrap_or_default();
        println!("| `{} {arguments}` | {milliseconds} |", name.display());
    }
}

fn build_tool() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target/check");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--locked", "--manifest-path"]);
    cargo.arg(root.join("../cli/Cargo.toml"));
    let status = cargo.arg("--target-dir").arg(&target).status();
    let status = status.expect("Cargo can be started");
    assert!(status.success(), "the tool cannot be built");
    target.join("release/model-studio-limits")
}

/// Writes files of 5 to 60 lines in the target folder, unless an earlier run has. One in ten names a
/// model.
fn make_tree() -> PathBuf {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/scratch/check");
    let mut random = fastrand::Rng::with_seed(1);
    for folder in 0..FOLDERS {
        let folder = tree.join(format!("{}/{}", folder % 10, folder));
        fs::create_dir_all(&folder).expect("the target folder is writable");
        for file in 0..FILES {
            let extension = random.choice(["json", "md", "py", "toml", "ts", "yaml"]);
            let path = folder.join(format!("{file}.{}", extension.unwrap_or_default()));
            let mut text = String::new();
            for line in 0..random.usize(5..60) {
                let key = random.alphabetic();
                let call = format!("  {key}{line} = call({line}, {})  # text\n", random.u64(..));
                text += match random.usize(..300) {
                    0 => "  model: qwen-plus\n",
                    1 => "  \"model\": \"gpt-4o\",\n",
                    _ => &call,
                };
            }
            if !path.exists() {
                fs::write(path, text).expect("the target folder is writable");
            }
        }
    }
    tree
}
