//! Arbitrary bytes as a log of the source `ndjson`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("ndjson", data));
