//! Arbitrary bytes as a log of the source `entra_signin`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("entra_signin", data));
