//! What a thread learns from the events that it matches: how often each predicate holds, and from that a better index.
//! The index of a plan starts from how the rules are written, and asks everything; what is seldom in the records is a
//! better witness. Matches never depend on what was learnt.

use super::index::Index;
use super::marks::Marks;
use super::plan::{Plan, Seen};

/// Events of which predicates are counted. Tests learn at once, so that they try what was learnt.
pub(super) const SAMPLE: u32 = if cfg!(test) { 8 } else { 1_024 };
/// Events after which counting begins again, because records change.
const CYCLE: u32 = 128 * SAMPLE;

/// What was learnt of one plan.
#[derive(Debug, Default)]
pub(super) struct Learning {
    events: u32,
    seen: Seen,
    index: Option<Index>,
}

impl Learning {
    /// The index to use: the learnt one, if there is one, but while predicates are counted one that asks them all.
    #[inline]
    pub(super) fn index<'a>(&'a self, plan: &'a Plan) -> &'a Index {
        match &self.index {
            Some(learnt) if self.events >= SAMPLE => learnt,
            _ => &plan.index,
        }
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
        }
    }

    #[cold]
    fn count(&mut self, plan: &Plan, marks: &Marks) {
        if self.events == 0 {
            self.seen = Seen { events: SAMPLE, counts: vec![0; plan.table_of.len()] };
        }
        marks.count(&mut self.seen.counts);
        if self.events + 1 == SAMPLE {
            self.index = Some(Index::learnt(plan, &self.seen));
        }
    }
}
