//! Arbitrary bytes as an index of advisories, with a digest that fits: every question has an answer or an error, and an end.

#![no_main]

use firebreak_advisory::{Index, merge};
use sha2::{Digest, Sha256};

/// Magic, version, reserve and digest.
const DIGESTED: usize = 48;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut bytes = b"FBADVIDX\x01\0\0\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(Sha256::digest(data).as_slice());
    assert_eq!(bytes.len(), DIGESTED);
    bytes.extend_from_slice(data);
    let Ok(index) = Index::open(&bytes) else { return };
    for place in 0..index.records().min(256) {
        let _ = index.advisory(place);
        if let Ok(record) = index.record(place) {
            let _ = index.by_id(&record.id);
            for affected in &record.affected {
                let _ = index.look_up(&affected.ecosystem, &affected.name, Some("1.0.0"));
                let _ = index.look_up(&affected.ecosystem, &affected.name, None);
            }
        }
    }
    let _ = merge(&index, Vec::new());
});
