//! Every detector against its own cases: a `fire-*` case gives a finding of that detector, a `quiet-*` case gives none.

mod logs;

use firebreak_model::Finding;
use std::path::Path;

/// What is wrong with one case of the detector `name`.
fn fault(run: &mut logs::Run, name: &str, case: &Path) -> Option<String> {
    let kind = logs::stem(case);
    let (mut events, mut quarantined) = (Vec::new(), Vec::new());
    for file in logs::entries(case) {
        let bytes = std::fs::read(&file).expect("a readable case");
        let batch = logs::read(&file.display().to_string(), &bytes, &logs::stem(&file));
        events.extend(batch.events);
        quarantined.extend(batch.quarantined.into_iter().map(|one| one.problem.to_string()));
    }
    if !quarantined.is_empty() || events.is_empty() {
        return Some(format!("{name}/{kind}: {} events, quarantined: {quarantined:?}", events.len()));
    }
    let findings = run.findings(events);
    let own: Vec<&Finding> = findings.iter().filter(|finding| finding.detector == name).collect();
    let other = || findings.iter().map(|finding| finding.detector.as_str()).collect::<Vec<_>>();
    match (kind.split_once('-').map(|(kind, _)| kind), own.is_empty()) {
        (Some("fire"), false) | (Some("quiet"), true) => None,
        (Some("fire"), true) => Some(format!("{name}/{kind}: silent; others found: {:?}", other())),
        (Some("quiet"), false) => Some(format!("{name}/{kind}: {}", own[0].explanation)),
        _ => Some(format!("{name}/{kind}: a case is called fire-… or quiet-…")),
    }
}

#[test]
fn every_detector_fires_on_its_cases_and_stays_quiet_on_the_others() {
    let mut run = logs::Run::new(logs::rules());
    let mut faults = Vec::new();
    for detector in logs::detectors() {
        let name = logs::stem(&detector);
        let cases = logs::entries(&detector.join("cases"));
        for kind in ["fire-", "quiet-"] {
            if !cases.iter().any(|case| logs::stem(case).starts_with(kind)) {
                faults.push(format!("{name}: no {kind} case"));
            }
        }
        faults.extend(cases.iter().filter_map(|case| fault(&mut run, &name, case)));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
