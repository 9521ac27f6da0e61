//! Arbitrary bytes as a log of the source `google_workspace`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("google_workspace", data));
