//! Reviews: what is due for a look by whoever owns it, and what people answered. An answer ends; then the same thing is due again.
//!
//! Silence of logs is no proof: what is due here is asked about, not taken away.

use crate::doing::Doings;
use crate::grants::{Grant, Silent, Use};
use firebreak_model::{EdgeKind, Fact, NodeKey, NodeKind, Party, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// For how long a word other than "keep" stands, in seconds: two weeks to do it.
pub const WORD_SECONDS: i64 = 14 * 86_400;

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// An identity that no record names, of a system whose records name identities.
    DormantIdentity,
    /// A credential that no record names.
    SilentCredential,
    /// What somebody let an app do for them, and the app was not seen.
    StaleConsent,
    /// A right that was never used, on a thing that records name.
    UnusedGrant,
}

/// One thing to look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Due {
    /// Its name in answers, the same as long as it is about the same things: `silent_credential credential:aws/AKIA…`.
    pub item: Text,
    /// What it is.
    pub sort: Sort,
    /// About what.
    pub about: NodeKey,
    /// Of a grant or a consent: on what, or to whom.
    pub on: Option<NodeKey>,
    /// Who owns it, as the map tells; none where that is unknown.
    pub owner: Option<NodeKey>,
    /// What was answered last, where that has ended or asks for something to be done.
    pub answered: Option<Answer>,
}

/// What somebody says of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "word")]
pub enum Word {
    /// It stays until then.
    Keep {
        /// Until when.
        until: Time,
    },
    /// It is to go.
    Remove,
    /// Its owner is to be asked.
    AskOwner,
}

/// One answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// Of which item.
    pub item: Text,
    /// About what, where that is an identity or credential whose rights a proposal may take.
    pub about: NodeKey,
    /// What.
    #[serde(flatten)]
    pub word: Word,
    /// Who, as `identity:person/<e-mail>`.
    pub by: NodeKey,
    /// When.
    pub at: Time,
    /// Why.
    pub because: String,
}

impl Answer {
    /// When it ends.
    pub fn ends(&self) -> Time {
        match self.word {
            Word::Keep { until } => until,
            Word::Remove | Word::AskOwner => self.at.plus_seconds(WORD_SECONDS),
        }
    }
}

/// Every answer that was given, the oldest first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Answers(Vec<Answer>);

impl Answers {
    /// Takes an answer. The same one again is taken once.
    pub fn take(&mut self, answer: Answer) {
        if !self.0.contains(&answer) {
            self.0.push(answer);
        }
    }

    /// All of them.
    pub fn all(&self) -> &[Answer] {
        &self.0
    }

    /// The last answer to an item.
    pub fn last(&self, item: &str) -> Option<&Answer> {
        self.0.iter().filter(|answer| *answer.item == *item).max_by_key(|answer| answer.at)
    }

    /// Who keeps the rights of `key` as they are at `at`, where somebody does.
    pub fn keeps(&self, key: &NodeKey, at: Time) -> Option<&Answer> {
        let items: BTreeSet<&Text> = self.0.iter().filter(|answer| answer.about == *key).map(|one| &one.item).collect();
        let last = items.into_iter().filter_map(|item| self.last(item));
        last.filter(|answer| matches!(answer.word, Word::Keep { until } if until > at))
            .max_by_key(|answer| answer.ends())
    }
}

impl Sort {
    const ALL: [Sort; 4] = [Sort::DormantIdentity, Sort::SilentCredential, Sort::StaleConsent, Sort::UnusedGrant];

    /// Its word in names of items.
    pub const fn word(self) -> &'static str {
        match self {
            Sort::DormantIdentity => "dormant_identity",
            Sort::SilentCredential => "silent_credential",
            Sort::StaleConsent => "stale_consent",
            Sort::UnusedGrant => "unused_grant",
        }
    }
}

/// The name of an item: what it is, about what, and on what.
fn name(sort: Sort, about: &NodeKey, on: Option<&NodeKey>) -> Text {
    let on = on.map(|on| format!(" {on}")).unwrap_or_default();
    Text::new(format!("{} {about}{on}", sort.word()))
}

/// What the item of this name is about; `None` where no item has such a name.
pub fn about(item: &str) -> Option<NodeKey> {
    let (word, rest) = item.split_once(' ')?;
    let sort = Sort::ALL.into_iter().find(|sort| sort.word() == word)?;
    if matches!(sort, Sort::DormantIdentity | Sort::SilentCredential) {
        return NodeKey::parse(rest);
    }
    // Names may have spaces in them: what follows the right one is a key.
    let places = rest.match_indices(' ').map(|(at, _)| at);
    let both = places.filter_map(|at| Some((rest.get(..at)?, rest.get(at + 1..)?)));
    both.filter(|(_, on)| NodeKey::parse(on).is_some()).find_map(|(about, _)| NodeKey::parse(about))
}

/// All that is due at `at`, without what somebody keeps, in the order of what it is about.
pub fn due(
    facts: &[Fact],
    (grants, silent): (&[Grant], &[Silent]),
    doings: &Doings,
    answers: &Answers,
    at: Time,
) -> Vec<Due> {
    let owners = Owners::of(facts, at);
    let mut found: BTreeSet<(Sort, &NodeKey, Option<&NodeKey>)> = BTreeSet::new();
    found.extend(dormant(facts, doings, at).map(|key| (Sort::DormantIdentity, key, None)));
    found.extend(silent.iter().map(|one| (Sort::SilentCredential, &one.key, None)));
    found.extend(stale(facts, doings, at).map(|(who, app)| (Sort::StaleConsent, who, Some(app))));
    let unused = grants.iter().filter(|grant| grant.uses == Use::Unused);
    found.extend(unused.map(|grant| (Sort::UnusedGrant, &grant.holder, Some(&grant.on))));
    let items = found.into_iter().map(|(sort, about, on)| {
        let item = name(sort, about, on);
        let answered = answers.last(&item).cloned();
        Due { owner: owners.owner(about).cloned(), about: about.clone(), on: on.cloned(), item, sort, answered }
    });
    let kept = |one: &Due| {
        one.answered.as_ref().is_some_and(|answer| matches!(answer.word, Word::Keep { until } if until > at))
    };
    let mut items: Vec<Due> = items.filter(|one| !kept(one)).collect();
    items.sort_by(|a, b| (&a.about, a.sort, &a.on).cmp(&(&b.about, b.sort, &b.on)));
    items
}

/// Identities that exist at `at` and that no record names, of systems of which records name some.
fn dormant<'a>(facts: &'a [Fact], doings: &'a Doings, at: Time) -> impl Iterator<Item = &'a NodeKey> {
    let told: BTreeSet<&str> = doings.actors.keys().map(NodeKey::system).collect();
    let nodes = facts.iter().filter_map(move |fact| match fact {
        Fact::Node(node) if node.key.kind() == NodeKind::Identity && node.valid.contains(at) => Some(&node.key),
        _ => None,
    });
    nodes.filter(move |key| {
        told.contains(key.system()) && !doings.actors.contains_key(*key) && !doings.targets.contains_key(*key)
    })
}

/// Consents to apps that no record names as acting, of systems of which records name some app.
fn stale<'a>(facts: &'a [Fact], doings: &'a Doings, at: Time) -> impl Iterator<Item = (&'a NodeKey, &'a NodeKey)> {
    let platform = |key: &'a NodeKey| key.name().split('/').next().unwrap_or_default();
    let apps = doings.actors.keys().filter(|key| Party::of(key) == Some(Party::App));
    let told: BTreeSet<&str> = apps.map(platform).collect();
    let edges = facts.iter().filter_map(move |fact| match fact {
        Fact::Edge(edge) if edge.kind == EdgeKind::Consents && edge.valid.contains(at) => Some((&edge.from, &edge.to)),
        _ => None,
    });
    edges.filter(move |(_, app)| told.contains(platform(app)) && !doings.actors.contains_key(*app))
}

/// Who owns what.
struct Owners<'a> {
    by: BTreeMap<&'a NodeKey, BTreeSet<&'a NodeKey>>,
}

impl<'a> Owners<'a> {
    /// Whom credentials act as.
    fn of(facts: &'a [Fact], at: Time) -> Owners<'a> {
        let mut by: BTreeMap<&NodeKey, BTreeSet<&NodeKey>> = BTreeMap::new();
        for fact in facts {
            if let Fact::Edge(edge) = fact
                && edge.kind == EdgeKind::Authenticates
                && edge.valid.contains(at)
            {
                by.entry(&edge.from).or_default().insert(&edge.to);
            }
        }
        Owners { by }
    }

    /// The person that it is, or the one person whose it is.
    fn owner(&self, key: &'a NodeKey) -> Option<&'a NodeKey> {
        let is_person = |key: &NodeKey| Party::of(key) == Some(Party::Person);
        if is_person(key) {
            return Some(key);
        }
        let mut people = self.by.get(key)?.iter().filter(|key| is_person(key));
        let first = people.next()?;
        people.next().is_none().then_some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::{self, edge, key};
    use firebreak_graph::Graph;
    use firebreak_model::{Interval, Keys, NodeFact, Outcome};

    fn node(text: &str) -> Fact {
        Fact::Node(NodeFact::new(key(text), Interval::ALWAYS, Time(0), "test"))
    }

    const ANN: &str = "identity:person/ann@example.com";
    const BOT: &str = "identity:slack/B1";
    const IDLE: &str = "identity:slack/B2";
    const TOKEN: &str = "credential:slack/t";

    fn facts() -> Vec<Fact> {
        vec![node(ANN), node(BOT), node(IDLE), node(TOKEN), edge(EdgeKind::Authenticates, TOKEN, ANN, &[])]
    }

    fn found(answers: &Answers, at: i64) -> Vec<Due> {
        let facts = facts();
        let (graph, _) = Graph::build(&facts);
        let mut doings = Doings::within(Time::from_seconds(0), Time::from_seconds(100));
        let keys = Keys { actor: Some(key(BOT)), outcome: Outcome::Success, ..Keys::default() };
        doings.add(&graph, &seen::event(5, keys));
        let silent = [Silent { key: key(TOKEN), label: Text::default(), since: None }];
        due(&facts, (&[], &silent), &doings, answers, Time::from_seconds(at))
    }

    #[test]
    fn what_nobody_saw_is_due_with_its_owner_and_what_no_log_could_show_is_not() {
        let due = found(&Answers::default(), 50);
        let said: Vec<_> =
            due.iter().map(|one| (one.sort, one.about.as_str(), one.owner.as_ref().map(NodeKey::as_str))).collect();
        assert_eq!(said, [(Sort::SilentCredential, TOKEN, Some(ANN)), (Sort::DormantIdentity, IDLE, None)]);
        assert_eq!(about(&due[0].item), Some(key(TOKEN)));
        assert_eq!(about(&format!("unused_grant {BOT} resource:slack/a b")), Some(key(BOT)));
        assert_eq!((about("unused_grant x"), about("nothing credential:slack/t")), (None, None));
    }

    #[test]
    fn an_answer_stands_until_it_ends_and_a_later_one_replaces_it() {
        let item = found(&Answers::default(), 50)[1].item.clone();
        let answer = |word, at: i64| Answer {
            item: item.clone(),
            about: key(IDLE),
            word,
            by: key(ANN),
            at: Time::from_seconds(at),
            because: "year end".to_owned(),
        };
        let mut answers = Answers::default();
        answers.take(answer(Word::Keep { until: Time::from_seconds(80) }, 40));
        answers.take(answer(Word::Keep { until: Time::from_seconds(80) }, 40));
        assert_eq!(answers.all().len(), 1);
        assert_eq!(found(&answers, 50).len(), 1, "it is kept");
        assert!(answers.keeps(&key(IDLE), Time::from_seconds(50)).is_some());
        let again = found(&answers, 80);
        assert_eq!((again.len(), again[1].answered.is_some()), (2, true), "it ended, and its history shows");
        assert!(answers.keeps(&key(IDLE), Time::from_seconds(80)).is_none());
        answers.take(answer(Word::Remove, 45));
        assert_eq!(found(&answers, 50).len(), 2, "somebody wants it removed: it is due until it is gone");
        assert!(answers.keeps(&key(IDLE), Time::from_seconds(50)).is_none());
    }
}
