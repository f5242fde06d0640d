//! The command line tool `model-studio-limits`. See README.md.

mod check;
mod condition;
mod date;
mod exit;
mod list;
mod own_table;
mod properties;
mod quotas;
mod show;
mod table_age;
mod table_arguments;
mod text_columns;

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

/// The name of the binary.
const NAME: &str = "model-studio-limits";

/// Lists model IDs and rate limits of Alibaba Cloud Model Studio, finds outdated model IDs in files,
/// and reads the quotas of an account
#[derive(Parser)]
#[command(version, name = NAME, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Check(check::Arguments),
    Quotas(quotas::Arguments),
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  model-studio-limits completions bash > ~/.local/share/bash-completion/completions/model-studio-limits
  model-studio-limits completions zsh > ~/.zfunc/_model-studio-limits")]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the man pages to a folder
    #[command(after_help = "\
Examples:
  model-studio-limits man ~/.local/share/man/man1")]
    Man {
        /// The folder, which is created if it does not exist
        directory: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(code) => code,
        // The program that reads the output, such as `head`, has exited.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("error: {error:#}");
            ExitCode::from(exit::ERROR)
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
        Command::Completions { shell } => {
            // Writing to a buffer does not fail, where `generate` would panic.
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), NAME, &mut script);
            output.write_all(&script)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Man { directory } => {
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
