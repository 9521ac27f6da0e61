//! Records about the same thing become one advisory, with reasons, and with what they disagree about.
//!
//! A join never changes what a record says of a version: it says who else speaks of the same thing. It is a function of
//! the records, whatever their order.

mod disagree;
mod same;

use crate::record::{Form, Record};
use firebreak_model::Text;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Records about one thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Places in the list that was joined: the one that gives the advisory its name first.
    pub members: Vec<usize>,
    /// Why they are one, a sentence each.
    pub reasons: Vec<String>,
    /// What they disagree about, a sentence each.
    pub conflicts: Vec<String>,
}

/// The advisories of more than one record, by their first member's place. `records` must be ordered by id and form, each once.
pub fn join(records: &[Record]) -> Vec<Group> {
    let mut sets = Sets::new(records.len());
    by_aliases(records, &mut sets);
    same::by_versions(records, &mut sets);
    withdrawn(records, &mut sets);
    let Sets { reasons, .. } = &sets;
    let reasons = reasons.clone();
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in 0..records.len() {
        members.entry(sets.root(place)).or_default().push(place);
    }
    let mut why: FxHashMap<usize, Vec<String>> = FxHashMap::default();
    for (place, reason) in reasons {
        why.entry(sets.root(place)).or_default().push(reason);
    }
    let mut groups = Vec::new();
    for (root, mut members) in members {
        if members.len() < 2 {
            continue;
        }
        let mut reasons = why.remove(&root).unwrap_or_default();
        reasons.sort_unstable();
        reasons.dedup();
        let conflicts = disagree::conflicts(records, &members);
        members.sort_by_key(|place| records.get(*place).map(rank));
        groups.push(Group { members, reasons, conflicts });
    }
    groups.sort_by_key(|group| group.members.iter().copied().min());
    groups
}

/// Which record gives an advisory its name: one that speaks, about malware, of a package.
fn rank(record: &Record) -> (bool, bool, u8, Form, Text) {
    let database = match record.id.split('-').next() {
        Some("MAL") => 0,
        Some("GHSA") => 1,
        Some("CVE") => 3,
        _ => 2,
    };
    (!record.speaks(), !record.malicious, database, record.form, record.id.clone())
}

/// Disjoint sets of places, and why they were united.
struct Sets {
    parents: Vec<usize>,
    reasons: Vec<(usize, String)>,
}

impl Sets {
    fn new(count: usize) -> Sets {
        Sets { parents: (0..count).collect(), reasons: Vec::new() }
    }

    fn root(&mut self, place: usize) -> usize {
        let mut at = place;
        while let Some(parent) = self.parents.get(at).copied().filter(|parent| *parent != at) {
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(entry) = self.parents.get_mut(at) {
                *entry = above;
            }
            at = above;
        }
        at
    }

    fn unite(&mut self, a: usize, b: usize, reason: impl FnOnce() -> String) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        // The smaller place is the root: the same for every order of the unions.
        let (root, other) = (a.min(b), a.max(b));
        if let Some(entry) = self.parents.get_mut(other) {
            *entry = root;
        }
        self.reasons.push((root, reason()));
    }
}

/// Records with one id, and those that name one another or a third one.
fn by_aliases(records: &[Record], sets: &mut Sets) {
    // Whose id it is, or who was the first to name it. The ids of records that were taken back are only names.
    let mut known: FxHashMap<&str, (usize, bool)> = FxHashMap::default();
    for (place, record) in records.iter().enumerate().filter(|(_, record)| record.speaks()) {
        match known.get(record.id.as_str()) {
            None => {
                known.insert(&record.id, (place, true));
            }
            Some((first, _)) => sets.unite(*first, place, || format!("two databases have a record `{}`", record.id)),
        }
    }
    for (place, record) in records.iter().enumerate().filter(|(_, record)| record.speaks()) {
        for alias in &record.aliases {
            match known.get(alias.as_str()) {
                Some((other, true)) => {
                    sets.unite(*other, place, || format!("`{}` names `{alias}` as an alias", record.id));
                }
                Some((other, false)) => sets.unite(*other, place, || {
                    let other = records.get(*other).map_or("", |other| other.id.as_str());
                    format!("`{other}` and `{}` both name `{alias}` as an alias", record.id)
                }),
                None => {
                    known.insert(alias, (place, false));
                }
            }
        }
    }
}

/// A record that was taken back says nothing: it stands with the first partner that it or that names it, and joins no two.
fn withdrawn(records: &[Record], sets: &mut Sets) {
    let mut named_by: FxHashMap<&str, usize> = FxHashMap::default();
    for (place, record) in records.iter().enumerate().filter(|(_, record)| record.speaks()) {
        named_by.entry(&record.id).or_insert(place);
        for alias in &record.aliases {
            named_by.entry(alias).or_insert(place);
        }
    }
    for (place, record) in records.iter().enumerate().filter(|(_, record)| !record.speaks()) {
        let own = named_by.get(record.id.as_str());
        let partner = own.or_else(|| record.aliases.iter().find_map(|alias| named_by.get(alias.as_str())));
        if let Some(partner) = partner {
            sets.unite(*partner, place, || format!("`{}` was withdrawn and stands beside its partners", record.id));
        }
    }
}

#[cfg(test)]
mod tests;
