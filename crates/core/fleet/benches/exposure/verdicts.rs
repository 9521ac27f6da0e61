//! Verdicts on many environments of many packages each, under the shipped profiles.

use crate::estate::{BEGIN, Numbers};
use firebreak_exposure::{Docket, Profile};
use firebreak_model::{EnvironmentEvidence, Interval, NodeKey, Observation, ObservationKind, Text, Time, Verdict};
use std::time::Instant;

/// Environments that are made at a time: what is judged is in memory, the rest is not.
const AT_A_TIME: usize = 500;

fn profiles() -> Vec<Profile> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../profiles");
    let mut folders: Vec<_> = std::fs::read_dir(root).expect("the profiles").flatten().map(|one| one.path()).collect();
    folders.sort();
    let read = |path: std::path::PathBuf| {
        let file = path.join("profile.toml");
        let text = std::fs::read_to_string(&file).ok()?;
        Some(Profile::parse(&file.display().to_string(), &text).expect("it is a profile"))
    };
    folders.into_iter().filter_map(read).collect()
}

fn evidence(environment: usize, packages: usize) -> EnvironmentEvidence {
    let mut numbers = Numbers(environment as u64);
    let key = NodeKey::environment("host", &format!("node-{environment:06}.example.org"));
    let time = |day: u64| Time::from_seconds(BEGIN + day as i64 * 86_400);
    let document = format!("inventory/node-{environment:06}.json");
    let mut observations: Vec<Observation> = (0..packages)
        .map(|place| {
            let (name, ecosystem) = match place {
                0 if environment.is_multiple_of(20) => ("litellm".to_owned(), "PyPI"),
                _ if place % 3 == 0 => (format!("@scope-{}/package-{}", place % 50, numbers.next() % 20_000), "npm"),
                _ => (format!("package-{}", numbers.next() % 20_000), "PyPI"),
            };
            let version =
                if place == 0 { Text::new("1.82.8") } else { Text::new(format!("1.{}.0", numbers.next() % 12)) };
            let (ecosystem, name) = (Text::new(ecosystem), Text::new(name));
            let evidence = Text::new(format!("{document} packages[{place}]"));
            let what = ObservationKind::Installed { ecosystem, name, version, sha256: None };
            Observation { time: Some(time(numbers.next() % 300)), what, evidence }
        })
        .collect();
    if !environment.is_multiple_of(7) {
        let what = ObservationKind::LockComplete { ecosystem: Text::new("*"), since: None, places: None };
        let evidence = Text::new(format!("{document} complete"));
        observations.push(Observation { time: Some(time(360)), what, evidence });
    }
    EnvironmentEvidence { environment: key, runs: vec![Interval::since(time(0))], observations, gaps: Vec::new() }
}

/// Judges them all and says how long that took.
pub(crate) fn run(environments: usize, packages: usize, object: &mut serde_json::Map<String, serde_json::Value>) {
    let profiles = profiles();
    let docket = Docket::new(&profiles);
    let (mut seconds, mut slowly, mut alone) = (0.0, 0.0, 0);
    let mut tally = [0usize; 4];
    for from in (0..environments).step_by(AT_A_TIME) {
        let all: Vec<_> = (from..environments.min(from + AT_A_TIME)).map(|one| evidence(one, packages)).collect();
        let begun = Instant::now();
        let judged: Vec<_> = all.iter().flat_map(|one| docket.judge(one)).collect();
        seconds += begun.elapsed().as_secs_f64();
        for judgement in &judged {
            let slot = match judgement.verdict {
                Verdict::Exposed => 0,
                Verdict::Suspect => 1,
                Verdict::Unknown => 2,
                Verdict::Clear => 3,
            };
            tally[slot] += 1;
        }
        if from == 0 {
            // The same without skipping anything, on a part: the verdicts must be the same.
            let begun = Instant::now();
            let plain: Vec<_> = all
                .iter()
                .flat_map(|one| profiles.iter().map(|profile| firebreak_exposure::judge(profile, one)))
                .collect();
            slowly = begun.elapsed().as_secs_f64();
            alone = all.len();
            assert_eq!(plain, judged, "what is skipped decides nothing");
        }
    }
    let slowly = slowly * environments as f64 / alone as f64;
    let [exposed, suspect, unknown, clear] = tally;
    assert_eq!(exposed, environments.div_ceil(20), "who has the bad version is known");
    println!(
        "{environments} environments of {packages} packages under {} profiles: {seconds:.2} s; looking at each package under each profile would take {slowly:.2} s",
        profiles.len()
    );
    println!("verdicts: {exposed} exposed, {suspect} suspect, {unknown} unknown, {clear} clear");
    object.insert("fleet_20m_seconds".to_owned(), serde_json::json!(seconds));
}
