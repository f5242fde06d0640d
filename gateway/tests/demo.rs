//! The commands that need no provider.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

const GATEWAY: &str = env!("CARGO_BIN_EXE_model-studio-gateway");

#[test]
fn the_demo_calls_a_mock_provider_through_the_gateway() {
    let output = Command::new(GATEWAY)
        .args(["demo", "--listen", "127.0.0.1:0", "--seconds", "3"])
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    assert!(
        stdout.contains("The status page is http://127.0.0.1:"),
        "{stdout}"
    );
    // 2 s  1  0.00 s  8  1.31 s  0  5,072
    let line = stdout
        .lines()
        .find(|line| line.starts_with("   2 s"))
        .unwrap();
    let columns: Vec<_> = line.split_whitespace().collect();
    let [_, _, interactive, _, _, batch, _, _, refused, _] = columns[..] else {
        panic!("{line}");
    };
    assert_ne!(interactive, "0");
    assert_ne!(batch, "0");
    assert_eq!(refused, "0");
}

#[test]
fn the_mock_provider_has_the_models_of_a_region() {
    let mut server = Command::new(GATEWAY)
        .args([
            "mock-provider",
            "--region",
            "singapore",
            "--listen",
            "127.0.0.1:0",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(server.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let request = "GET /v1/models HTTP/1.1\r\nHost: mock\r\nConnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(answer.contains("\"qwen3.7-plus\""), "{answer}");
}
