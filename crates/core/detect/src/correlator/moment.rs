//! What the stateful stages keep of an event while it waits for its turn: everything they will ask, and not the record.

mod feeds;
mod lately;
mod values;

use crate::behaviour::deed::{Deed, Lexicon};
use crate::rules::{RuleIndex, Rules};
pub(crate) use feeds::{Feeds, Room};
use firebreak_model::{Event, EventUid, Finding, NodeKey, Text};
pub(crate) use lately::Lately;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// One event, reduced.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Moment {
    /// Its name.
    pub(crate) uid: EventUid,
    /// When, in microseconds.
    pub(crate) at: i64,
    /// Whom it is about.
    pub(crate) parties: Parties,
    /// What was done, by what kind of client, in which session.
    pub(crate) deed: Deed,
    /// From which outside address.
    pub(crate) address: Option<IpAddr>,
    /// Bytes that left; nothing where the operation was not done.
    pub(crate) bytes: u64,
    /// Records that were read; nothing where the operation was not done.
    pub(crate) records: u64,
    /// Rules that raise findings of their own.
    pub(crate) rules: Vec<RuleIndex>,
    /// Correlations that it counts for.
    pub(crate) hits: Vec<Hit>,
}

/// Who and what an event is about.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Parties {
    /// With which credential.
    pub(crate) credential: Option<NodeKey>,
    /// Who.
    pub(crate) actor: Option<NodeKey>,
    /// Where it ran.
    pub(crate) environment: Option<NodeKey>,
    /// On what.
    pub(crate) target: Option<NodeKey>,
}

/// An event counts for a correlation.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Hit {
    /// The correlation's place.
    pub(crate) correlation: usize,
    /// Which of its references.
    pub(crate) position: usize,
    /// Only if this earlier correlation fires on the same event.
    pub(crate) if_fires: Option<usize>,
    /// The key.
    pub(crate) key: Text,
    /// Values to count or measure.
    pub(crate) values: Vec<Text>,
}

impl Moment {
    /// What of `event` must be remembered. Missing keys are counted in `missing`.
    pub(crate) fn of(
        event: &Event,
        matches: &[RuleIndex],
        feeds: &Feeds,
        rules: &Rules,
        lexicon: &mut Lexicon,
        missing: &mut u64,
    ) -> Moment {
        let keys = &event.keys;
        let deed = lexicon.deed(event);
        let done = deed.done;
        let emits = |index: &&RuleIndex| rules.detection(**index).is_some_and(|rule| rule.emits);
        Moment {
            uid: event.uid,
            at: event.time.0,
            parties: Parties::of(event, &mut lexicon.parties),
            deed,
            address: keys.address.map(|address| address.to_canonical()),
            bytes: keys.bytes.filter(|_| done).unwrap_or(0),
            records: keys.records.filter(|_| done).unwrap_or(0),
            rules: matches.iter().filter(emits).copied().collect(),
            hits: feeds.hits(event, matches, &mut lexicon.room, missing),
        }
    }

    /// Bytes that it takes, about.
    pub(crate) fn bytes_held(&self) -> usize {
        let hits: usize = self.hits.iter().map(|hit| size_of::<Hit>() + hit.key.len() + hit.values.len() * 48).sum();
        size_of::<Moment>() + 160 + self.rules.len() * 4 + hits
    }
}

impl Parties {
    /// Those of `event`.
    fn of(event: &Event, lately: &mut Lately<NodeKey>) -> Parties {
        let keys = &event.keys;
        let mut known = |key: &Option<NodeKey>| key.as_ref().map(|key| lately.shared(key));
        Parties {
            credential: known(&keys.credential),
            actor: known(&keys.actor),
            environment: known(&keys.environment),
            target: known(&keys.target),
        }
    }

    /// Whom a finding of this kind is about.
    pub(crate) fn subject(&self, kind: crate::rules::SubjectKind) -> Option<NodeKey> {
        use crate::rules::SubjectKind;
        let first = match kind {
            SubjectKind::Usual | SubjectKind::Credential => &self.credential,
            SubjectKind::Actor => &self.actor,
            SubjectKind::Environment => &self.environment,
            SubjectKind::Target => &self.target,
        };
        [first, &self.credential, &self.actor, &self.environment].into_iter().flatten().next().cloned()
    }

    /// The credential, else the actor.
    pub(crate) fn holder(&self) -> Option<&NodeKey> {
        self.credential.as_ref().or(self.actor.as_ref())
    }
}

/// Findings name at most so many events.
pub(crate) const EVENTS_MAX: usize = 100;

/// Orders findings of one call: by time, then id.
pub(crate) fn in_order(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
}
