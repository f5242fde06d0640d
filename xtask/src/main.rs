//! Repository tasks: `cargo xtask tables`.

use std::path::Path;
use std::process::ExitCode;

use xtask::{DataFiles, GeneratedFiles, generate};

const USAGE: &str = "\
Usage: cargo xtask tables [--check]

Writes the tables of all regions and src/regions.md from xtask/data, and a report to standard error.
With --check, writes nothing, and fails if the files in the repository differ.";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["tables"] => write_tables(),
        ["tables", "--check"] => check_tables(),
        ["--help" | "-h"] => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            eprintln!("{USAGE}");
            Ok(ExitCode::from(2))
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

fn write_tables() -> Result<ExitCode, String> {
    let files = generate_tables()?;
    files.write(repository())?;
    eprint!("{}", files.report());
    Ok(ExitCode::SUCCESS)
}

fn check_tables() -> Result<ExitCode, String> {
    let differences = generate_tables()?.differences(repository())?;
    if differences.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for difference in &differences {
        eprintln!("{difference}");
    }
    eprintln!("error: run `cargo xtask tables` and commit the result");
    Ok(ExitCode::FAILURE)
}

fn generate_tables() -> Result<GeneratedFiles, String> {
    generate(&DataFiles::load(&repository().join("xtask/data"))?)
}

/// Returns the root of the repository, which is the parent directory of this package.
fn repository() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
