//! Arbitrary bytes as a log of the source `databricks`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("databricks", data));
