//! Arbitrary bytes as records of advisories: what is read becomes an index that gives it back, and merging is building.

#![no_main]

use firebreak_advisory::{Index, build, merge, newest, read};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let reading = read("fuzz.json", data);
    assert!(reading.problems.iter().all(|problem| problem.position.input == "fuzz.json"));
    let kept = newest(reading.records.clone(), &mut Vec::new());
    let built = build(reading.records.clone()).expect("small");
    let index = Index::open(&built.bytes).expect("just built");
    assert_eq!(index.records(), kept.len());
    for (place, record) in kept.iter().enumerate() {
        assert_eq!(index.record(place).as_ref(), Ok(record));
        for affected in &record.affected {
            let asked = affected.versions.first().map_or("1.0.0", |version| version.as_str());
            index.look_up(&affected.ecosystem, &affected.name, Some(asked)).expect("whole");
        }
    }
    let half = reading.records.len() / 2;
    let base = build(reading.records.iter().take(half).cloned().collect()).expect("small");
    let base = Index::open(&base.bytes).expect("just built");
    assert_eq!(merge(&base, reading.records.into_iter().skip(half).collect()).expect("small").bytes, built.bytes);
});
