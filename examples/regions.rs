//! Prints the models of a region whose IDs contain a filter, with their limits.
//!
//! ```sh
//! cargo run --example regions --features singapore,beijing,frankfurt -- singapore qwen3
//! ```

use std::process::ExitCode;

use model_studio_limits::{Catalogue, beijing, frankfurt, singapore};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let region = arguments.next().unwrap_or_default();
    let filter = arguments.next().unwrap_or_default();
    match region.as_str() {
        "beijing" => print::<beijing::Model>(&filter),
        "frankfurt" => print::<frankfurt::Model>(&filter),
        "singapore" => print::<singapore::Model>(&filter),
        _ => {
            eprintln!("usage: regions beijing|frankfurt|singapore [FILTER]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Prints the matching models of a table.
fn print<M: Catalogue>(filter: &str) {
    let models = M::ALL.iter().filter(|model| model.name().contains(filter));
    for model in models {
        print!("{:<44} {}", model.name(), model.limits());
        if let Some(date) = model.retires() {
            print!(", retires on {date}");
        }
        if let Some(pool) = model.pool() {
            print!(", shared within the pool {pool}");
        }
        println!();
    }
}
