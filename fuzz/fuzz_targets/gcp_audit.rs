//! Arbitrary bytes as a log of the source `gcp_audit`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("gcp_audit", data));
