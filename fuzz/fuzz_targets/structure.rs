#![no_main]

#[path = "../../codegen/tests/generator/body.rs"]
#[allow(dead_code)] // what the other target uses
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::structure(data));
