//! Tests of the generator, from files to code or a report.

mod arbitrary;
mod arbitrary_properties;
mod choices;
mod columns;
mod compiles;
mod data;
mod deprecation;
mod diagnostics;
mod expected;
mod expressions;
mod files;
mod oracle;
mod random_tables;
mod reference;
mod reserved;
mod scratch;
mod settings;
mod snapshot;
