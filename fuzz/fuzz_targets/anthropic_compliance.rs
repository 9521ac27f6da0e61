//! Arbitrary bytes as a log of the source `anthropic_compliance`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("anthropic_compliance", data));
