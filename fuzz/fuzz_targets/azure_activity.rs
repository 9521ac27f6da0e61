//! Arbitrary bytes as a log of the source `azure_activity`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("azure_activity", data));
