//! The estate as it is remembered: inventories and sessions go through the history, and what was known at a time comes out
//! as one map.
//!
//! It reads and writes nothing: surveys are given to it, and what the log must keep is given back.

use crate::estate::Estate;
use firebreak_contain::derived::{self, Derivation};
use firebreak_graph::{Forgotten, History, Logged, Snapshot, difference};
use firebreak_inventory::{Notes, Part};
use firebreak_model::{Change, Fact, Interval, Problem, Text, Time};

/// The scope of what events show of credentials that were made with others.
const SESSIONS: &str = "events/sessions";

/// The log is written anew where what is forgotten is at least so much of what is left: a tenth.
const WORTH_WRITING: usize = 10;

/// The years that can be written down.
const WRITABLE: Interval = Interval::new(Time::from_seconds(-62_135_596_800), Time::from_seconds(253_370_764_800));

/// What is remembered of the estate.
#[derive(Debug, Default)]
pub struct Chronicle {
    history: History,
}

impl Chronicle {
    /// What the log tells, in its order.
    pub fn of(log: impl IntoIterator<Item = Logged>) -> Chronicle {
        let mut history = History::default();
        log.into_iter().for_each(|logged| history.replay(logged));
        Chronicle { history }
    }

    /// Takes what was read at `known` and gives what the log must keep of it; nothing where nothing is new.
    ///
    /// # Errors
    /// None in practice: notes are plain data.
    pub fn learn(&mut self, parts: Vec<Part>, known: Time) -> serde_json::Result<Vec<Logged>> {
        let mut learnt = Vec::new();
        for part in parts {
            let Part { scope, complete, taken, mut facts, notes } = part;
            let notes = serde_json::to_string(&notes)?;
            facts.iter_mut().for_each(writable);
            learnt.extend(self.history.take(Snapshot {
                scope: Text::new(scope),
                complete,
                taken,
                known,
                facts,
                notes,
            }));
        }
        Ok(learnt)
    }

    /// Takes credentials that were seen to be made with others.
    pub fn saw(&mut self, derivations: &[Derivation], known: Time) -> Option<Logged> {
        let mut facts: Vec<Fact> = derivations.iter().flat_map(derived::facts).collect();
        facts.iter_mut().for_each(writable);
        let (scope, notes) = (Text::new_static(SESSIONS), String::new());
        let taken = derivations.iter().map(|one| one.at).max()?;
        self.history.take(Snapshot { scope, complete: false, taken, known, facts, notes })
    }

    /// The estate as inventories told it, as known at `at`. What events showed is not in it: the respond stage learns that
    /// by itself.
    pub fn estate(&self, at: Time) -> Estate {
        self.settled(at, |scope| scope != SESSIONS, Vec::new())
    }

    /// Everything that was known at `at`.
    pub fn everything(&self, at: Time) -> Estate {
        self.everything_with(at, Vec::new())
    }

    /// The same, with what is kept elsewhere and asked for. Where both tell of one thing, it holds whenever either says so.
    pub fn everything_with(&self, at: Time, more: Vec<Fact>) -> Estate {
        self.settled(at, |_| true, more)
    }

    fn settled(&self, at: Time, wanted: impl Fn(&str) -> bool, more: Vec<Fact>) -> Estate {
        let (mut notes, mut damaged) = (Notes::default(), Vec::new());
        for (scope, text) in self.history.notes(at).filter(|(_, text)| !text.is_empty()) {
            match serde_json::from_str(text) {
                Ok(more) => notes.extend(more),
                Err(error) => damaged.push(unreadable(scope, &error)),
            }
        }
        let mut facts = self.history.facts_of(at, wanted);
        facts.extend(more);
        Estate::settled(facts, notes).with(Vec::new(), damaged)
    }

    /// Forgets what had ended or was said otherwise since before `kept_since`, and gives the log in place of what was written;
    /// nothing where that would hardly be shorter.
    pub fn forget(&mut self, kept_since: Time) -> Option<Vec<Logged>> {
        let Forgotten { forms, snapshots, left } = self.history.forget(kept_since);
        let worth_it = forms.saturating_add(snapshots).saturating_mul(WORTH_WRITING) >= left.max(1);
        worth_it.then(|| self.history.log())
    }

    /// What became known after `since`, up to `until`.
    pub fn changes(&self, since: Time, until: Time) -> Vec<Change> {
        difference(&self.history.facts(since), &self.history.facts(until), until.min(self.history.latest()))
    }

    /// The times at which anything was learnt after `since`.
    pub fn learnt_since(&self, since: Time) -> Vec<Time> {
        self.history.known_since(since)
    }
}

fn unreadable(scope: &str, error: &serde_json::Error) -> Problem {
    let position = firebreak_model::Position { input: scope.to_owned(), ..Default::default() };
    let reason = format!("what its owner settled cannot be read from the state: {error}");
    let hint = "start `firebreak run` of this version: it reads the inventory again".to_owned();
    Problem { source: Text::new_static("state"), position, reason, hint }
}

/// A time that no calendar has stands for the beginning or the end.
fn writable(fact: &mut Fact) {
    let within = |time: &mut Time, otherwise: Time| {
        if !WRITABLE.contains(*time) {
            *time = otherwise;
        }
    };
    let (valid, known) = match fact {
        Fact::Node(node) => (&mut node.valid, &mut node.known),
        Fact::Edge(edge) => {
            if edge.last_used.is_some_and(|used| !WRITABLE.contains(used)) {
                edge.last_used = None;
            }
            (&mut edge.valid, &mut edge.known)
        }
    };
    within(&mut valid.from, Time::MIN);
    within(&mut valid.to, Time::MAX);
    within(known, Time(0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{EdgeFact, EdgeKind, NodeKey};

    fn part(facts: Vec<Fact>) -> Part {
        Part { scope: "estate".to_owned(), complete: true, taken: Time(1), facts, notes: Notes::default() }
    }

    #[test]
    fn what_no_calendar_has_survives_the_log() {
        let key = |name: &str| NodeKey::resource("t", name);
        let far = Interval::new(Time(i64::MIN + 5), Time(i64::MAX - 5));
        let edge = EdgeFact::new(EdgeKind::MayAct, key("a"), key("b"), far, Time(0), "test");
        let mut chronicle = Chronicle::default();
        let learnt = chronicle.learn(vec![part(vec![Fact::Edge(edge)])], Time(5)).expect("plain data");
        let text = serde_json::to_string(&learnt).expect("plain data");
        let log: Vec<Logged> = serde_json::from_str(&text).expect("what was written is read");
        let again = Chronicle::of(log);
        assert_eq!(again.estate(Time::MAX).facts, chronicle.estate(Time::MAX).facts);
        assert_eq!(again.changes(Time(0), Time::MAX).len(), 1);
    }

    #[test]
    fn a_session_is_remembered_and_not_told_to_the_respond_stage_again() {
        let derivation = Derivation {
            parent: NodeKey::credential("aws", "AKIA1"),
            child: NodeKey::credential("aws", "ASIA1"),
            at: Time::from_seconds(100),
            until: Some(Time::from_seconds(4_000)),
            actor: None,
        };
        let mut chronicle = Chronicle::default();
        assert!(chronicle.saw(std::slice::from_ref(&derivation), Time::from_seconds(101)).is_some());
        assert!(chronicle.saw(std::slice::from_ref(&derivation), Time::from_seconds(102)).is_none(), "again");
        assert_eq!(chronicle.estate(Time::MAX).facts.len(), 0);
        assert!(chronicle.everything(Time::MAX).facts.len() > 1);
        assert_eq!(chronicle.everything(Time::from_seconds(100)).facts.len(), 0, "not known yet");
    }

    #[test]
    fn what_is_forgotten_is_gone_from_the_log_and_what_holds_is_not() {
        let key = |name: &str| NodeKey::resource("t", name);
        let edge = |to: &str| {
            Fact::Edge(EdgeFact::new(EdgeKind::MayAct, key("a"), key(to), Interval::ALWAYS, Time(0), "test"))
        };
        let taken = |at: i64, facts: Vec<Fact>| Part { taken: Time(at), ..part(facts) };
        let mut chronicle = Chronicle::default();
        chronicle.learn(vec![taken(1, vec![edge("b"), edge("c")])], Time(1)).expect("plain data");
        chronicle.learn(vec![taken(2, vec![edge("b")])], Time(2)).expect("plain data");
        assert!(chronicle.forget(Time(1)).is_none(), "nothing had ended");
        assert_eq!(
            chronicle.everything(Time::MAX).facts.iter().filter(|fact| matches!(fact, Fact::Edge(_))).count(),
            2
        );
        let log = chronicle.forget(Time(2)).expect("much shorter");
        let again = Chronicle::of(log);
        assert_eq!(again.estate(Time::MAX).facts, chronicle.estate(Time::MAX).facts);
        let left = again.estate(Time::MAX).facts;
        assert!(left.iter().any(|fact| matches!(fact, Fact::Edge(edge) if edge.to == key("b"))));
        assert!(!left.iter().any(|fact| matches!(fact, Fact::Edge(edge) if edge.to == key("c"))));
    }
}
