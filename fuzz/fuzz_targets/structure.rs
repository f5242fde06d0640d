//! Builds a table and an overlay that are nearly valid from the input.

#![no_main]

#[path = "../../codegen/tests/generator/choices.rs"]
mod choices;
#[path = "../../codegen/tests/generator/columns.rs"]
mod columns;
#[path = "../../codegen/tests/generator/expected.rs"]
mod expected;
#[path = "../../codegen/tests/generator/expressions.rs"]
mod expressions;
#[path = "../../codegen/tests/generator/oracle.rs"]
mod oracle;
#[path = "../../codegen/tests/generator/scratch.rs"]
mod scratch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (table, overlay) = choices::table_and_overlay(data);
    _ = oracle::check(table.as_bytes(), overlay.as_deref().map(str::as_bytes));
});
