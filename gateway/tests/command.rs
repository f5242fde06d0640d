//! The program `model-studio-gateway`: its arguments, output, exit codes and signals.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use http::{HeaderMap, HeaderValue};
use model_studio_gateway::clients::Clients;
use model_studio_gateway::config::{Access, EXAMPLE, Flags, Source};
use tempfile::TempDir;

/// Returns a command without the variables that the program reads.
fn gateway() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_model-studio-gateway"));
    for variable in [
        "DASHSCOPE_API_KEY",
        "DASHSCOPE_WORKSPACE_ID",
        "MODEL_STUDIO_GATEWAY_STORE",
    ] {
        command.env_remove(variable);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    gateway().args(arguments).output().unwrap()
}

#[track_caller]
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Writes a configuration file.
fn file(content: &str) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("gateway.toml");
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn a_valid_configuration_passes_the_check() {
    let output = run(&["--region", "singapore", "--check-config"]);
    assert!(output.status.success(), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
}

#[test]
fn an_invalid_configuration_is_exit_code_2() {
    let (_folder, path) = file("region = 'singapore'\nlisen = '127.0.0.1:0'");
    // Also without the check, the gateway does not start.
    for check in [&["--check-config"][..], &[]] {
        let output = gateway()
            .arg("--config")
            .arg(&path)
            .args(check)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let expected = format!(
            "error: invalid configuration\n{}:2:1: `lisen`: unknown key\n  help: did you mean `listen`?\n",
            path.display()
        );
        assert_eq!(text(&output.stderr), expected);
    }
    for arguments in [
        &[][..],
        &["--region", "atlantis"],
        &["--share", "2/1"],
        &["--config", "none.toml"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn secrets_come_from_the_environment() {
    let content = "region = 'singapore'\naccess = { provider_key = { env = 'TEST_KEY' } }\n\
                   clients = { web = { key_file = 'web' } }";
    let (folder, path) = file(content);
    fs::write(folder.path().join("web"), "msg-0").unwrap();
    let check = |key: &str| {
        let mut command = gateway();
        command.arg("--check-config").arg("--config").arg(&path);
        command.env("TEST_KEY", key).output().unwrap()
    };
    assert!(check("sk-0").status.success());
    for (key, reason) in [
        ("", "is empty"),
        ("sk 0", "contains a character that is not allowed"),
    ] {
        let output = check(key);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert!(text(&output.stderr).contains(reason), "{output:?}");
    }
}

#[test]
fn the_url_of_the_store_is_not_shown() {
    let mut command = gateway();
    command.env(
        "MODEL_STUDIO_GATEWAY_STORE",
        "memcached://:hunter2@example.com",
    );
    let output = command.args(["--region", "singapore"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(
        text(&output.stderr).contains("--store: expected a URL"),
        "{output:?}"
    );
    assert!(!text(&output.stderr).contains("hunter2"), "{output:?}");
    let output = command.arg("--help").output().unwrap();
    assert!(
        text(&output.stdout).contains("MODEL_STUDIO_GATEWAY_STORE"),
        "{output:?}"
    );
    assert!(!text(&output.stdout).contains("hunter2"), "{output:?}");
}

#[test]
fn a_new_key_belongs_to_its_client() {
    for name in ["web", "team.web"] {
        let output = run(&["key", name]);
        assert!(output.status.success(), "{output:?}");
        let printed = text(&output.stdout);
        let key = printed
            .lines()
            .find(|line| line.starts_with("msg-"))
            .unwrap();
        let (_, table) = printed.split_once("[clients.").unwrap();
        assert!(!table.contains(key), "{printed}");
        let content = format!(
            "region = 'singapore'\naccess = {{ provider_key = {{ file = 'key' }} }}\n[clients.{table}"
        );
        let (folder, path) = file(&content);
        fs::write(folder.path().join("key"), "sk-0").unwrap();
        let config = Some(path);
        let config = Source {
            config,
            flags: Flags::default(),
        }
        .load()
        .unwrap();
        let Access::GatewayKeys { clients, .. } = config.access else {
            panic!("{:?}", config.access)
        };
        let mut header = HeaderMap::new();
        header.insert("x-api-key", HeaderValue::from_str(key).unwrap());
        assert_eq!(
            Clients::new(&clients).authenticate(&header).unwrap().name,
            name
        );
    }
    let output = run(&["key", "a b"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn the_example_is_printed() {
    let output = run(&["example"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), EXAMPLE);
}

#[cfg(unix)]
mod signals {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, ChildStderr, Stdio};

    use serde_json::Value;

    use super::*;

    /// A gateway that runs.
    struct Running {
        child: Child,
        log: BufReader<ChildStderr>,
    }

    impl Running {
        fn start(config: &PathBuf) -> Self {
            let mut command = gateway();
            command.arg("--config").arg(config).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            let log = BufReader::new(child.stderr.take().unwrap());
            Self { child, log }
        }

        /// Returns the level and the message of the next line of the log.
        fn next(&mut self) -> (String, String) {
            let mut line = String::new();
            self.log.read_line(&mut line).unwrap();
            let line: Value = serde_json::from_str(&line).expect(&line);
            let field = |name: &str| line[name].as_str().unwrap().to_owned();
            (field("level"), field("message"))
        }

        #[track_caller]
        fn expect(&mut self, level: &str, message: &str) {
            let (actual, text) = self.next();
            assert!(actual == level && text.contains(message), "{actual} {text}");
        }

        fn send(&self, signal: &str) {
            let process = self.child.id().to_string();
            let status = Command::new("kill").args(["-s", signal, &process]).status();
            assert!(status.unwrap().success());
        }
    }

    /// Ends the gateway after a failed test.
    impl Drop for Running {
        fn drop(&mut self) {
            _ = self.child.kill();
            _ = self.child.wait();
        }
    }

    #[test]
    fn a_log_that_is_not_shown_in_a_terminal_has_no_colors() {
        let (_folder, path) = file("region = 'singapore'\nlisten = '127.0.0.1:0'");
        let mut gateway = Running::start(&path);
        let mut line = String::new();
        gateway.log.read_line(&mut line).unwrap();
        assert!(line.contains("listening address=127.0.0.1:"), "{line}");
        assert!(!line.contains('\u{1b}'), "{line:?}");
    }

    #[test]
    fn the_configuration_is_read_again_and_the_gateway_stops() {
        let content = "region = 'singapore'\nlisten = '127.0.0.1:0'\nlog = { format = 'json' }\n";
        let (_folder, path) = file(content);
        let mut gateway = Running::start(&path);
        gateway.expect("INFO", "listening");

        fs::write(&path, format!("{content}retries = 'three'")).unwrap();
        gateway.send("HUP");
        gateway.expect("ERROR", "gateway.toml:4:11: `retries`: expected an integer");

        fs::write(&path, format!("{content}retries = 7\nshare = '1/2'")).unwrap();
        gateway.send("HUP");
        gateway.expect(
            "WARN",
            "the new value of `share` takes effect after a restart",
        );
        gateway.expect("INFO", "the configuration was read again");

        gateway.send("TERM");
        gateway.expect("INFO", "stopping after SIGTERM");
        gateway.expect("INFO", "stopped");
        assert!(gateway.child.wait().unwrap().success());
    }
}
