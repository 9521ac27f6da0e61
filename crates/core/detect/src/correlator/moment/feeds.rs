//! Which correlations an event counts for, and under which key.

use super::values::Values;
use super::{Hit, Lately};
use crate::field::Field;
use crate::rules::{Correlation, Reference, RuleIndex, Rules};
use firebreak_model::{Event, EventUid, Text};

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
    /// The list of fields whose values it counts or measures; an empty one where it counts events.
    counted: usize,
}

/// Which correlations each rule counts for.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    by_rule: Vec<Vec<Feed>>,
    /// By correlation: those that refer to it.
    by_correlation: Vec<Vec<Feed>>,
    /// All different fields that are grouped by or counted.
    fields: Vec<Field>,
    /// The different lists of fields to group by or to count; most correlations share theirs with others.
    lists: Vec<Vec<usize>>,
}

/// Room to work in, so that an event costs no allocation of its own.
#[derive(Debug, Default)]
pub(crate) struct Room {
    open: Vec<Feed>,
    /// The keys of this event, by group.
    keys: Vec<(usize, Option<Text>)>,
    /// What its fields hold.
    values: Values,
    text: String,
    lately: Lately<Text>,
}

impl Feeds {
    pub(crate) fn new(rules: &Rules) -> Feeds {
        let mut feeds = Feeds {
            by_rule: vec![Vec::new(); rules.detections().len()],
            by_correlation: vec![Vec::new(); rules.correlations().len()],
            ..Feeds::default()
        };
        for (place, correlation) in rules.correlations().iter().enumerate() {
            let counted = feeds.list(correlation.kind.fields());
            for (position, reference) in correlation.references.iter().enumerate() {
                let group = feeds.group(correlation, position);
                let (list, if_fires) = match reference {
                    Reference::Detection(index) => (feeds.by_rule.get_mut(index.0 as usize), None),
                    Reference::Correlation(lower) => (feeds.by_correlation.get_mut(*lower), Some(*lower)),
                };
                if let Some(list) = list {
                    list.push(Feed { correlation: place, position, if_fires, group, counted });
                }
            }
        }
        feeds
    }

    /// The place of the fields by which `correlation` groups what completes this reference.
    fn group(&mut self, correlation: &Correlation, position: usize) -> usize {
        self.list(correlation.group_by.iter().map(|group| group.for_reference(position)))
    }

    fn list<'f>(&mut self, fields: impl IntoIterator<Item = &'f Field>) -> usize {
        let fields: Vec<usize> = fields.into_iter().map(|field| self.field(field)).collect();
        self.lists.iter().position(|known| *known == fields).unwrap_or_else(|| {
            self.lists.push(fields);
            self.lists.len() - 1
        })
    }

    fn field(&mut self, field: &Field) -> usize {
        self.fields.iter().position(|known| known == field).unwrap_or_else(|| {
            self.fields.push(field.clone());
            self.fields.len() - 1
        })
    }

    /// What `event` counts for, ordered so that a correlation comes after those that it refers to.
    pub(super) fn hits(&self, event: &Event, matches: &[RuleIndex], room: &mut Room, missing: &mut u64) -> Vec<Hit> {
        let Room { open, keys, values, text, lately } = room;
        open.clear();
        keys.clear();
        open.extend(matches.iter().filter_map(|index| self.by_rule.get(index.0 as usize)).flatten());
        if open.is_empty() {
            return Vec::new();
        }
        self.follow(open);
        let list = |list: usize| self.lists.get(list).map_or(&[][..], Vec::as_slice);
        let wanted = open.iter().flat_map(|feed| list(feed.group).iter().chain(list(feed.counted)));
        values.read(event, &self.fields, wanted.copied());
        let mut hits = Vec::with_capacity(open.len());
        for feed in open.iter() {
            let known = keys.iter().find(|(group, _)| *group == feed.group).map(|(_, key)| key.clone());
            let key = known.unwrap_or_else(|| {
                let key = key_of(values, list(feed.group), text, lately);
                keys.push((feed.group, key.clone()));
                key
            });
            let Some(key) = key else {
                *missing += 1;
                continue;
            };
            hits.push(Hit {
                correlation: feed.correlation,
                position: feed.position,
                if_fires: feed.if_fires,
                key,
                values: match list(feed.counted) {
                    [] => Vec::new(),
                    [field] => values.of(*field).map(bounded).collect(),
                    several => key_of(values, several, text, lately).into_iter().collect(),
                },
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
}

/// The key of an event in a group: every field's first value, each with its length so that no two keys run together.
/// `None` where a field has no value: such an event does not correlate.
fn key_of(values: &Values, fields: &[usize], key: &mut String, lately: &mut Lately<Text>) -> Option<Text> {
    key.clear();
    for field in fields {
        let text = values.of(*field).next()?;
        push_number(key, text.len());
        key.push(':');
        key.push_str(text);
        key.push(';');
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
