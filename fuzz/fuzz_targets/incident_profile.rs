//! Arbitrary text as an incident profile: it is one, or every problem says where and what to do.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(problems) = firebreak_exposure::Profile::parse("fuzz/profile.toml", text) {
        assert!(!problems.is_empty());
    }
});
