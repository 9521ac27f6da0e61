//! Custody: which people's records of which class lie where, why, until when and in whose hands; and what was deleted.
//!
//! The owner declares it in a register; the map says what lies where. What lies somewhere undeclared, what is kept too long and
//! what is said to be deleted and is not, shows where the two differ. No record is stored here, and none is read.

pub mod register;

use crate::duty::is_personal;
use firebreak_model::{DataClass, EdgeKind, Fact, NodeKey, Time};
use register::Record;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400;

/// Why, how long and by whom records are kept, as the register says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// What they are for.
    pub purpose: String,
    /// On which basis in law.
    pub basis: String,
    /// Who answers for them.
    pub owner: String,
    /// Others who hold or handle them.
    pub processors: Vec<String>,
    /// How long a record is kept, in days.
    pub retention_days: u32,
    /// When the oldest one came, where the register says.
    pub oldest: Option<Time>,
}

/// Records of a class at one place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// Where.
    pub resource: NodeKey,
    /// Which class.
    pub class: DataClass,
    /// How many.
    pub records: u64,
    /// On which terms; `None` for a place that nobody declared: a copy.
    pub terms: Option<Terms>,
    /// Since when the oldest record should be gone, if it should.
    pub overdue_since: Option<Time>,
}

/// How a declared deletion stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// An inventory held the place until then, and a complete one no longer does.
    Proven,
    /// An inventory still holds it.
    Contradicted,
    /// No inventory ever held it: nothing shows that it was there, or is gone.
    Unseen,
}

/// A deletion that the register declares, at one place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deletion {
    /// Where.
    pub resource: NodeKey,
    /// Of which class.
    pub class: DataClass,
    /// When, as the register says.
    pub declared: Time,
    /// How it stands.
    pub proof: Proof,
    /// When an inventory last held it, and no longer did.
    pub gone_since: Option<Time>,
}

/// What the register and the map come to.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Custody {
    /// People's records that lie somewhere, by class and place.
    pub kept: Vec<Kept>,
    /// Deletions that were declared.
    pub deletions: Vec<Deletion>,
    /// Places that the register names and where no inventory shows that class: elsewhere, gone, or not looked at.
    pub unseen: Vec<(NodeKey, DataClass)>,
}

impl Custody {
    /// Places that nobody declared.
    pub fn undeclared(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(|kept| kept.terms.is_none())
    }

    /// Places where something should be gone.
    pub fn overdue(&self) -> impl Iterator<Item = &Kept> {
        self.kept.iter().filter(|kept| kept.overdue_since.is_some())
    }
}

/// Holds `register` against what `facts` say lies where at `at`.
pub fn custody(register: &[Record], facts: &[Fact], at: Time) -> Custody {
    let places = places(facts, at);
    let mut custody = Custody::default();
    let mut met = BTreeSet::new();
    for ((class, resource), place) in &places {
        let Some(records) = place.records else { continue };
        // A deletion declares that nothing is kept: what is there is then undeclared.
        let own = register.iter().enumerate().find(|(_, one)| one.deleted.is_none() && one.covers(class, resource));
        let terms = own.map(|(_, one)| one.terms.clone());
        met.extend(own.map(|(number, _)| number));
        let overdue_since = terms.as_ref().and_then(|terms| overdue(terms, at));
        let (class, resource) = ((*class).clone(), (*resource).clone());
        custody.kept.push(Kept { resource, class, records, terms, overdue_since });
    }
    for (number, record) in register.iter().enumerate() {
        match record.deleted {
            Some(declared) => custody.deletions.extend(deletions(record, declared, &places)),
            None if !met.contains(&number) => {
                custody.unseen.extend(record.exact().map(|resource| (resource, record.class.clone())));
            }
            None => {}
        }
    }
    custody
}

/// Since when the oldest record is kept too long.
fn overdue(terms: &Terms, at: Time) -> Option<Time> {
    let end = terms.oldest?.plus_seconds(i64::from(terms.retention_days) * DAY);
    (end <= at).then_some(end)
}

/// What inventories say of one class at one place.
struct Held {
    /// How many there are now; `None` if none.
    records: Option<u64>,
    /// When it was last said to be there, where that ended.
    until: Option<Time>,
}

fn places(facts: &[Fact], at: Time) -> BTreeMap<(&DataClass, &NodeKey), Held> {
    let mut places: BTreeMap<(&DataClass, &NodeKey), Held> = BTreeMap::new();
    for fact in facts {
        let Fact::Edge(edge) = fact else { continue };
        let Some(holding) = edge.holding.as_ref().filter(|holding| is_personal(&holding.class)) else { continue };
        if edge.kind != EdgeKind::Holds || edge.valid.from > at {
            continue;
        }
        let held = places.entry((&holding.class, &edge.from)).or_insert(Held { records: None, until: None });
        if edge.valid.contains(at) {
            held.records = Some(held.records.unwrap_or_default().saturating_add(holding.records));
        } else {
            held.until = held.until.max(Some(edge.valid.to));
        }
    }
    places
}

/// How a declared deletion stands at each place that it covers.
fn deletions(record: &Record, declared: Time, places: &BTreeMap<(&DataClass, &NodeKey), Held>) -> Vec<Deletion> {
    let known = places.iter().filter(|((class, resource), _)| record.covers(class, resource));
    let mut found: Vec<Deletion> = known
        .map(|((class, resource), held)| Deletion {
            resource: (*resource).clone(),
            class: (*class).clone(),
            declared,
            proof: if held.records.is_some() { Proof::Contradicted } else { Proof::Proven },
            gone_since: held.until.filter(|_| held.records.is_none()),
        })
        .collect();
    for resource in record.exact() {
        if !found.iter().any(|deletion| deletion.resource == resource) {
            let class = record.class.clone();
            found.push(Deletion { resource, class, declared, proof: Proof::Unseen, gone_since: None });
        }
    }
    found
}

#[cfg(test)]
mod tests;
