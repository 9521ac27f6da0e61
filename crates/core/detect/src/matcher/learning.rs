//! What a thread learns from the events that it matches: how often each predicate holds, and from that a better index.
//! The index of a plan starts from how the rules are written; what is seldom in the records is a better witness. Matches
//! never depend on what was learnt.

use super::index::{Index, Marks};
use super::plan::Plan;

/// Events of which predicates are counted.
const SAMPLE: u32 = 1_024;
/// Events after which counting begins again, because records change.
const CYCLE: u32 = 64 * SAMPLE;

/// What was learnt of one plan.
#[derive(Debug, Default)]
pub(super) struct Learning {
    events: u32,
    counts: Vec<u32>,
    index: Option<Index>,
}

impl Learning {
    /// The index to use: the learnt one, if there is one.
    #[inline]
    pub(super) fn index<'a>(&'a self, plan: &'a Plan) -> &'a Index {
        self.index.as_ref().unwrap_or(&plan.index)
    }

    /// Takes the marks of one event.
    #[inline]
    pub(super) fn learn(&mut self, plan: &Plan, marks: &Marks) {
        if self.events < SAMPLE {
            self.count(plan, marks);
        }
        self.events += 1;
        if self.events == CYCLE {
            self.events = 0;
            self.counts.clear();
        }
    }

    #[cold]
    fn count(&mut self, plan: &Plan, marks: &Marks) {
        self.counts.resize(plan.predicates, 0);
        marks.count(&mut self.counts);
        if self.events + 1 == SAMPLE {
            self.index = Some(Index::new(&plan.expressions, &self.counts));
        }
    }
}
