//! Measures in rounds and prints the results as Markdown.

use std::process::Command;
use std::{fs, thread};

/// Prints the processor and the compiler.
pub(crate) fn print_machine() {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut cpu = cpu
        .lines()
        .filter_map(|line| line.strip_prefix("model name\t: "));
    let cpu = cpu.next().unwrap_or("an unknown processor");
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.expect("rustc can be started").stdout;
    let rustc = String::from_utf8_lossy(&rustc);
    println!("Measured on {cpu}, {cores} cores, {}.\n", rustc.trim());
}

/// Measures each case in several rounds, or in one if the run is quick. Returns the median for each
/// case, with the minimum and the maximum in parentheses.
///
/// The cases alternate, so that a temporary slowdown of the machine affects all of them. The first
/// round is not counted: it may download and compile dependencies.
pub(crate) fn measure<T>(quick: bool, cases: &[T], mut run: impl FnMut(&T) -> f64) -> Vec<String> {
    let rounds = if quick { 1 } else { 7 };
    let mut results = vec![Vec::new(); cases.len()];
    for round in 0..=rounds {
        for (case, results) in cases.iter().zip(&mut results) {
            let result = run(case);
            if round > 0 {
                results.push(result);
            }
        }
    }
    let summary = |mut results: Vec<f64>| {
        results.sort_by(f64::total_cmp);
        let (least, median, greatest) = (results[0], results[rounds / 2], results[rounds - 1]);
        format!("{median:.1} ({least:.1}–{greatest:.1})")
    };
    results.into_iter().map(summary).collect()
}

/// Converts a count.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}
