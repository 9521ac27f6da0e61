//! Arbitrary bytes through redaction: no secret that was found stays, and a second time changes nothing.

#![no_main]

use firebreak_classify::redact;
use firebreak_model::Fingerprinter;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let fingerprinter = Fingerprinter::new([7; 32]);
    let once = redact(data, &fingerprinter);
    if once.found.is_empty() {
        assert_eq!(once.bytes.as_ref(), data);
    }
    let twice = redact(&once.bytes, &fingerprinter);
    assert_eq!(once.bytes, twice.bytes);
});
