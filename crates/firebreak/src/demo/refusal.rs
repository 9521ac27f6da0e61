//! What the cuts would have refused while the scenario runs. The logs are fixed: they show what happened without
//! Firebreak. So a session that could not have been made any more is not made, and what was done with a credential that
//! had been cut raises no finding. Otherwise one cut would be followed by others against ghosts.

use firebreak_contain::{Derivation, Plan};
use firebreak_model::{EdgeFact, EdgeKind, Fact, Finding, NodeKey, Time};
use std::collections::{BTreeMap, BTreeSet};

/// The cuts in force.
#[derive(Debug, Default)]
pub struct Refusals {
    /// Credentials and identities that deny, from when on.
    cut: BTreeMap<NodeKey, Time>,
    /// Roles whose sessions were denied: issued before, denied from.
    denied_sessions: BTreeMap<NodeKey, Vec<(Time, Time)>>,
    /// Sessions: of which role, issued when.
    sessions: BTreeMap<NodeKey, (NodeKey, Time)>,
    /// Sessions that could not have been made.
    ghosts: BTreeSet<NodeKey>,
    /// The lasting credentials of each identity, as the inventories list them.
    credentials: BTreeMap<NodeKey, BTreeSet<NodeKey>>,
}

impl Refusals {
    /// No cuts yet, over this estate.
    pub fn over(facts: &[Fact]) -> Refusals {
        let mut refusals = Refusals::default();
        for fact in facts {
            if let Fact::Edge(EdgeFact { kind: EdgeKind::Authenticates, from, to, .. }) = fact {
                refusals.credentials.entry(to.clone()).or_default().insert(from.clone());
            }
        }
        refusals
    }

    /// A plan was decided at `at`.
    pub fn decided(&mut self, plan: &Plan, at: Time) {
        for step in plan.steps() {
            let denies = at.plus_seconds(i64::from(step.delay_seconds));
            let target = step.action.target.clone();
            if step.action.responder() == "aws_role_sessions" {
                self.denied_sessions.entry(target).or_default().push((denies, denies));
            } else {
                let end = self.cut.entry(target).or_insert(denies);
                *end = denies.min(*end);
            }
        }
    }

    /// Whether `key` is refused at `at`.
    pub fn refuses(&self, key: &NodeKey, at: Time) -> bool {
        let session_denied = self.sessions.get(key).is_some_and(|(role, issued)| {
            let denials = self.denied_sessions.get(role).into_iter().flatten();
            denials.into_iter().any(|(before, from)| issued < before && *from <= at)
        });
        let is_cut = |key: &NodeKey| self.cut.get(key).is_some_and(|from| *from <= at);
        // Logs that name only an identity: it is refused where nothing is left that it could sign in with.
        let without_any = self.credentials.get(key).is_some_and(|all| all.iter().all(is_cut));
        session_denied || without_any || self.ghosts.contains(key) || is_cut(key)
    }

    /// Takes a session that the logs show. False where it could not have been made.
    pub fn is_made(&mut self, derivation: &Derivation) -> bool {
        if self.refuses(&derivation.parent, derivation.at) {
            self.ghosts.insert(derivation.child.clone());
            return false;
        }
        if let Some(actor) = &derivation.actor {
            self.sessions.insert(derivation.child.clone(), (actor.clone(), derivation.at));
        }
        true
    }

    /// Whether what `finding` is about could still have happened.
    pub fn is_real(&self, finding: &Finding) -> bool {
        let about = [&finding.subject, &finding.actor];
        !about.into_iter().flatten().any(|key| self.refuses(key, finding.at))
    }
}
