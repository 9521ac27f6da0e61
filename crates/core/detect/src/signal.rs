//! Which findings together may lead to containment: a tripwire, or novelty and volume about the same subject within a day.

use firebreak_model::{Finding, NodeKey, Signal};

/// Novelty and volume further apart than this are two stories, in seconds.
const APART_SECONDS_MAX: f64 = 86_400.0;

/// Why `findings` may lead to containment, in one sentence; `None` where they only watch. A single weak signal never
/// does, however often it is raised.
pub fn containable(findings: &[Finding]) -> Option<String> {
    let of = |signal: Signal| findings.iter().filter(move |finding| finding.signal == signal);
    if let Some(tripwire) = of(Signal::Tripwire).min_by_key(|finding| (finding.at, &finding.id)) {
        return Some(format!("tripwire: {}", tripwire.explanation));
    }
    let mut pairs: Vec<(&Finding, &Finding)> = Vec::new();
    for novelty in of(Signal::Novelty) {
        let together = |volume: &&Finding| {
            novelty.at.seconds_since(volume.at).abs() <= APART_SECONDS_MAX && same_party(novelty, volume)
        };
        pairs.extend(of(Signal::Volume).filter(together).map(|volume| (novelty, volume)));
    }
    let (novelty, volume) =
        pairs.into_iter().min_by_key(|(novelty, volume)| (novelty.at.max(volume.at), &novelty.id, &volume.id))?;
    Some(format!("novelty and volume: {}; {}", novelty.explanation, volume.explanation))
}

fn same_party(a: &Finding, b: &Finding) -> bool {
    let same = |a: &Option<NodeKey>, b: &Option<NodeKey>| a.is_some() && a == b;
    same(&a.subject, &b.subject) || same(&a.actor, &b.actor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{EventUid, FindingId, Severity, Text, Time};

    fn finding(signal: Signal, subject: &str, actor: &str, hours: i64) -> Finding {
        let subject = NodeKey::credential("aws", subject);
        Finding {
            id: FindingId::of("d", Some(&subject), EventUid(hours as u128)),
            detector: Text::new("d"),
            title: Text::new("t"),
            severity: Severity::High,
            signal,
            subject: Some(subject),
            actor: Some(NodeKey::identity("aws", actor)),
            class: None,
            first: Time(0),
            at: Time::from_seconds(hours * 3_600),
            events: Vec::new(),
            event_count: 1,
            explanation: format!("{signal:?}"),
            techniques: Vec::new(),
        }
    }

    #[test]
    fn weak_signals_alone_only_watch() {
        use Signal::{Novelty, Tripwire, Volume, Watch};
        let why = |signals: &[(Signal, &str, &str, i64)]| {
            containable(
                &signals.iter().map(|(s, subject, actor, at)| finding(*s, subject, actor, *at)).collect::<Vec<_>>(),
            )
        };
        assert_eq!(why(&[(Watch, "A", "x", 0), (Novelty, "A", "x", 1), (Novelty, "A", "x", 2)]), None);
        assert_eq!(why(&[(Volume, "A", "x", 0), (Volume, "A", "x", 1)]), None);
        assert_eq!(why(&[(Novelty, "A", "x", 0), (Volume, "B", "y", 1)]), None);
        assert_eq!(why(&[(Novelty, "A", "x", 0), (Volume, "A", "x", 30)]), None);
        assert_eq!(
            why(&[(Novelty, "A", "x", 0), (Volume, "B", "x", 20)]).as_deref(),
            Some("novelty and volume: Novelty; Volume")
        );
        assert_eq!(why(&[(Tripwire, "A", "x", 0)]).as_deref(), Some("tripwire: Tripwire"));
    }
}
