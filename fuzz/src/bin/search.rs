#![no_main]

#[expect(dead_code, reason = "each program runs one of the targets")]
#[path = "../../../engine/tests/fuzz_targets/mod.rs"]
mod fuzz_targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_targets::search(data));
