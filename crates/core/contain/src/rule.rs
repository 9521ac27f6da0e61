//! The one rule by which findings may lead to containment: a tripwire, or novelty and volume about the same subject or
//! actor within a day. A single weak signal only watches.
//!
//! It looks at findings alone. Whether an exposed environment gives grounds as well is the incident's matter, since that
//! depends on what can be read there.

use firebreak_model::{Finding, FindingId, NodeKey, Signal, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far apart novelty and volume may be and still count together, in seconds.
pub const TOGETHER_SECONDS: i64 = 86_400;

/// One finding, or several together, that justify containment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Ground {
    /// The findings that carry it.
    pub findings: BTreeSet<FindingId>,
    /// Why, in words.
    pub reason: String,
}

/// The grounds for containment in `findings`, the same in whatever order these come.
pub fn grounds<'a>(findings: impl IntoIterator<Item = &'a Finding>) -> BTreeSet<Ground> {
    let mut grounds = BTreeSet::new();
    let mut novel: BTreeMap<&NodeKey, Vec<&Finding>> = BTreeMap::new();
    let mut large: BTreeMap<&NodeKey, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        let about = [finding.subject.as_ref(), finding.actor.as_ref()].into_iter().flatten().collect::<BTreeSet<_>>();
        match finding.signal {
            Signal::Watch => {}
            Signal::Tripwire => {
                let reason = format!("{} (`{}`) trips on its own", finding.title, finding.detector);
                grounds.insert(Ground { findings: BTreeSet::from([finding.id.clone()]), reason });
            }
            Signal::Novelty => about.into_iter().for_each(|key| novel.entry(key).or_default().push(finding)),
            Signal::Volume => about.into_iter().for_each(|key| large.entry(key).or_default().push(finding)),
        }
    }
    for (key, mut volumes) in large {
        let Some(novelties) = novel.get_mut(key) else { continue };
        volumes.sort_by_key(|finding| (finding.at, finding.id.clone()));
        novelties.sort_by_key(|finding| (finding.at, finding.id.clone()));
        // Whatever has a partner near enough counts, whoever else is nearer to that partner.
        let pairs = volumes.iter().filter_map(|volume| Some((nearest(novelties, volume.at)?, *volume)));
        let pairs =
            pairs.chain(novelties.iter().filter_map(|novelty| Some((*novelty, nearest(&volumes, novelty.at)?))));
        grounds.extend(pairs.map(|(novelty, volume)| Ground {
            findings: BTreeSet::from([novelty.id.clone(), volume.id.clone()]),
            reason: format!("{} and {} about `{key}` within a day", novelty.title, volume.title),
        }));
    }
    grounds
}

/// Of findings in the order of time the one nearest to `at`, if it is near enough.
fn nearest<'a>(findings: &[&'a Finding], at: Time) -> Option<&'a Finding> {
    let after = findings.partition_point(|finding| finding.at < at);
    let candidates = [after.checked_sub(1), Some(after)].into_iter().flatten().filter_map(|index| findings.get(index));
    let distance = |finding: &&&Finding| finding.at.seconds_since(at).abs();
    let nearest = candidates.min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(&nearest) <= TOGETHER_SECONDS as f64).then_some(*nearest)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use firebreak_model::{EventUid, Severity, Text};

    /// A finding about `subject` at `hours` after the epoch.
    pub(crate) fn finding(detector: &str, signal: Signal, subject: &NodeKey, hours: i64) -> Finding {
        let at = Time::from_seconds(hours * 3_600);
        let event = EventUid::of(detector, format!("{subject} {hours}").as_bytes());
        Finding {
            id: FindingId::of(detector, Some(subject), event),
            detector: Text::new(detector),
            title: Text::new(detector.replace('_', " ")),
            severity: Severity::High,
            signal,
            subject: Some(subject.clone()),
            actor: None,
            class: None,
            first: at,
            at,
            events: vec![event],
            event_count: 1,
            explanation: String::new(),
            techniques: Vec::new(),
        }
    }

    fn key(id: &str) -> NodeKey {
        NodeKey::credential("aws", id)
    }

    #[test]
    fn one_tripwire_is_enough_and_one_weak_signal_is_not() {
        let subject = key("AKIA1");
        for (signal, count) in [(Signal::Watch, 0), (Signal::Novelty, 0), (Signal::Volume, 0), (Signal::Tripwire, 1)] {
            assert_eq!(grounds(&[finding("d", signal, &subject, 1)]).len(), count, "{signal:?}");
        }
    }

    #[test]
    fn novelty_and_volume_count_together_about_one_thing_within_a_day() {
        let (one, other) = (key("AKIA1"), key("AKIA2"));
        let pair = |volume: &NodeKey, hours| {
            let findings = [finding("new", Signal::Novelty, &one, 0), finding("big", Signal::Volume, volume, hours)];
            grounds(&findings).len()
        };
        assert_eq!(pair(&one, 24), 1);
        assert_eq!(pair(&one, -24), 1, "whichever came first");
        assert_eq!(pair(&one, 25), 0, "too far apart");
        assert_eq!(pair(&other, 1), 0, "another subject");
    }

    #[test]
    fn a_shared_actor_counts_as_a_shared_subject() {
        let actor = NodeKey::identity("aws", "arn:aws:iam::1:user/ci");
        let by = |finding: Finding| Finding { actor: Some(actor.clone()), ..finding };
        let findings = [
            by(finding("new", Signal::Novelty, &key("AKIA1"), 0)),
            by(finding("big", Signal::Volume, &key("AKIA2"), 5)),
        ];
        assert_eq!(grounds(&findings).len(), 1);
    }

    #[test]
    fn two_of_a_kind_are_no_pair() {
        let subject = key("AKIA1");
        for signal in [Signal::Novelty, Signal::Volume, Signal::Watch] {
            let findings = [finding("a", signal, &subject, 0), finding("b", signal, &subject, 1)];
            assert!(grounds(&findings).is_empty(), "{signal:?}");
        }
    }
}
