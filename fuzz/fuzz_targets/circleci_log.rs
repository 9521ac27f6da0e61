//! Arbitrary bytes as a log of the source `circleci_log`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("circleci_log", data));
