//! Arbitrary bytes through the scanner: findings are inside, ordered and apart, and the same however the bytes are cut; a file of
//! classes is read or refused.

#![no_main]

use firebreak_classify::{Classes, Confidence, Hint, Scanner, read_classes, scan};
use firebreak_model::Fingerprinter;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (size, bytes) = data.split_first().map_or((1, data), |(size, bytes)| (usize::from(*size) + 1, bytes));
    let (classes, key) = (Classes::all().at_least(Confidence::Low), Fingerprinter::new([7; 32]));
    let whole = scan(bytes, &classes, &key, Hint::default());
    let mut before = 0;
    for finding in &whole.findings {
        assert!(before <= finding.range.start && finding.range.start < finding.range.end);
        assert!(finding.range.end <= bytes.len() as u64);
        before = finding.range.end;
    }
    let mut scanner = Scanner::new(&classes, &key);
    let mut findings = Vec::new();
    for part in bytes.chunks(size) {
        findings.extend(scanner.feed(part));
    }
    let last = scanner.finish();
    findings.extend(last.findings);
    assert_eq!(findings, whole.findings);
    assert_eq!(last.documents, whole.documents);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = read_classes(text);
    }
});
