//! Arbitrary bytes as a log of the source `mcp_gateway`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::source("mcp_gateway", data));
