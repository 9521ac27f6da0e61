//! The first stage: which rules an event meets, what it says of installs and runs, and what it fills in of steps that standing
//! policies ask for. Stateless.

use super::preparing::Preparer;
use super::{Incoming, Luggage};
use firebreak_contain::standing_policy::Prepared;
use firebreak_detect::{Matcher, RuleIndex, Rules, Scratch};
use firebreak_exposure::{Seen, observe};
use firebreak_model::Event;
use std::sync::Arc;

/// An event, the rules that it meets, and what it says of environments.
#[derive(Debug)]
pub struct MatchedEvent {
    /// The event.
    pub event: Arc<Event>,
    /// The rules.
    pub matches: Vec<RuleIndex>,
    /// What it says of installs and runs.
    pub seen: Vec<Seen>,
    /// What it fills in for standing policies.
    pub prepared: Vec<Prepared>,
}

/// A batch after the first stage.
#[derive(Debug)]
pub struct Matched {
    /// What travels along.
    pub luggage: Luggage,
    /// The events.
    pub events: Vec<MatchedEvent>,
}

/// The first stage.
pub struct MatchStage {
    matcher: Matcher,
    scratch: Scratch,
    preparer: Preparer,
}

impl MatchStage {
    /// The stage for these rules.
    pub fn new(rules: Arc<Rules>) -> MatchStage {
        MatchStage { matcher: Matcher::new(rules), scratch: Scratch::default(), preparer: Preparer::default() }
    }

    /// The same, that also fills in what these standing policies ask for.
    pub fn preparing(self, preparer: Preparer) -> MatchStage {
        MatchStage { preparer, ..self }
    }

    /// Takes one batch.
    pub fn step(&mut self, batch: Incoming) -> Matched {
        let events = batch.events.into_iter().map(|event| {
            let matches = self.matcher.matches(&event, &mut self.scratch).to_vec();
            let seen = observe(&event);
            let prepared = self.preparer.prepare(&event, &matches);
            MatchedEvent { event: Arc::new(event), matches, seen, prepared }
        });
        Matched { luggage: batch.luggage, events: events.collect() }
    }
}
