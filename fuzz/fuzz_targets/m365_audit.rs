//! Arbitrary bytes as a log of the source `m365_audit`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("m365_audit", data));
