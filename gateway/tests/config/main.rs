//! The configuration: what files and arguments set, and the errors that they can have.

mod errors;
mod example;
mod reload;
mod scratch;
mod secrets;
mod settings;
