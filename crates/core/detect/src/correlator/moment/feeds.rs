//! Which correlations an event counts for, and under which key.

use super::{Hit, Lately};
use crate::field::{Field, Found};
use crate::rules::{Correlation, Reference, RuleIndex, Rules};
use firebreak_model::{Event, EventUid, Text};

/// Values of one field of one event that are counted; no honest record has more.
const VALUES_MAX: usize = 256;
/// Longer texts are known by a digest, so that state stays small whatever an attacker sends.
const TEXT_MAX: usize = 256;

/// A rule, or a correlation, counts for a correlation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Feed {
    /// For which.
    correlation: usize,
    /// As which of its references.
    position: usize,
    /// Only if this earlier correlation fires on the same event.
    if_fires: Option<usize>,
    /// By which fields it groups.
    group: usize,
}

/// Which correlations each rule counts for.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    by_rule: Vec<Vec<Feed>>,
    /// By correlation: those that refer to it.
    by_correlation: Vec<Vec<Feed>>,
    /// The different lists of fields to group by; most correlations share theirs with others.
    groups: Vec<Vec<Field>>,
}

/// Room to work in, so that an event costs no allocation of its own.
#[derive(Debug, Default)]
pub(crate) struct Room {
    open: Vec<Feed>,
    /// The keys of this event, by group.
    keys: Vec<(usize, Option<Text>)>,
    text: String,
    lately: Lately<Text>,
}

impl Feeds {
    pub(crate) fn new(rules: &Rules) -> Feeds {
        let mut feeds = Feeds {
            by_rule: vec![Vec::new(); rules.detections().len()],
            by_correlation: vec![Vec::new(); rules.correlations().len()],
            groups: Vec::new(),
        };
        for (place, correlation) in rules.correlations().iter().enumerate() {
            for (position, reference) in correlation.references.iter().enumerate() {
                let group = feeds.group(correlation, position);
                let (list, if_fires) = match reference {
                    Reference::Detection(index) => (feeds.by_rule.get_mut(index.0 as usize), None),
                    Reference::Correlation(lower) => (feeds.by_correlation.get_mut(*lower), Some(*lower)),
                };
                if let Some(list) = list {
                    list.push(Feed { correlation: place, position, if_fires, group });
                }
            }
        }
        feeds
    }

    /// The place of the fields by which `correlation` groups what completes this reference.
    fn group(&mut self, correlation: &Correlation, position: usize) -> usize {
        let fields: Vec<Field> =
            correlation.group_by.iter().map(|group| group.for_reference(position).clone()).collect();
        self.groups.iter().position(|known| *known == fields).unwrap_or_else(|| {
            self.groups.push(fields);
            self.groups.len() - 1
        })
    }

    /// What `event` counts for, ordered so that a correlation comes after those that it refers to.
    pub(super) fn hits(
        &self,
        event: &Event,
        matches: &[RuleIndex],
        rules: &Rules,
        room: &mut Room,
        missing: &mut u64,
    ) -> Vec<Hit> {
        let Room { open, keys, .. } = room;
        open.clear();
        keys.clear();
        open.extend(matches.iter().filter_map(|index| self.by_rule.get(index.0 as usize)).flatten());
        if open.is_empty() {
            return Vec::new();
        }
        self.follow(open);
        let mut hits = Vec::with_capacity(open.len());
        for at in 0..room.open.len() {
            let Some(feed) = room.open.get(at).copied() else { break };
            let Some(correlation) = rules.correlations().get(feed.correlation) else { continue };
            let Some(key) = self.key(event, feed.group, room) else {
                *missing += 1;
                continue;
            };
            hits.push(Hit {
                correlation: feed.correlation,
                position: feed.position,
                if_fires: feed.if_fires,
                key,
                values: counted_values(event, correlation),
            });
        }
        hits
    }

    /// What may fire on an event may in turn count for others.
    fn follow(&self, open: &mut Vec<Feed>) {
        let mut at = 0;
        while let Some(feed) = open.get(at).copied() {
            let seen_before = open.iter().take(at).any(|other| other.correlation == feed.correlation);
            at += 1;
            if let (false, Some(upper)) = (seen_before, self.by_correlation.get(feed.correlation)) {
                open.extend(upper);
            }
        }
        open.sort_unstable();
    }

    /// The key of an event in a group: every field's first value, each with its length so that no two keys run together.
    /// `None` where a field has no value: such an event does not correlate.
    fn key(&self, event: &Event, group: usize, room: &mut Room) -> Option<Text> {
        if let Some((_, key)) = room.keys.iter().find(|(known, _)| *known == group) {
            return key.clone();
        }
        let key = self.groups.get(group).and_then(|fields| key_of(event, fields, &mut room.text, &mut room.lately));
        room.keys.push((group, key.clone()));
        key
    }
}

fn key_of(event: &Event, fields: &[Field], key: &mut String, lately: &mut Lately<Text>) -> Option<Text> {
    key.clear();
    let mut buffer = String::new();
    for field in fields {
        let empty = key.len();
        field.values(event, &mut |found| {
            if let (true, Found::Scalar(scalar)) = (key.len() == empty, found) {
                let text = scalar.text(&mut buffer);
                push_number(key, text.len());
                key.push(':');
                key.push_str(text);
                key.push(';');
            }
        });
        if key.len() == empty {
            return None;
        }
    }
    Some(if key.len() <= TEXT_MAX { lately.text(key) } else { bounded(key) })
}

/// Digits, without what the formatting of any number by any format costs.
fn push_number(text: &mut String, number: usize) {
    if number >= 10 {
        push_number(text, number / 10);
    }
    text.push((b'0' + (number % 10) as u8) as char);
}

fn counted_values(event: &Event, correlation: &Correlation) -> Vec<Text> {
    let Some(field) = correlation.kind.field() else { return Vec::new() };
    let mut values = Vec::new();
    let mut buffer = String::new();
    field.values(event, &mut |found| {
        if let (Found::Scalar(scalar), true) = (found, values.len() < VALUES_MAX) {
            if values.is_empty() {
                values.reserve_exact(1);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_one_writes_them() {
        for number in [0, 9, 10, 99, 100, 12_345, 65_536] {
            let mut text = String::new();
            push_number(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }
}
