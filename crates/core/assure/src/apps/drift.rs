//! What is new or other among apps between two inventories, and where they come from.

use super::App;
use firebreak_model::{NodeKey, Text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One difference.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// It was not there.
    New {
        /// Which.
        key: NodeKey,
    },
    /// It is there no more.
    Gone {
        /// Which.
        key: NodeKey,
    },
    /// It was given something.
    Scope {
        /// Which.
        key: NodeKey,
        /// What.
        scope: Text,
    },
    /// It was let at something.
    On {
        /// Which.
        key: NodeKey,
        /// At what.
        thing: NodeKey,
    },
    /// Somebody let it in.
    Consent {
        /// Which.
        key: NodeKey,
        /// Who.
        by: NodeKey,
    },
    /// It reaches a class of data that it did not.
    Reach {
        /// Which.
        key: NodeKey,
        /// What class.
        class: Text,
    },
    /// It has a credential that it had not.
    Credential {
        /// Which.
        key: NodeKey,
        /// Which credential.
        credential: NodeKey,
    },
    /// Somebody else publishes it.
    Publisher {
        /// Which.
        key: NodeKey,
        /// Who did.
        before: Text,
        /// Who does.
        after: Text,
    },
}

/// What `after` has that `before` had not, and what is gone. Those that only logs show are in neither inventory and left out.
pub fn drift(before: &[App], after: &[App]) -> BTreeSet<Change> {
    let of = |apps: &'_ [App]| -> BTreeMap<NodeKey, App> {
        apps.iter().filter(|app| !app.shadow).map(|app| (app.key.clone(), app.clone())).collect()
    };
    let (before, after) = (of(before), of(after));
    let mut changes = BTreeSet::new();
    for (key, app) in &after {
        let key = || key.clone();
        let Some(was) = before.get(&app.key) else {
            changes.insert(Change::New { key: key() });
            continue;
        };
        changes
            .extend(app.scopes.difference(&was.scopes).map(|scope| Change::Scope { key: key(), scope: scope.clone() }));
        changes.extend(app.on.difference(&was.on).map(|thing| Change::On { key: key(), thing: thing.clone() }));
        let consents = app.consented.iter().filter(|by| !was.consented.contains(by));
        changes.extend(consents.map(|by| Change::Consent { key: key(), by: by.clone() }));
        let classes = app.reach.keys().filter(|class| !was.reach.contains_key(*class));
        changes.extend(classes.map(|class| Change::Reach { key: key(), class: class.clone() }));
        // Whom an inventory did not name before is not new.
        if let (Some(before), Some(after)) = (&was.publisher, &app.publisher)
            && before != after
        {
            changes.insert(Change::Publisher { key: key(), before: before.clone(), after: after.clone() });
        }
        let credentials = app.credentials.difference(&was.credentials);
        changes.extend(credentials.map(|one| Change::Credential { key: key(), credential: one.clone() }));
    }
    changes.extend(before.keys().filter(|key| !after.contains_key(*key)).map(|key| Change::Gone { key: key.clone() }));
    changes
}
