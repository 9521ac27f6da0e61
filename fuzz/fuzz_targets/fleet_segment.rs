//! A fleet's segment: any bytes are an error or an answer, looked at alone and merged with a sound one.
#![no_main]

use firebreak_fleet::{Builder, Fleet, Query, Segment, Wanted, merge, owners::CodeOwners, statements};
use firebreak_model::{EnvironmentEvidence, Interval, NodeKey, Observation, ObservationKind, Text, Time};
use libfuzzer_sys::fuzz_target;

fn sound() -> Vec<u8> {
    let what = ObservationKind::Installed {
        ecosystem: Text::new("PyPI"),
        name: Text::new("litellm"),
        version: Text::new("1.82.8"),
        sha256: None,
    };
    let observation = Observation { time: None, what, evidence: Text::new("a.json packages[3]") };
    let evidence = EnvironmentEvidence {
        environment: NodeKey::environment("host", "h1"),
        runs: vec![Interval::since(Time::from_seconds(5))],
        observations: vec![observation],
        gaps: Vec::new(),
    };
    let (mut builder, mut bytes) = (Builder::new(), Vec::new());
    statements(&evidence, Time::from_seconds(9)).iter().for_each(|statement| builder.add(statement));
    builder.finish(Interval::ALWAYS, &mut bytes).expect("small");
    bytes
}

fn look(bytes: &[u8]) {
    let Ok(segment) = Segment::open(bytes) else { return };
    let sound = sound();
    let _ = merge(&[segment, Segment::open(&sound).expect("whole")], &mut Vec::new());
    let Ok(fleet) = Fleet::new(vec![segment]) else { return };
    let query = Query { what: Wanted::parse("litellm").expect("a name"), from: Time::MIN, to: Time::MAX };
    let _ = fleet.who(&query);
    let _ = fleet.had_by("environment:host/h1", Time::MIN, Time::MAX);
}

fuzz_target!(|data: &[u8]| {
    look(data);
    // A sound segment with some bytes changed gets further in than noise does.
    let mut changed = sound();
    for pair in data.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([pair[0], pair[1]])) % changed.len();
        changed[at] = pair[2];
    }
    look(&changed);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = CodeOwners::parse("CODEOWNERS", text).0.of("src/a/b.rs");
        let _ = Wanted::parse(text);
    }
});
