//! Arbitrary bytes as a log of the source `openai_audit`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("openai_audit", data));
