//! Tests of the generator, from files to code or a report.

mod arbitrary;
mod choices;
mod compiles;
mod data;
mod deprecation;
mod diagnostics;
mod files;
mod oracle;
mod properties;
mod reference;
mod reserved;
mod scratch;
mod settings;
mod snapshot;
