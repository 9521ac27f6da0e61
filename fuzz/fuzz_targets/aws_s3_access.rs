//! Arbitrary bytes as a log of the source `aws_s3_access`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("aws_s3_access", data));
