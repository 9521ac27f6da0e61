//! Muting: a person says that what a detector finds needs nobody for a while. It is still found and kept.
//!
//! A mute must not become a hiding place. A whole detector can be muted only as far as its findings trip nothing and are not critical;
//! those can be muted for one named thing alone. No mute is for ever, and none holds where an incident is at work
//! ([`crate::incident`]).

use crate::canonical::digest;
use firebreak_model::{Finding, NodeKey, NodeKind, Severity, Signal, Text, Time};
use serde::{Deserialize, Serialize};

/// No mute lasts longer than this from the moment it is said, in days.
pub const DAYS_MAX: i64 = 30;

/// No reason is longer, in bytes.
const REASON_BYTES_MAX: usize = 2_000;

/// The name of a mute: `mut-` and 16 hexadecimal digits of what it mutes. The same again replaces it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MuteId(Text);

impl MuteId {
    /// The name of the mute of `detector` about `about`.
    pub fn of(detector: &str, about: Option<&NodeKey>) -> MuteId {
        let about = about.map_or("", NodeKey::as_str);
        MuteId(Text::new(format!("mut-{:.16}", digest(format!("{detector}\n{about}").as_bytes()))))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a detector finds needs nobody until then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mute {
    /// The detector's folder, or the behaviour's name.
    pub detector: Text,
    /// Only what is about this thing, or done by it; everything that the detector finds where there is none.
    pub about: Option<NodeKey>,
    /// Until when, by the clock of whoever takes the findings in.
    pub until: Time,
    /// Who wants it, as `identity:person/<e-mail>`.
    pub by: NodeKey,
    /// Since when.
    pub at: Time,
    /// Why.
    pub because: String,
}

impl Mute {
    /// Its name.
    pub fn id(&self) -> MuteId {
        MuteId::of(&self.detector, self.about.as_ref())
    }

    /// Why it cannot be had at `now`, and what to do; `None` where it can.
    pub fn refusal(&self, now: Time) -> Option<(&'static str, String)> {
        let because = self.because.trim();
        if !(self.by.kind() == NodeKind::Identity && self.by.system() == "person") {
            return Some(("only a person mutes", "log in, or say who with an e-mail address".to_owned()));
        }
        if because.is_empty() || because.len() > REASON_BYTES_MAX {
            return Some((
                "a mute needs a reason",
                format!("say why in 1 to {REASON_BYTES_MAX} bytes; the ledger keeps it"),
            ));
        }
        if self.until <= now {
            return Some(("the mute is over before it begins", "say a time to come".to_owned()));
        }
        (self.until > now.plus_seconds(DAYS_MAX * 86_400))
            .then(|| ("the mute is too long", format!("no mute lasts more than {DAYS_MAX} days; it can be said again")))
    }

    /// Whether it lasts at `now` and speaks of `finding`.
    pub fn names(&self, finding: &Finding, now: Time) -> bool {
        let about = match &self.about {
            Some(key) => [&finding.subject, &finding.actor].into_iter().flatten().any(|one| one == key),
            None => !needs_a_name(finding.signal, finding.severity),
        };
        now < self.until && finding.detector == self.detector && about
    }
}

/// Whether what a detector finds is too grave to be muted for everything that it may be about.
pub fn needs_a_name(signal: Signal, severity: Severity) -> bool {
    signal == Signal::Tripwire || severity == Severity::Critical
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::tests::finding;

    fn mute(about: Option<NodeKey>) -> Mute {
        Mute {
            detector: "noisy".into(),
            about,
            until: Time::from_seconds(86_400),
            by: NodeKey::identity("person", "ada@example.com"),
            at: Time(0),
            because: "a migration".into(),
        }
    }

    #[test]
    fn it_speaks_of_its_detector_its_thing_and_its_time_alone() {
        let (one, other) = (NodeKey::credential("aws", "AKIA1"), NodeKey::credential("aws", "AKIA2"));
        let now = Time(0);
        let about = |key: &NodeKey| finding("noisy", Signal::Watch, key, 1);
        assert!(mute(Some(one.clone())).names(&about(&one), now));
        assert!(!mute(Some(one.clone())).names(&about(&other), now));
        let by = Finding { actor: Some(one.clone()), ..about(&other) };
        assert!(mute(Some(one.clone())).names(&by, now), "what it did counts as well");
        assert!(mute(None).names(&about(&other), now));
        assert!(!mute(None).names(&finding("other", Signal::Watch, &one, 1), now));
        assert!(!mute(None).names(&about(&one), Time::from_seconds(86_400)), "it is over");
    }

    #[test]
    fn a_tripwire_or_what_is_critical_is_muted_for_a_named_thing_alone() {
        let key = NodeKey::credential("aws", "AKIA1");
        let trips = finding("noisy", Signal::Tripwire, &key, 1);
        let critical = Finding { severity: Severity::Critical, ..finding("noisy", Signal::Watch, &key, 1) };
        for grave in [trips, critical] {
            assert!(!mute(None).names(&grave, Time(0)));
            assert!(mute(Some(key.clone())).names(&grave, Time(0)));
        }
    }

    #[test]
    fn it_is_a_persons_has_a_reason_and_an_end() {
        let now = Time(0);
        assert_eq!(mute(None).refusal(now), None);
        let longest = Mute { until: Time::from_seconds(DAYS_MAX * 86_400), ..mute(None) };
        assert_eq!(longest.refusal(now), None);
        let refused = [
            Mute { until: longest.until.plus_seconds(1), ..mute(None) },
            Mute { until: now, ..mute(None) },
            Mute { because: " ".into(), ..mute(None) },
            Mute { because: "x".repeat(REASON_BYTES_MAX + 1), ..mute(None) },
            Mute { by: NodeKey::identity("service", "cron"), ..mute(None) },
        ];
        for one in refused {
            assert!(one.refusal(now).is_some(), "{one:?}");
        }
    }
}
