//! Prints the models of a region whose IDs contain a filter, with their limits and properties.
//!
//! ```sh
//! cargo run --example regions --features singapore -- singapore qwen3
//! ```
//!
//! For Beijing and Frankfurt, enable the features `beijing` and `frankfurt` as well.

use std::fmt::Display;
use std::process::ExitCode;

use model_studio_limits::Catalogue;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let region = arguments.next().unwrap_or_default();
    let filter = arguments.next().unwrap_or_default();
    match region.as_str() {
        #[cfg(feature = "beijing")]
        "beijing" => print::<model_studio_limits::beijing::Model>(&filter),
        #[cfg(feature = "frankfurt")]
        "frankfurt" => print::<model_studio_limits::frankfurt::Model>(&filter),
        "singapore" => print::<model_studio_limits::singapore::Model>(&filter),
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
        println!("{model}");
        line("limits", model.limits());
        if let Some(date) = model.retires() {
            line("retires on", date);
        }
        if let Some(pool) = model.pool() {
            line("pool", pool);
        }
        for property in M::PROPERTIES {
            if let Some(value) = model.property(property.name) {
                match property.unit {
                    Some(unit) => line(property.name, format_args!("{value} {unit}")),
                    None => line(property.name, value),
                }
            }
        }
        println!();
    }
}

fn line(name: &str, value: impl Display) {
    println!("    {name:<20} {value}");
}
