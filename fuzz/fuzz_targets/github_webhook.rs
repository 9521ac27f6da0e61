//! Arbitrary bytes as a log of the source `github_webhook`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("github_webhook", data));
