//! One record of an advisory database, whatever its form, as plain data in one spelling.
//!
//! It is not an advisory: records about the same thing become one in `join`.

use crate::affects::{Answer, affects};
use firebreak_model::{Position, Problem, Text, Time};
use firebreak_package::Ecosystem;
use std::collections::BTreeMap;

/// Which form a record was written in. One id may have a record of each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Form {
    /// The Open Source Vulnerability format: OSV, GHSA, PYSEC, MAL and many more.
    #[default]
    Osv,
    /// CVE JSON 5.
    Cve,
}

/// How far a statement about versions is to be trusted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Trust {
    /// A structured field that names a package of an ecosystem.
    #[default]
    Record,
    /// A structured field that names a vendor's product, or was written by whoever asked for the number.
    Statement,
    /// Read from the prose of a record, because its structured field says something else.
    Prose,
}

/// One record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Record {
    /// Its id: `MAL-2026-2144`.
    pub id: Text,
    /// What it was written in.
    pub form: Form,
    /// When it last changed.
    pub modified: Option<Time>,
    /// When it was published.
    pub published: Option<Time>,
    /// When it was taken back. It says nothing since then.
    pub withdrawn: Option<Time>,
    /// Whether it speaks of code that was made to harm, not of a mistake.
    pub malicious: bool,
    /// Other ids of the same thing, ordered.
    pub aliases: Vec<Text>,
    /// Ids of other things that have to do with it, ordered.
    pub related: Vec<Text>,
    /// Ids of things that this one follows from, ordered.
    pub upstream: Vec<Text>,
    /// One line.
    pub summary: Text,
    /// Scores and vectors as written, ordered.
    pub severity: Vec<Text>,
    /// What it says of packages.
    pub affected: Vec<Affected>,
    /// What gives the malware away.
    pub indicators: Vec<Indicator>,
    /// Where the record disagrees with itself, one sentence each.
    pub conflicts: Vec<Text>,
}

/// A host, address, URL or digest that belongs to malware.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Indicator {
    /// The record's own word: `domains`, `ips`, `urls`.
    pub kind: Text,
    /// The value.
    pub value: Text,
}

/// What a record says of the versions of one package.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Affected {
    /// As written, a distribution's release included: `Debian:12`. `CVE` for a vendor's product, `GIT` for a repository.
    pub ecosystem: Text,
    /// In the ecosystem's own spelling.
    pub name: Text,
    /// How far to trust it.
    pub trust: Trust,
    /// Ranges of versions.
    pub ranges: Vec<Range>,
    /// Versions one by one, ordered; without those that are in a range as well.
    pub versions: Vec<Text>,
}

/// What orders the versions of a range.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum RangeKind {
    /// The ecosystem.
    #[default]
    Ecosystem,
    /// Semantic Versioning, whatever the ecosystem.
    Semver,
    /// The history of a repository, which is not known here.
    Git,
}

/// Versions between events.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Range {
    /// The order.
    pub kind: RangeKind,
    /// The events, as written.
    pub events: Vec<Event>,
}

/// What happens at a version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Bound {
    /// From here on affected; `0` is before everything.
    Introduced,
    /// From here on no longer.
    Fixed,
    /// Affected until here, this one included.
    LastAffected,
    /// The range speaks of nothing from here on.
    Limit,
}

/// An event of a range.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Event {
    /// What happens.
    pub bound: Bound,
    /// At which version or commit.
    pub version: Text,
}

impl Bound {
    /// The schema's word.
    pub const fn word(self) -> &'static str {
        match self {
            Bound::Introduced => "introduced",
            Bound::Fixed => "fixed",
            Bound::LastAffected => "last_affected",
            Bound::Limit => "limit",
        }
    }
}

impl Affected {
    /// The ecosystem without a distribution's release.
    pub fn family(&self) -> Ecosystem {
        Ecosystem::of(&self.ecosystem)
    }
}

impl Record {
    /// Whether it still says something.
    pub fn speaks(&self) -> bool {
        self.withdrawn.is_none()
    }

    /// Brings the record into the one spelling that everything else relies on: lists in order and without doubles, names
    /// as their ecosystems spell them, versions that a range holds as well left out.
    pub(crate) fn settle(&mut self) {
        let own = self.id.clone();
        for list in [&mut self.aliases, &mut self.related, &mut self.upstream] {
            list.retain(|id| *id != own && !id.is_empty());
            list.sort_unstable();
            list.dedup();
        }
        self.severity.sort_unstable();
        self.severity.dedup();
        self.indicators.sort_unstable();
        self.indicators.dedup();
        self.conflicts.sort_unstable();
        self.conflicts.dedup();
        for affected in &mut self.affected {
            let family = affected.family();
            affected.name = Text::new(family.canonical(&affected.name));
            affected.ranges.dedup();
            affected.versions.sort_unstable();
            affected.versions.dedup();
            leave_out_covered(affected);
        }
        self.affected.sort_unstable();
        self.affected.dedup();
    }
}

/// A database that lists every version between two events says the same thing twice, and at length.
fn leave_out_covered(affected: &mut Affected) {
    if affected.ranges.iter().all(|range| range.kind == RangeKind::Git) {
        return;
    }
    let mut versions = std::mem::take(&mut affected.versions);
    versions.retain(|version| affects(affected, version) != Answer::Affected);
    affected.versions = versions;
}

/// The newest of the records that have one id and form, by id. What was given up is a problem where it was not the same.
pub fn newest(records: Vec<Record>, problems: &mut Vec<Problem>) -> Vec<Record> {
    let mut by_id: BTreeMap<(Text, Form), Record> = BTreeMap::new();
    for record in records {
        let key = (record.id.clone(), record.form);
        let Some(have) = by_id.get_mut(&key) else {
            by_id.insert(key, record);
            continue;
        };
        if *have == record {
            continue;
        }
        // The same instant and not the same words: the order of arrival must not decide.
        let same_time = have.modified == record.modified;
        if same_time {
            problems.push(Problem {
                source: Text::new_static("advisory"),
                position: Position { input: record.id.to_string(), ..Position::default() },
                reason: "two records have this id and the same `modified`, and say different things".to_owned(),
                hint: "one of them is kept; read both".to_owned(),
            });
        }
        if (record.modified, &record) > (have.modified, have) {
            *have = record;
        }
    }
    by_id.into_values().collect()
}
