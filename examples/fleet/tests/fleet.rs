//! Short runs. They need `redis-server`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

#[test]
fn the_fleet_is_refused_nothing() {
    let (sent, refused, used) = run("fleet.svg", &["--workers", "4"]);
    assert_eq!(refused, 0, "of {sent}");
    // It is about 0.98 on an idle machine.
    assert!(used > 0.8, "{used}");
}

#[test]
fn processes_that_do_not_share_the_limit_are_refused() {
    let (sent, refused, _) = run("naive.svg", &["--workers", "4", "--naive"]);
    assert!(refused > 0, "of {sent}");
}

/// Runs the program and returns what all workers sent, what of it was refused and the part of the
/// limit that they used.
fn run(svg: &str, arguments: &[&str]) -> (u32, u32, f64) {
    let svg = Path::new(env!("CARGO_TARGET_TMPDIR")).join(svg);
    let output = Command::new(env!("CARGO_BIN_EXE_fleet"))
        .args([
            "--seconds",
            "8",
            "--requests",
            "40",
            "--window",
            "2",
            "--svg",
        ])
        .arg(&svg)
        .args(arguments)
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    assert!(fs::read_to_string(&svg).unwrap().ends_with("</svg>\n"));

    let table = String::from_utf8(stdout).unwrap();
    let total = table.lines().last().unwrap();
    let cells: Vec<&str> = total.split('|').map(str::trim).collect();
    let &["", "all", sent, refused, used, ""] = &cells[..] else {
        panic!("{table}");
    };
    let number = |cell: &str| cell.parse().unwrap();
    (number(sent), number(refused), used.parse().unwrap())
}
