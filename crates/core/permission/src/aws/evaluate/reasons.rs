//! A decision with its reasons: which statements decided it, and what would have to be known to decide the rest.

use super::{Evaluation, Hit, Parts};
use crate::aws::answer::Answer;
use crate::aws::named::naming;
use crate::aws::policy::{Effect, Listed, Statement};
use crate::aws::read::shown;
use firebreak_model::Text;
use std::collections::BTreeSet;

/// Which kind of policy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Layer {
    /// Of the user or role, or of a group.
    Identity,
    /// The permission boundary.
    Boundary,
    /// A session policy.
    Session,
    /// Of the resource.
    Resource,
    /// A grant of a KMS key.
    KeyGrant,
    /// A service control policy, at the level with this id.
    ServiceControl(Text),
    /// A resource control policy, at the level with this id.
    ResourceControl(Text),
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Layer::Identity => f.write_str("identity policy"),
            Layer::Boundary => f.write_str("permission boundary"),
            Layer::Session => f.write_str("session policy"),
            Layer::Resource => f.write_str("resource policy"),
            Layer::KeyGrant => f.write_str("key grant"),
            Layer::ServiceControl(level) if level.is_empty() => f.write_str("service control policy"),
            Layer::ResourceControl(level) if level.is_empty() => f.write_str("resource control policy"),
            Layer::ServiceControl(level) => write!(f, "service control policy at {level}"),
            Layer::ResourceControl(level) => write!(f, "resource control policy at {level}"),
        }
    }
}

/// A reason for the answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Because {
    /// A statement applies, or may.
    Statement {
        /// Of which kind of policy.
        layer: Layer,
        /// The policy's name.
        policy: Text,
        /// The statement's id.
        statement: Text,
        /// What it does.
        effect: Effect,
    },
    /// A grant of a key, in words.
    Grant(Text),
    /// Policies of this kind would have to allow it, and none does.
    NothingAllows(Layer),
    /// It is the account's root user, which needs no policy.
    RootUser,
    /// Root users cannot assume roles.
    RootCannotAssume,
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Because::Statement { layer, policy, statement, effect } => {
                let verb = match effect {
                    Effect::Allow => "allows",
                    Effect::Deny => "denies",
                    Effect::Unread => "may allow or deny",
                };
                write!(f, "`{statement}` of {layer} `{policy}` {verb} it")
            }
            Because::Grant(words) => write!(f, "{words} allows it"),
            Because::NothingAllows(layer) => write!(f, "no {layer} allows it"),
            Because::RootUser => f.write_str("the root user needs no policy"),
            Because::RootCannotAssume => f.write_str("root users cannot assume roles"),
        }
    }
}

/// Something that would have to be known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Undecided {
    /// Of which kind of policy.
    pub layer: Layer,
    /// The policy's name; empty where none is given.
    pub policy: Text,
    /// The statement's id; empty where it is about the whole policy.
    pub statement: Text,
    /// What its being so would do.
    pub effect: Effect,
    /// What is not known, in words: a condition with operator, key and values; a variable; a document.
    pub what: Text,
}

impl std::fmt::Display for Undecided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.policy.is_empty() {
            return f.write_str(&self.what);
        }
        let verb = match self.effect {
            Effect::Allow => "allows it",
            Effect::Deny => "denies it",
            Effect::Unread => "allows or denies it",
        };
        let (policy, layer) = (&self.policy, &self.layer);
        match self.statement.as_str() {
            "" => write!(f, "{layer} `{policy}` {verb}, perhaps: {}", self.what),
            statement => write!(f, "`{statement}` of {layer} `{policy}` {verb} if {}", self.what),
        }
    }
}

/// The answer to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Yes, no or may.
    pub answer: Answer,
    /// What decided it; of a "may", what would permit it.
    pub because: Vec<Because>,
    /// Of a "may": what is not known.
    pub undecided: Vec<Undecided>,
}

impl<'a> Evaluation<'a> {
    /// The answer that `parts` make, with the reasons that were traced.
    pub(super) fn decision(&mut self, parts: &Parts) -> Decision {
        let answer = self.answer(parts);
        let hits = self.trace.take().unwrap_or_default();
        let because = match answer {
            Answer::No => self.refused(parts, &hits),
            Answer::May | Answer::Yes => self.permitted(&hits),
        };
        let undecided = if answer == Answer::May { self.undecided(parts, &hits) } else { BTreeSet::new() };
        Decision { answer, because: because.into_iter().collect(), undecided: undecided.into_iter().collect() }
    }

    fn permitted(&self, hits: &[Hit<'a>]) -> BTreeSet<Because> {
        let root = self.view.principal.kind == crate::aws::principal::Kind::Root;
        let own = root.then_some(Because::RootUser).into_iter();
        own.chain(hits.iter().filter(|hit| hit.effect == Effect::Allow).filter_map(because)).collect()
    }

    fn refused(&self, parts: &Parts, hits: &[Hit<'a>]) -> BTreeSet<Because> {
        if parts.deny == Answer::Yes {
            let certain = |hit: &&Hit<'a>| hit.effect == Effect::Deny && hit.answer == Answer::Yes;
            return hits.iter().filter(certain).filter_map(because).collect();
        }
        let mut reasons = BTreeSet::new();
        if self.view.principal.kind == crate::aws::principal::Kind::Root && parts.service_control.possible() {
            reasons.insert(Because::RootCannotAssume);
        }
        if !parts.service_control.possible() {
            reasons.insert(Because::NothingAllows(Layer::ServiceControl(Text::default())));
        }
        if !self.granted(parts).possible() {
            let iam = self.view.principal.is_iam();
            let says = [
                (Layer::Identity, parts.identity, iam),
                (Layer::Boundary, parts.boundary, iam),
                (Layer::Session, parts.session, iam),
                (Layer::Resource, parts.resource.any(), self.resource_matters()),
            ];
            let silent = says.into_iter().filter(|(_, answer, matters)| *matters && !answer.possible());
            reasons.extend(silent.map(|(layer, ..)| Because::NothingAllows(layer)));
        }
        reasons
    }

    fn resource_matters(&self) -> bool {
        let needed = crate::aws::services::needs_resource_policy(self.action, &self.view.resource.arn);
        needed || self.same_account() != Answer::Yes || !self.view.principal.is_iam()
    }

    fn undecided(&mut self, parts: &Parts, hits: &[Hit<'a>]) -> BTreeSet<Undecided> {
        let mut all = BTreeSet::new();
        let limited = parts.boundary.and(parts.session) != Answer::Yes;
        for hit in hits {
            let everyone = limited && self.names_session_perhaps(hit);
            if hit.answer != Answer::May && !everyone {
                continue;
            }
            let open = match hit.layer {
                Layer::Identity => parts.identity,
                Layer::Boundary => parts.boundary,
                Layer::Session => parts.session,
                Layer::Resource | Layer::KeyGrant => parts.resource.any(),
                Layer::ServiceControl(_) => parts.service_control,
                Layer::ResourceControl(_) => Answer::Yes,
            };
            // What would allow matters only where nothing of its kind allows for certain.
            // A grant by a resource's policy or of a key may be of a kind that needs the others, or not.
            let by_resource = matches!(hit.layer, Layer::Resource | Layer::KeyGrant);
            let matters = hit.effect.may_deny() || open == Answer::May || by_resource;
            if matters {
                let says = |what: String| Undecided {
                    layer: hit.layer.clone(),
                    policy: hit.policy.map(|policy| policy.name.clone()).unwrap_or_default(),
                    statement: hit.statement.map(|statement| statement.id.clone()).unwrap_or_default(),
                    effect: hit.effect,
                    what: Text::new(what),
                };
                all.extend(self.doubts(hit).into_iter().map(says));
            }
        }
        if self.view.principal.is_iam() && self.same_account() == Answer::May {
            all.insert(Undecided {
                layer: Layer::Resource,
                policy: Text::default(),
                statement: Text::default(),
                effect: Effect::Unread,
                what: Text::new(format!("the account of `{}` is not known", shown(&self.view.resource.arn))),
            });
        }
        all
    }

    /// Whether a grant to everyone goes past a boundary or a session policy is not documented.
    fn names_session_perhaps(&self, hit: &Hit<'a>) -> bool {
        let statement = hit.statement.filter(|_| hit.layer == Layer::Resource && hit.effect == Effect::Allow);
        let named = statement.map(|statement| naming(statement, self.view.principal, self.bounded));
        named.is_some_and(|named| named.whole == Answer::May && named.limited.possible())
    }

    /// What keeps a hit from being certain, in words.
    fn doubts(&mut self, hit: &Hit<'a>) -> Vec<String> {
        match (hit.statement, hit.policy, &hit.words) {
            (Some(statement), ..) => self.statement_doubts(statement, &hit.layer),
            (None, Some(policy), _) => policy.unread.iter().map(Text::to_string).collect(),
            (None, None, Some(words)) if hit.layer == Layer::KeyGrant => {
                vec![format!("the encryption context is the one that {words} asks for")]
            }
            (None, None, words) => words.iter().cloned().collect(),
        }
    }

    fn statement_doubts(&mut self, statement: &Statement, layer: &Layer) -> Vec<String> {
        let mut doubts: Vec<String> = statement.unread.iter().map(Text::to_string).collect();
        let of_resource = matches!(layer, Layer::Resource | Layer::ResourceControl(_));
        if self.resource_listed(&statement.resources, of_resource) == Answer::May {
            let written: Vec<String> = match &statement.resources {
                Listed::Missing | Listed::Unread => Vec::new(),
                listed => listed.items().iter().take(3).map(|template| shown(&template.shown())).collect(),
            };
            doubts.push(match written.is_empty() {
                true => "its resources could be read".to_owned(),
                false => format!("the variables of `{}` have matching values", written.join("`, `")),
            });
        }
        if of_resource && naming(statement, self.view.principal, self.bounded).any() == Answer::May {
            doubts.push("its principal is the one that asks".to_owned());
        }
        if !of_resource && statement.principals != Listed::Missing {
            doubts.push("it counts although it names principals".to_owned());
        }
        for condition in &statement.conditions {
            if condition.holds(&self.view, &mut self.work) == Answer::May {
                doubts.push(condition.to_string());
            }
        }
        if doubts.is_empty() {
            let limit = super::WORK_MAX;
            doubts.push(match self.exhausted() {
                true => format!("it is decided within the bound of {limit} comparisons"),
                false => "naming everyone names the session".to_owned(),
            });
        }
        doubts
    }
}

fn because(hit: &Hit<'_>) -> Option<Because> {
    match (hit.policy, hit.statement, &hit.words) {
        (Some(policy), Some(statement), _) => Some(Because::Statement {
            layer: hit.layer.clone(),
            policy: policy.name.clone(),
            statement: statement.id.clone(),
            effect: hit.effect,
        }),
        (None, None, Some(words)) if hit.layer == Layer::KeyGrant => Some(Because::Grant(Text::new(words))),
        _ => None,
    }
}
