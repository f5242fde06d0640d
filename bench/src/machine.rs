//! What a figure depends on besides the code: the machine, the compiler, and the kind of run.

use std::process::Command;
use std::{env, fs, process, thread};

/// Prints a line that tells the machine and the compiler, to stand above the tables.
pub fn print() {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu.lines().find(|line| line.starts_with("model name"));
    let cpu = cpu.and_then(|line| line.split(": ").nth(1));
    let cores = thread::available_parallelism().map_or(0, Into::into);
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let rustc = Command::new(rustc).arg("--version").output();
    let rustc = rustc.map_or_else(
        |_| "an unknown rustc".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    let cpu = cpu.unwrap_or("an unknown processor");
    println!("Measured on {cpu}, {cores} cores, {rustc}.\n");
}

/// Whether the only argument is `--quick`: a short run, to see that all works.
///
/// Ends the process if there are arguments that mean nothing.
pub fn is_quick() -> bool {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--quick"] => true,
        _ => {
            eprintln!("the only argument is --quick, for a short run");
            process::exit(2);
        }
    }
}
