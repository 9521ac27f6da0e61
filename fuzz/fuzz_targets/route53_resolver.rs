//! Arbitrary bytes as a log of the source `route53_resolver`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("route53_resolver", data));
