//! Case inputs with bytes flipped, cut, doubled and swapped by seed: no panic, and the counts always add up.

use firebreak_intake::{Batch, Limits, Options, Redact, SOURCES, keep, read_bytes};
use firebreak_world::{Random, SeededRandom, World};
use std::borrow::Cow;
use std::fs;
use std::path::PathBuf;

const ROUNDS: u64 = 400;

fn draw(random: &SeededRandom, below: usize) -> usize {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    usize::try_from(u64::from_le_bytes(bytes) % below.max(1) as u64).expect("smaller than a usize")
}

fn mutate(bytes: &mut Vec<u8>, random: &SeededRandom) {
    const TELLING: &[u8] = b"{}[]\",:\\\n\0\xff\x1f\x8b0-eN ";
    for _ in 0..=draw(random, 4) {
        let at = draw(random, bytes.len());
        let to = (at + draw(random, 200)).min(bytes.len());
        match draw(random, 6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..to)),
            2 => {
                let copy = bytes[at..to].to_vec();
                bytes.splice(at..at, copy);
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << draw(random, 8),
            4 if at < bytes.len() => bytes[at] = TELLING[draw(random, TELLING.len())],
            _ => bytes.insert(at, TELLING[draw(random, TELLING.len())]),
        }
    }
}

#[test]
fn mutated_inputs_neither_panic_nor_lose_count() {
    let mut inputs = Vec::new();
    for source in SOURCES {
        let cases = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/sources").join(source.name()).join("cases");
        for case in fs::read_dir(cases).expect("cases").flatten() {
            for file in fs::read_dir(case.path()).expect("a case").flatten() {
                if file.file_name().to_string_lossy().starts_with("input.") {
                    inputs.push((*source, fs::read(file.path()).expect("readable")));
                }
            }
        }
    }
    inputs.sort_by(|a, b| (a.0.name(), &a.1).cmp(&(b.0.name(), &b.1)));
    assert!(inputs.len() >= 2 * SOURCES.len());
    let mut read = 0;
    for (number, (source, input)) in inputs.iter().enumerate() {
        for round in 0..ROUNDS {
            let random = SeededRandom::new(round * 1_000 + number as u64);
            let mut bytes = input.clone();
            mutate(&mut bytes, &random);
            let batch = crate::read(*source, &bytes);
            read += batch.read;
            for event in &batch.events {
                assert!(firebreak_intake::ocsf_record(event).is_some());
            }
        }
    }
    println!("{} inputs, {} mutations, {read} records", inputs.len(), inputs.len() as u64 * ROUNDS);
}

/// Where a record ends is guessed in arrays, but not where redaction rewrites the record: both ways must read the same.
#[test]
fn guessing_where_records_end_changes_nothing() {
    fn rewrite(bytes: &[u8]) -> Cow<'_, [u8]> {
        Cow::Owned(bytes.to_vec())
    }
    let pieces = [
        r#"{"eventVersion":"1","eventName":"A","eventTime":"2026-03-24T11:00:00Z","eventID":"000000000001"}"#,
        r#"{"eventVersion":"1","eventName":"B","eventTime":"2026-03-24T11:00:01Z","x":[{"eventVersion":1},{"eventVersion":2}]}"#,
        r#"{"eventVersion":"},{\"eventVersion\"","eventName":"C","eventTime":"2026-03-24T11:00:02Z"}"#,
        r#"{"eventVersion":"1","eventName":"D","eventTime":"2026-03-24T11:00:03Z","y":{"z":1}}, {"eventVersion":1"#,
        r#"{"eventName":"E","eventTime":"2026-03-24T11:00:04Z"}"#,
        r#"{ "eventVersion":"1","eventName":"F","eventName":"G","eventTime":"2026-03-24T11:00:04Z"}"#,
        "[1]",
        "7",
    ];
    let source = firebreak_intake::source("aws_cloudtrail").expect("a source");
    let mut guessed = 0;
    for round in 0..4_000_u64 {
        let random = SeededRandom::new(round);
        let joint = [",", ",\n", ", ", "\n"][draw(&random, 4)];
        let records: Vec<&str> =
            (0..draw(&random, 12)).map(|_| pieces[draw(&random, 5 + round as usize % 4)]).collect();
        let mut bytes = format!("{{\"Records\":[{}]}}", records.join(joint)).into_bytes();
        if round % 3 == 0 {
            mutate(&mut bytes, &random);
        }
        let options =
            Options { limits: Limits { depth_max: 2 + round as u32 % 4, ..Limits::default() }, ..Options::default() };
        let read = |redact: &Redact| read_bytes(&World::simulated(1), "input", &bytes, source, options, redact);
        let (one, other) = (read(&keep), read(&rewrite));
        let told = |batch: &Batch| {
            let events =
                batch.events.iter().map(|event| (event.uid, event.time, event.raw.clone())).collect::<Vec<_>>();
            (events, batch.quarantined.clone(), batch.read)
        };
        assert_eq!(told(&one), told(&other), "{}", String::from_utf8_lossy(&bytes));
        guessed += one.events.len();
    }
    assert!(guessed > 1_000, "{guessed}");
}
