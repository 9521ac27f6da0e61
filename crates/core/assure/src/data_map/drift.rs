//! What is other on one data map than on an earlier one: copies, reach and shares that are new, and what is gone.

use super::{ClassMap, DataPlace};
use firebreak_model::{DataClass, NodeKey, Party};
use serde::Serialize;
use std::collections::BTreeMap;

/// One difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum DataChange {
    /// A class lies where it did not.
    Copy {
        /// What.
        class: DataClass,
        /// Where.
        resource: NodeKey,
        /// How much.
        records: u64,
    },
    /// A class lies no more where it did, as far as the later inventory tells.
    Gone {
        /// What.
        class: DataClass,
        /// Where.
        resource: NodeKey,
    },
    /// More identities of a party can reach it, alone or with what else they would need.
    Reach {
        /// What.
        class: DataClass,
        /// Where.
        resource: NodeKey,
        /// Which party.
        party: Party,
        /// How many could.
        before: u64,
        /// How many can.
        after: u64,
    },
    /// Anybody can reach it who could not.
    Share {
        /// What.
        class: DataClass,
        /// Where.
        resource: NodeKey,
    },
}

type Places<'m> = BTreeMap<(&'m DataClass, &'m NodeKey), &'m DataPlace>;

fn places(map: &[ClassMap]) -> Places<'_> {
    map.iter().flat_map(|class| class.places.iter().map(|place| ((&class.class, &place.resource), place))).collect()
}

fn helped(place: &DataPlace, party: Party) -> u64 {
    place.reach.iter().find(|reachers| reachers.party == party).map_or(0, |reachers| reachers.helped)
}

/// What `after` has that `before` had not, and what is gone, ordered. A copy that is new is told as such: of its reach all is new.
pub fn data_drift(before: &[ClassMap], after: &[ClassMap]) -> Vec<DataChange> {
    let (before, after) = (places(before), places(after));
    let mut changes = Vec::new();
    for ((class, resource), place) in &after {
        let (class, resource) = (|| (*class).clone(), || (*resource).clone());
        let was = before.get(&(&class(), &resource())).copied();
        if was.is_none() {
            changes.push(DataChange::Copy { class: class(), resource: resource(), records: place.records });
        }
        for party in Party::ALL {
            let (had, has) = (was.map_or(0, |was| helped(was, party)), helped(place, party));
            if party == Party::Anyone && had == 0 && has > 0 {
                changes.push(DataChange::Share { class: class(), resource: resource() });
            } else if was.is_some() && has > had {
                let (class, resource) = (class(), resource());
                changes.push(DataChange::Reach { class, resource, party, before: had, after: has });
            }
        }
    }
    for (class, resource) in before.keys().filter(|place| !after.contains_key(*place)) {
        changes.push(DataChange::Gone { class: (*class).clone(), resource: (*resource).clone() });
    }
    changes.sort();
    changes
}
