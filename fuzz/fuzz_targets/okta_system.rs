//! Arbitrary bytes as a log of the source `okta_system`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("okta_system", data));
