//! Arbitrary bytes as a log of the source `firebreak_guardrail`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("firebreak_guardrail", data));
