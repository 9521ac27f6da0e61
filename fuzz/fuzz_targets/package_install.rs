//! Arbitrary bytes as a log of the source `package_install`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("package_install", data));
