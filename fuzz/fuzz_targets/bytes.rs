//! Takes the input as a table and, after a zero byte, an overlay.

#![no_main]

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
    let mut files = data.splitn(2, |byte| *byte == 0);
    let table = files.next().unwrap_or_default();
    _ = oracle::check(table, files.next());
});
