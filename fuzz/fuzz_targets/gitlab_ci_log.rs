//! Arbitrary bytes as a log of the source `gitlab_ci_log`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("gitlab_ci_log", data));
