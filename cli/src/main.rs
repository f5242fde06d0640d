//! The command line tool `model-studio-limits`. See README.md.

mod arguments;
mod list;
mod show;
mod tables;

use std::io::{self, ErrorKind};
use std::process::ExitCode;

use clap::Parser as _;

use arguments::{Arguments, Command};

/// The exit code of errors. `check` exits with 1 if it has findings.
const ERROR: u8 = 2;

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
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
