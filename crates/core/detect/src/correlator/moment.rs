//! What the stateful stages keep of an event while it waits for its turn: everything they will ask, and not the record.

use crate::behaviour::deed::{Deed, Lexicon};
use crate::field::Found;
use crate::rules::{Correlation, GroupField, Reference, RuleIndex, Rules};
use firebreak_model::{Event, EventUid, Finding, NodeKey, Text};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
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

/// Values of one field of one event that are counted; no honest record has more.
const VALUES_MAX: usize = 256;
/// Longer texts are known by a digest, so that state stays small whatever an attacker sends.
const TEXT_MAX: usize = 256;

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
            parties: Parties::of(event),
            deed,
            address: keys.address.map(|address| address.to_canonical()),
            bytes: keys.bytes.filter(|_| done).unwrap_or(0),
            records: keys.records.filter(|_| done).unwrap_or(0),
            rules: matches.iter().filter(emits).copied().collect(),
            hits: feeds.hits(event, matches, rules, missing),
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
    pub(crate) fn of(event: &Event) -> Parties {
        let keys = &event.keys;
        Parties {
            credential: keys.credential.clone(),
            actor: keys.actor.clone(),
            environment: keys.environment.clone(),
            target: keys.target.clone(),
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

/// Which correlations each rule counts for.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    /// By detection rule: correlation and position.
    by_rule: Vec<Vec<(usize, usize)>>,
    /// By correlation: those that refer to it.
    by_correlation: Vec<Vec<(usize, usize)>>,
}

impl Feeds {
    pub(crate) fn new(rules: &Rules) -> Feeds {
        let mut feeds = Feeds {
            by_rule: vec![Vec::new(); rules.detections().len()],
            by_correlation: vec![Vec::new(); rules.correlations().len()],
        };
        for (place, correlation) in rules.correlations().iter().enumerate() {
            for (position, reference) in correlation.references.iter().enumerate() {
                let list = match reference {
                    Reference::Detection(index) => feeds.by_rule.get_mut(index.0 as usize),
                    Reference::Correlation(lower) => feeds.by_correlation.get_mut(*lower),
                };
                if let Some(list) = list {
                    list.push((place, position));
                }
            }
        }
        feeds
    }

    /// What `event` counts for, ordered so that a correlation comes after those that it refers to.
    fn hits(&self, event: &Event, matches: &[RuleIndex], rules: &Rules, missing: &mut u64) -> Vec<Hit> {
        let mut open: Vec<(usize, usize, Option<usize>)> = matches
            .iter()
            .filter_map(|index| self.by_rule.get(index.0 as usize))
            .flatten()
            .map(|(place, position)| (*place, *position, None))
            .collect();
        if open.is_empty() {
            return Vec::new();
        }
        // What may fire on this event may in turn count for others.
        let mut at = 0;
        while let Some((place, _, _)) = open.get(at).copied() {
            at += 1;
            let seen_before = open.iter().take(at - 1).any(|(other, _, _)| *other == place);
            if let (false, Some(upper)) = (seen_before, self.by_correlation.get(place)) {
                open.extend(upper.iter().map(|(upper, position)| (*upper, *position, Some(place))));
            }
        }
        open.sort_unstable();
        open.into_iter()
            .filter_map(|(place, position, if_fires)| {
                let correlation = rules.correlations().get(place)?;
                let Some(key) = group_key(event, &correlation.group_by, position) else {
                    *missing += 1;
                    return None;
                };
                let values = counted_values(event, correlation);
                Some(Hit { correlation: place, position, if_fires, key, values })
            })
            .collect()
    }
}

/// The key of an event: every group field's first value, each with its length so that no two keys run together. `None`
/// where a field has no value: such an event does not correlate.
fn group_key(event: &Event, group_by: &[GroupField], position: usize) -> Option<Text> {
    let mut key = String::new();
    for group in group_by {
        let text = group.for_reference(position).first_text(event)?;
        // Writing to a String cannot fail.
        let _ = write!(key, "{}:{text};", text.len());
    }
    Some(bounded(&key))
}

fn counted_values(event: &Event, correlation: &Correlation) -> Vec<Text> {
    let Some(field) = correlation.kind.field() else { return Vec::new() };
    let mut values = Vec::new();
    let mut buffer = String::new();
    field.values(event, &mut |found| {
        if let (Found::Scalar(scalar), true) = (found, values.len() < VALUES_MAX) {
            values.push(bounded(scalar.text(&mut buffer)));
        }
    });
    values
}

fn bounded(text: &str) -> Text {
    if text.len() <= TEXT_MAX {
        Text::new(text)
    } else {
        Text::new(EventUid::of("long text", text.as_bytes()).to_string())
    }
}

/// Orders findings of one call: by time, then id.
pub(crate) fn in_order(findings: &mut [Finding]) {
    findings.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
}
