//! Arbitrary bytes as a lockfile, manifest, bill of materials or file of an installed tree. The first byte chooses the format.

#![no_main]

use firebreak_package::formats::{FORMATS, Input, recognise};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let format = FORMATS[usize::from(*first) % FORMATS.len()];
    let listing = format.read(&Input { path: "lib/name-1.0.dist-info/x", bytes });
    for problem in &listing.problems {
        assert!(!problem.reason.is_empty());
    }
    // What could not be read is never called complete.
    assert!(listing.complete.is_empty() || listing.problems.is_empty());
    for package in &listing.packages {
        assert!(package.hashes.iter().all(|hash| hash.digits.bytes().all(|byte| byte.is_ascii_hexdigit())));
    }
    if let Some(format) = recognise("", bytes) {
        format.read(&Input { path: "", bytes });
    }
});
