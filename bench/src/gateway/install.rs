//! Builds the gateway, and installs the proxies that it is compared with, in the target folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PORTKEY: &str = "@portkey-ai/gateway@1.15.2";

const LITELLM: &str = "litellm[proxy]==1.105.0";

/// Builds the gateway, and returns its path.
pub(crate) fn gateway() -> io::Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = root.join("target/gateway");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "build",
        "--release",
        "--locked",
        "--package",
        "model-studio-gateway",
    ]);
    cargo.arg("--manifest-path").arg(root.join("../Cargo.toml"));
    run(cargo.arg("--target-dir").arg(&target))?;
    Ok(target.join("release/model-studio-gateway"))
}

/// Installs Portkey's gateway with npm, and returns the path of its script.
pub(crate) fn portkey() -> io::Result<PathBuf> {
    let folder = folder("portkey")?;
    let script = folder.join("node_modules/@portkey-ai/gateway/build/start-server.js");
    if !script.exists() {
        run(Command::new("npm")
            .args(["install", PORTKEY, "--prefix"])
            .arg(&folder))?;
    }
    Ok(script)
}

/// Installs `LiteLLM`'s proxy with pip, and returns its path.
pub(crate) fn litellm() -> io::Result<PathBuf> {
    let folder = folder("litellm")?;
    let program = folder.join("bin/litellm");
    if !program.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        run(pip.args(["install", "--quiet", LITELLM]))?;
    }
    Ok(program)
}

fn folder(name: &str) -> io::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/peers")
        .join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn run(command: &mut Command) -> io::Result<()> {
    let status = command.stdout(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(io::Error::other(format!("{command:?} failed: {status}"))),
        Err(error) => Err(io::Error::other(format!(
            "{command:?} cannot be started: {error}"
        ))),
    }
}
