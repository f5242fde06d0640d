//! The command line tool `model-studio-limits`. See README.md.

mod arguments;
mod check;
mod columns;
mod date;
mod list;
mod quotas;
mod show;
mod tables;

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};

use arguments::{Arguments, Command};

/// The exit code of errors. `check` exits with 1 if it has findings.
const ERROR: u8 = 2;

/// The name of the binary.
const NAME: &str = "model-studio-limits";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.command) {
        Ok(code) => code,
        // The reader of the output, such as `head`, has ended.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(ERROR)
        }
    }
}

fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let output = &mut anstream::stdout().lock();
    match command {
        Command::List(arguments) => list::run(arguments, output),
        Command::Show(arguments) => show::run(arguments, output),
        Command::Check(arguments) => check::run(arguments, output),
        Command::Quotas(arguments) => quotas::run(arguments, output),
        Command::Completions(arguments) => {
            // Writing to a buffer does not fail, where `generate` would panic.
            let mut script = Vec::new();
            let command = &mut Arguments::command();
            clap_complete::generate(arguments.shell, command, NAME, &mut script);
            output.write_all(&script)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Man(arguments) => {
            let directory = &arguments.directory;
            fs::create_dir_all(directory)
                .and_then(|()| clap_mangen::generate_to(Arguments::command(), directory))
                .with_context(|| format!("cannot write to {}", directory.display()))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
