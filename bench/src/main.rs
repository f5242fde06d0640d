//! Measures compile times, and compares the limiter, the gateway and the command line tool with others.
//! `README.md` describes the programs.

#![forbid(unsafe_code)]
// The futures of the Redis client are nested too deeply for the default limit.
#![recursion_limit = "256"]

mod check;
mod classes;
mod cold_build;
mod fleet;
mod gateway;
mod limiter;
mod macro_call;
mod measure;
mod names;
mod regions;
mod scratch;
mod table_size;

use std::path::Path;
use std::{env, process};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // A process of the program `fleet`.
    if let ["fleet-worker", arguments @ ..] = &arguments[..] {
        fleet::work(arguments);
        return;
    }
    // The provider of the programs about the gateway.
    if let ["gateway-provider"] = arguments[..] {
        gateway::provide();
        return;
    }
    // A proxy that the gateway is compared with.
    if let ["hyper-proxy", provider] = arguments[..] {
        gateway::pass_on(provider);
        return;
    }
    if let ["classes", trace] = arguments[..]
        && trace != "--quick"
    {
        compare_classes(false, Some(Path::new(trace)));
        return;
    }
    let (program, quick) = match arguments[..] {
        [program] => (program, false),
        [program, "--quick"] => (program, true),
        _ => ("", false),
    };
    let run = match program {
        "macro-call" => macro_call::run,
        "table-size" => table_size::run,
        "cold-build" => cold_build::run,
        "regions" => regions::run,
        "limiter" => limiter::run,
        "fleet" => fleet::run,
        "check" => check::run,
        "gateway-overhead" => gateway::overhead,
        "gateway-saturation" => gateway::saturation,
        "gateway-estimates" => gateway::estimates,
        "gateway-trace" => gateway::trace,
        "classes" => |quick| compare_classes(quick, None),
        _ => {
            eprintln!(
                "usage: cargo run -- (macro-call | table-size | cold-build | regions | limiter | fleet | check | classes | gateway-overhead | gateway-saturation | gateway-estimates | gateway-trace) [--quick]\n       cargo run -- classes TRACE.csv"
            );
            process::exit(2);
        }
    };
    measure::print_machine();
    run(quick);
}

fn compare_classes(quick: bool, trace: Option<&Path>) {
    if let Err(message) = classes::run(quick, trace) {
        eprintln!("error: {message}");
        process::exit(1);
    }
}
