//! What behaviours ask of an event beside its parties and amounts, reduced when it arrives.
//!
//! Operations and user agents come again and again, so what they mean is remembered by their text. A cache that is full
//! is emptied: what it holds can be made again.

use super::agent::Agent;
use super::digest;
use super::operation::{Class, Operation};
use crate::correlator::moment::{Lately, Room};
use firebreak_model::{Event, NodeKey, Outcome, Text};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::Deref;
use std::sync::Arc;

/// What was done, by what kind of client, in which session.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Deed {
    /// Whether it was done, or may have been.
    pub(crate) done: bool,
    /// What was done.
    pub(crate) operation: Shared<Operation>,
    /// By what kind of client.
    pub(crate) agent: Option<Shared<Agent>>,
    /// A digest of the session.
    pub(crate) session: Option<u64>,
    /// For a consent: the most powerful right that is given away.
    pub(crate) scope: Option<Box<Text>>,
}

/// A meaning that many events share.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Shared<T>(Arc<T>);

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Serialize> Serialize for Shared<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::serialize(self, serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Shared<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Shared<T>, D::Error> {
        Ok(Shared(Arc::new(T::deserialize(deserializer)?)))
    }
}

/// Texts remembered of each kind.
const TEXTS_MAX: usize = 4_096;

/// What texts mean.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    /// By system. Few: a list is searched faster than a map.
    operations: Vec<(&'static str, FxHashMap<Text, Shared<Operation>>)>,
    agents: FxHashMap<Text, Option<Shared<Agent>>>,
    /// Whom events were about lately.
    pub(crate) parties: Lately<NodeKey>,
    /// Room to find out what an event counts for.
    pub(crate) room: Room,
}

/// Rights with which an application can read or change what its user, or the whole organisation, has. Lower case.
const POWERFUL: &[&str] = &[
    "full_access_as_app",
    "directory.readwrite.all",
    "rolemanagement.readwrite",
    "application.readwrite.all",
    "approleassignment.readwrite.all",
    "sites.fullcontrol.all",
    "sites.read.all",
    "files.readwrite.all",
    "files.read.all",
    "mail.readwrite",
    "mail.read",
    "mail.send",
    "https://mail.google.com",
    "auth/gmail.readonly",
    "auth/gmail.modify",
    "auth/admin.directory",
    "auth/cloud-platform",
    "auth/drive.readonly",
    "auth/drive\"",
    "auth/drive ",
    "auth/drive,",
    "admin:org",
    "admin:enterprise",
    "delete_repo",
    "okta.users.manage",
    "okta.apps.manage",
    "admin.conversations",
    "channels:history",
    "groups:history",
    "files:read",
    "search:read",
];

impl Lexicon {
    /// What behaviours ask of `event`.
    pub(crate) fn deed(&mut self, event: &Event) -> Deed {
        let keys = &event.keys;
        let operation = self.operation(event.log_source.product, &keys.operation);
        let scope = (operation.class == Class::Consent).then(|| powerful_scope(&event.raw)).flatten().map(Box::new);
        Deed {
            done: matches!(keys.outcome, Outcome::Success | Outcome::Unknown),
            operation,
            agent: keys.user_agent.as_ref().and_then(|text| self.agent(text)),
            session: keys.session.as_ref().map(|session| digest(&[event.source.as_bytes(), session.as_bytes()])),
            scope,
        }
    }

    fn operation(&mut self, system: &'static str, name: &Text) -> Shared<Operation> {
        let place = self.operations.iter().position(|(known, _)| *known == system).unwrap_or_else(|| {
            self.operations.push((system, FxHashMap::default()));
            self.operations.len() - 1
        });
        let Some((_, known)) = self.operations.get_mut(place) else { return Shared::default() };
        if let Some(operation) = known.get(name) {
            return operation.clone();
        }
        let operation = Shared(Arc::new(Operation::of(system, name)));
        if known.len() >= TEXTS_MAX {
            known.clear();
        }
        known.insert(name.clone(), operation.clone());
        operation
    }

    fn agent(&mut self, text: &Text) -> Option<Shared<Agent>> {
        if let Some(agent) = self.agents.get(text) {
            return agent.clone();
        }
        let agent = Agent::of(text).map(|agent| Shared(Arc::new(agent)));
        if self.agents.len() >= TEXTS_MAX {
            self.agents.clear();
        }
        self.agents.insert(text.clone(), agent.clone());
        agent
    }
}

/// Consents are few, so the whole record is searched: every platform has another place for the rights.
fn powerful_scope(raw: &[u8]) -> Option<Text> {
    let lower = raw.to_ascii_lowercase();
    let found = POWERFUL.iter().find(|scope| memchr::memmem::find(&lower, scope.as_bytes()).is_some())?;
    Some(Text::new(found.trim_end_matches(['"', ' ', ','])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_powerful_scope_is_found_wherever_it_stands() {
        let scope = |raw: &str| powerful_scope(raw.as_bytes()).map(|scope| scope.to_string());
        assert_eq!(
            scope(r#"{"a":[{"newValue":"Scope: Mail.ReadWrite offline_access"}]}"#).as_deref(),
            Some("mail.readwrite")
        );
        assert_eq!(scope(r#"{"scope":"https://www.googleapis.com/auth/drive"}"#).as_deref(), Some("auth/drive"));
        assert_eq!(scope(r#"{"scope":"https://www.googleapis.com/auth/drive.file openid profile"}"#), None);
    }
}
