//! The proposal: statements that allow, with the actions that were used and those of which nobody can tell.

use super::actions::BESIDE;
use super::fit::{Part, fit};
use super::usage::{Usage, names};
use super::watch::Watch;
use super::{Granted, Identity};
use crate::aws::glob::{Glob, Work};
use crate::aws::policy::{Effect, Statement};
use crate::aws::principal::Kind;
use firebreak_model::Text;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Something that stays granted though nobody was seen to use it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Kept {
    /// Of which policy.
    pub policy: Text,
    /// Which actions.
    pub action: Text,
    /// Why.
    pub why: Text,
}

/// What an identity needs of its policies, as far as it was seen.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Proposal {
    /// The policies that would stand in place of those that it has: each is one document.
    pub documents: Vec<Value>,
    /// What stays though it was not seen to be used.
    pub kept: Vec<Kept>,
    /// Whether every document is within IAM's size of a managed policy, and there are no more than may be attached.
    pub fits: bool,
    /// Whether a role was never taken: then nothing that it was granted can have been used.
    pub idle: bool,
}

/// What `identity` needs, by what it was seen to use and what the records can tell. `taken`: someone was seen to become the role.
pub fn propose(identity: &Identity, usage: &Usage, watch: &Watch, taken: bool) -> Proposal {
    let role = matches!(identity.principal.kind, Kind::Role { .. });
    let idle = role && !taken && usage.calls() == 0 && usage.missed().next().is_none();
    let mut shrink = Shrink { identity, usage, watch, idle, kept: BTreeSet::new() };
    let mut parts: Vec<Part> = Vec::new();
    for (policy, granted) in identity.granted.iter().enumerate() {
        for part in shrink.policy(policy, granted) {
            match parts.iter_mut().find(|other| other.joins(&part)) {
                Some(other) => other.join(part),
                None => parts.push(part),
            }
        }
    }
    let (documents, fits) = fit(parts);
    Proposal { documents, kept: shrink.kept.into_iter().collect(), fits, idle }
}

struct Shrink<'a> {
    identity: &'a Identity,
    usage: &'a Usage,
    watch: &'a Watch,
    idle: bool,
    kept: BTreeSet<Kept>,
}

/// What stays of a statement that allows.
enum Stays {
    /// These actions.
    Actions(BTreeSet<String>),
    /// All of it, and why.
    Whole(&'static str),
}

impl Shrink<'_> {
    fn policy(&mut self, policy: usize, granted: &Granted) -> Vec<Part> {
        let version = granted.document.get("Version").cloned();
        let written: &[Value] = match granted.document.get("Statement") {
            Some(Value::Array(items)) => items,
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => &[],
        };
        let mut parts = Vec::new();
        for (at, (json, statement)) in written.iter().zip(granted.policy.statements()).enumerate() {
            let Some(json) = json.as_object() else { continue };
            if statement.effect == Effect::Deny {
                parts.push(Part::whole(version.clone(), json));
                continue;
            }
            match self.stays(policy, at, statement, json, granted) {
                Stays::Whole(why) => {
                    let action = Text::new(format!("all of {}", statement.id));
                    self.kept.insert(Kept { policy: granted.name.clone(), action, why: Text::new_static(why) });
                    parts.push(Part::whole(version.clone(), json));
                }
                Stays::Actions(actions) if actions.is_empty() => {}
                Stays::Actions(actions) => parts.push(Part::of(version.clone(), json, actions, &texts(json, "Action"))),
            }
        }
        parts
    }

    fn stays(
        &mut self,
        policy: usize,
        at: usize,
        statement: &Statement,
        json: &Map<String, Value>,
        granted: &Granted,
    ) -> Stays {
        if self.idle {
            return Stays::Actions(BTreeSet::new());
        }
        if statement.effect == Effect::Unread || statement.unread.is_some() || granted.policy.unread.is_some() {
            return Stays::Whole("it could not be read");
        }
        let mut actions: BTreeSet<String> = self.usage.of(policy, at).map(|action| action.to_string()).collect();
        let beside = BESIDE.iter().filter(|(_, of)| self.usage.has(of)).map(|(action, _)| *action);
        let passes = self.usage.writes().then_some("iam:PassRole");
        for action in beside.chain(passes) {
            if names(statement, &action.to_ascii_lowercase()) {
                self.keep(&mut actions, granted, action.to_owned(), "it leaves no event of its own");
            }
        }
        for action in self.usage.missed().filter(|action| names(statement, &action.to_ascii_lowercase())) {
            self.keep(&mut actions, granted, action.to_string(), "it was taken away once, and missed");
        }
        let resources = texts(json, "Resource");
        let resources: Vec<&str> = if resources.is_empty() { vec!["*"] } else { resources };
        let untold = self.watch.untold(self.identity.account(), &resources);
        let services: BTreeSet<&str> =
            self.usage.unexplained.keys().filter_map(|action| action.split(':').next()).collect();
        let services = services.into_iter().map(|service| {
            (format!("{}:*", service.to_ascii_lowercase()), "a call of this service is explained by no grant")
        });
        let doubts = untold.into_iter().map(|(pattern, why)| (pattern.to_owned(), why)).chain(services);
        let doubts: Vec<(String, &'static str)> = doubts.collect();
        if json.contains_key("NotAction") {
            return self.all_but(&doubts, &texts(json, "NotAction"), actions, granted);
        }
        for (doubt, why) in &doubts {
            for stays in common(&texts(json, "Action"), doubt) {
                self.keep(&mut actions, granted, stays, why);
            }
        }
        Stays::Actions(actions)
    }

    /// Of a statement that allows all but some actions.
    fn all_but(
        &mut self,
        doubts: &[(String, &'static str)],
        but: &[&str],
        mut actions: BTreeSet<String>,
        granted: &Granted,
    ) -> Stays {
        let mut work = Work::default();
        for (doubt, why) in doubts {
            let pattern = Glob::new(doubt);
            let globs = but.iter().map(|text| Glob::new(&text.to_ascii_lowercase()));
            let overlapping: Vec<Glob> = globs.filter(|glob| glob.overlaps(&pattern, &mut work)).collect();
            if overlapping.is_empty() {
                self.keep(&mut actions, granted, doubt.clone(), why);
            } else if !overlapping.iter().any(|glob| glob.covers(&pattern, &mut work)) {
                return Stays::Whole("it allows all but some actions, and of the others not all can be told");
            }
        }
        Stays::Actions(actions)
    }

    fn keep(&mut self, actions: &mut BTreeSet<String>, granted: &Granted, action: String, why: &'static str) {
        let known = actions.iter().any(|have| have.eq_ignore_ascii_case(&action));
        if !known {
            let (policy, why) = (granted.name.clone(), Text::new_static(why));
            self.kept.insert(Kept { policy, action: Text::new(&action), why });
            actions.insert(action);
        }
    }
}

/// What `patterns` grant of `doubt` (in lower case), as patterns that grant no more than they do.
fn common(patterns: &[&str], doubt: &str) -> Vec<String> {
    let mut work = Work::default();
    let wanted = Glob::new(doubt);
    let mut stays = Vec::new();
    for text in patterns {
        let own = Glob::new(&text.to_ascii_lowercase());
        if own.covers(&wanted, &mut work) {
            return vec![doubt.to_owned()];
        }
        if own.overlaps(&wanted, &mut work) {
            stays.push((*text).to_owned());
        }
    }
    stays
}

/// A string or the strings of a list.
pub(super) fn texts<'j>(json: &'j Map<String, Value>, key: &str) -> Vec<&'j str> {
    match json.get(key) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}
