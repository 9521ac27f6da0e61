//! The records that are raced over: real ones where the corpora are at hand, and those of the scenario.

use firebreak_intake::{MissingTime, Options, keep, read_bytes};
use firebreak_model::Event;
use firebreak_peers::corpus;
use firebreak_scenario::{Addresses, Size, Spec, generate};
use firebreak_world::World;
use std::collections::BTreeMap;

/// CloudTrail records in a race.
const CLOUDTRAIL: usize = 24_000;
/// Records of another source in a race.
const OTHERS: usize = 8_000;

/// The records of one source.
pub(crate) struct Source {
    /// The name of its folder.
    pub(crate) name: &'static str,
    /// Real records among them.
    pub(crate) real: usize,
    /// Every record as the rules see it, in an order that mixes all origins.
    pub(crate) records: Vec<String>,
}

/// All that is read.
pub(crate) struct Records {
    pub(crate) world: World,
    pub(crate) cloudtrail: Source,
    pub(crate) others: Vec<Source>,
}

impl Records {
    pub(crate) fn read() -> Records {
        let world = World::simulated(7);
        let mut scenario: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        let spec = Spec { seed: 7, size: Size::Small, addresses: Addresses::TestNet };
        generate(&spec, &mut |file| {
            let name = file.path.strip_prefix("borrowed-sand/logs/").and_then(|path| path.split('/').next());
            if let Some(name) = name.filter(|name| WANTED.contains(name)) {
                scenario.entry(name.to_owned()).or_default().extend(events(&world, name, &file.bytes));
            }
            true
        });
        let mut of = |name: &str| scenario.remove(name).unwrap_or_default();
        let real: Vec<String> = [
            corpus::cloudtrail("invictus-aws_dataset"),
            corpus::cloudtrail("stratus-red-team"),
            corpus::labelled("AWS.CloudTrail"),
        ]
        .concat();
        let cloudtrail = mixed("aws_cloudtrail", real, bodies(of("aws_cloudtrail")), CLOUDTRAIL, 1);
        let others = [
            ("github_audit", "GitHub.Audit"),
            ("okta_system", "Okta.SystemLog"),
            ("google_workspace", "GSuite.ActivityEvent"),
        ]
        .map(|(name, log_type)| {
            let rows = corpus::labelled(log_type).join("\n");
            let real = bodies(events(&world, name, rows.as_bytes()));
            // A few dozen real rows: repeated until they are a third.
            let times = OTHERS / 3 / real.len().max(1);
            mixed(name, real, bodies(of(name)), OTHERS, times)
        });
        Records { world, cloudtrail, others: others.into() }
    }
}

const WANTED: [&str; 4] = ["aws_cloudtrail", "github_audit", "okta_system", "google_workspace"];

/// The events in `bytes`.
pub(crate) fn events(world: &World, source: &str, bytes: &[u8]) -> Vec<Event> {
    let source = firebreak_intake::source(source).expect("a source");
    let options = Options { missing_time: MissingTime::Received, ..Options::default() };
    read_bytes(world, "bench", bytes, source, options, &keep).events
}

/// The records as the rules see them.
fn bodies(events: Vec<Event>) -> Vec<String> {
    events.iter().map(|event| sonic_rs::to_string(&event.body).expect("json")).collect()
}

/// All `real` records so many times, and of the scenario's as many as are missing, spread over the whole of it.
fn mixed(name: &'static str, real: Vec<String>, scenario: Vec<String>, count: usize, times: usize) -> Source {
    let repeated = real.len() * times.max(1);
    let missing = count.saturating_sub(repeated).min(scenario.len());
    let mut records: Vec<String> = real.iter().cycle().take(repeated).cloned().collect();
    records.extend((0..missing).map(|at| scenario[at * scenario.len() / missing].clone()));
    shuffle(&mut records, 7);
    Source { name, real: real.len(), records }
}

/// An order that the seed decides.
pub(crate) fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for at in (1..list.len()).rev() {
        list.swap(at, (random(&mut state) % (at as u64 + 1)) as usize);
    }
}

/// The next number of a xorshift generator.
pub(crate) fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}
