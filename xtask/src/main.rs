//! Repository tasks: `cargo xtask tables`.

use std::path::Path;
use std::process::ExitCode;

use xtask::{DataFiles, GeneratedFiles, generate};

const USAGE: &str = "\
unknown command

Usage: cargo xtask tables [--check]

Writes the tables of all regions, the lists of the regions in tables/lib.rs and src/region_list.rs,
and src/regions.md from xtask/data, and a report to standard error.
With --check, writes nothing, and fails if the files in the repository differ.";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["tables"] => write_tables(),
        ["tables", "--check"] => check_tables(),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write_tables() -> Result<(), String> {
    let files = generate_tables()?;
    files.write(repository())?;
    eprint!("{}", files.report());
    Ok(())
}

fn check_tables() -> Result<(), String> {
    let differences = generate_tables()?.differences(repository())?;
    if differences.is_empty() {
        return Ok(());
    }
    let differences = differences.join("\n");
    Err(format!(
        "run `cargo xtask tables` and commit the result\n{differences}"
    ))
}

fn generate_tables() -> Result<GeneratedFiles, String> {
    generate(&DataFiles::load(&repository().join("xtask/data"))?)
}

/// Returns the root of the repository, which is the parent directory of this package.
fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
