//! What evidence says was installed, as relations of the map: from packages, actions and images to the environments where they
//! run. It judges no release: whether one is bad is for `exposure`. A fleet has millions of packages, and a map of all of them
//! would be a map of nothing else: whoever asks says which ones belong on it.

use firebreak_model::{EdgeFact, EdgeKind, EnvironmentEvidence, Fact, Interval, NodeKey, ObservationKind, Text, Time};
use firebreak_package::Ecosystem;
use std::collections::BTreeMap;

/// The relations that `evidence` shows of the packages that are `wanted`, learnt at `known`: one for each thing in an
/// environment, and certain if any observation makes it so.
pub(crate) fn facts(evidence: &EnvironmentEvidence, known: Time, wanted: &dyn Fn(&NodeKey) -> bool) -> Vec<Fact> {
    let mut found: BTreeMap<NodeKey, (Option<&'static str>, &Text)> = BTreeMap::new();
    for observation in &evidence.observations {
        let Some((key, may)) = thing(&observation.what).filter(|(key, _)| wanted(key)) else { continue };
        let have = found.entry(key).or_insert((may, &observation.evidence));
        if may.is_none() && have.0.is_some() {
            *have = (None, &observation.evidence);
        }
    }
    let valid = span(&evidence.runs);
    let edge = |(key, (may, place)): (NodeKey, (Option<&'static str>, &Text))| {
        let to = evidence.environment.clone();
        let edge = EdgeFact::new(EdgeKind::InstalledIn, key, to, valid, known, place);
        Fact::Edge(EdgeFact { may: may.map(Text::new).into_iter().collect(), ..edge })
    };
    found.into_iter().map(edge).collect()
}

/// What an observation names, and what is undecided about it. References that are not fixed name no version: they are no
/// package of the map.
fn thing(what: &ObservationKind) -> Option<(NodeKey, Option<&'static str>)> {
    match what {
        ObservationKind::Installed { ecosystem, name, version, .. } => Some((package(ecosystem, name, version), None)),
        ObservationKind::Locked { ecosystem, name, version, .. } => {
            Some((package(ecosystem, name, version), Some("the lock was followed")))
        }
        ObservationKind::Commit { repository, sha: Some(sha), .. } => {
            Some((package("GitHub Actions", repository, sha), None))
        }
        ObservationKind::Image { name, digest: Some(digest), .. } => Some((package("Docker", name, digest), None)),
        _ => None,
    }
}

/// The key of a version, its name spelled as its ecosystem spells it: whoever writes it otherwise means the same.
fn package(ecosystem: &str, name: &str, version: &str) -> NodeKey {
    let ecosystem = Ecosystem::of(ecosystem);
    NodeKey::package(ecosystem.word(), &ecosystem.canonical(name), version)
}

/// From the first run to the last; always, where no run is known.
fn span(runs: &[Interval]) -> Interval {
    let (first, last) = (runs.iter().map(|run| run.from).min(), runs.iter().map(|run| run.to).max());
    let span = first.zip(last).map(|(from, to)| Interval::new(from, to));
    span.filter(|span| span.from < span.to).unwrap_or(Interval::ALWAYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::Observation;

    fn observation(what: ObservationKind) -> Observation {
        Observation { time: None, what, evidence: Text::new("uv.lock") }
    }

    #[test]
    fn what_was_seen_installed_is_certain_and_what_a_lock_says_is_not() {
        let (ecosystem, name) = (Text::new("PyPI"), Text::new("litellm"));
        let locked = |version: &str| {
            let (ecosystem, name, sha256) = (ecosystem.clone(), name.clone(), Vec::new());
            observation(ObservationKind::Locked { ecosystem, name, version: Text::new(version), sha256 })
        };
        let installed = observation(ObservationKind::Installed {
            ecosystem: ecosystem.clone(),
            name: name.clone(),
            version: Text::new("1.82.8"),
            sha256: None,
        });
        let reference = Text::new("litellm>=1");
        let unpinned =
            observation(ObservationKind::Unpinned { ecosystem: ecosystem.clone(), name: name.clone(), reference });
        let evidence = EnvironmentEvidence {
            environment: NodeKey::environment("host", "mac-17"),
            runs: vec![Interval::new(Time(30), Time(40)), Interval::new(Time(10), Time(20))],
            observations: vec![locked("1.82.8"), installed, locked("1.82.9"), unpinned],
            gaps: Vec::new(),
        };
        let scoped = package("Debian:12", "OpenSSL", "3.0");
        assert_eq!(scoped, NodeKey::package("debian", "openssl", "3.0"), "one key, however it is written");
        assert_eq!(facts(&evidence, Time(99), &|_| false), [], "what nobody wants is not on the map");
        let facts = facts(&evidence, Time(99), &|_| true);
        let edges: Vec<&EdgeFact> =
            facts.iter().filter_map(|fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None }).collect();
        let said: Vec<(&str, usize)> = edges.iter().map(|edge| (edge.from.as_str(), edge.may.len())).collect();
        assert_eq!(said, [("package:pypi/litellm@1.82.8", 0), ("package:pypi/litellm@1.82.9", 1)]);
        assert_eq!(edges[0].valid, Interval::new(Time(10), Time(40)));
        assert_eq!(edges[0].to.as_str(), "environment:host/mac-17");
    }
}
