//! Runs programs.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Runs a program with a standard input. Returns its exit code, standard output and standard error.
///
/// # Panics
///
/// Panics if the program cannot be started, or if its output is not UTF-8.
pub fn run(command: &mut Command, input: &str) -> (Option<i32>, String, String) {
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // This fails if the program exits before it reads standard input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}
