//! Arbitrary bytes as a file that grows while it is read, and a process that restarts between polls.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| firebreak_fuzz::framing(data));
