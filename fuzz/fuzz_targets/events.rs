//! Takes the input as a stream of events that is cut into chunks.

#![no_main]

#[path = "../../gateway/src/formats/mod.rs"]
#[expect(dead_code, reason = "only a part of the formats is fuzzed here")]
mod formats;
#[path = "../../gateway/src/formats/oracle.rs"]
#[expect(dead_code, reason = "each target runs one of the checks")]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    oracle::events(data);
});
