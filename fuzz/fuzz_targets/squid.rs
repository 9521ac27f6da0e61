//! Arbitrary bytes as a log of the source `squid`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("squid", data));
