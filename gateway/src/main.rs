//! The gateway as a program. See README.md.
#![forbid(unsafe_code)]

mod arguments;
mod demo;
mod mock_command;
mod signals;

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;
use mock_command::MockArguments;
use model_studio_gateway::config::{ClientName, Config, EXAMPLE, Source};
use model_studio_gateway::{Gateway, key, logging};
use signals::Signals;
use tracing::info;

/// The exit code after an error in the configuration, as after one in the arguments.
const INVALID_CONFIG: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let printed = match arguments.command {
        Some(Command::Key { name }) => print_key(&name),
        Some(Command::Example) => io::stdout().write_all(EXAMPLE.as_bytes()),
        Some(Command::Demo(arguments)) => return block_on(demo::run(arguments)),
        Some(Command::MockProvider(arguments)) => return run_mock_provider(arguments),
        None => return run(arguments.source, arguments.check_config),
    };
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        // The program that reads the output, such as `head`, has exited.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&error, ExitCode::FAILURE),
    }
}

/// Runs the gateway until it is stopped.
fn run(source: Source, only_check: bool) -> ExitCode {
    let config = match load(&source) {
        Ok(_) if only_check => return ExitCode::SUCCESS,
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Err(error) = logging::start(config.log) {
        return fail(&error, ExitCode::FAILURE);
    }
    block_on(serve(source, config))
}

/// Runs a mock provider until it is stopped.
fn run_mock_provider(arguments: MockArguments) -> ExitCode {
    match load(&arguments.source()) {
        Ok(config) => block_on(mock_command::run(arguments, config.models)),
        Err(code) => code,
    }
}

/// Reads the settings, or reports an error and returns the exit code.
fn load(source: &Source) -> Result<Config, ExitCode> {
    source.load().map_err(|error| {
        let error = format!("invalid configuration\n{error}");
        fail(&error, ExitCode::from(INVALID_CONFIG))
    })
}

fn block_on(future: impl Future<Output = Result<(), Box<dyn Error>>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let result = runtime.map(|runtime| {
        let result = runtime.block_on(future);
        // A thread that waits for the limits of the account must not delay the end.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => fail(&error, ExitCode::FAILURE),
        Err(error) => fail(&error, ExitCode::FAILURE),
    }
}

async fn serve(source: Source, config: Config) -> Result<(), Box<dyn Error>> {
    let signals = Signals::new()?;
    let gateway = Gateway::bind(config.clone()).await?;
    info!(address = %gateway.address(), "listening");
    let stop = signals.stop(source, config, gateway.handle());
    gateway.run(stop).await;
    info!("stopped");
    Ok(())
}

fn fail(error: &dyn fmt::Display, code: ExitCode) -> ExitCode {
    eprintln!("error: {error}");
    code
}

fn print_key(name: &ClientName) -> io::Result<()> {
    let key = key::generate()?;
    let key = key.expose();
    let hash = key::format_hash(&key::hash(key.as_bytes()));
    let table = name.to_key();
    write!(
        io::stdout(),
        "# The key, for the client. It is not shown again:\n{key}\n\n\
         # For the configuration file of the gateway:\n[clients.{table}]\nkey_hash = \"{hash}\"\n"
    )
}
