//! Arbitrary bytes as a log of the source `shared_signals`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("shared_signals", data));
