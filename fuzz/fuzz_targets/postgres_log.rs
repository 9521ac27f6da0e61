//! Arbitrary bytes as a log of the source `postgres_log`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("postgres_log", data));
