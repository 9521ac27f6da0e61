//! Looking along the edges out of many nodes for what is not yet in a set.
//!
//! Most edges of a large sweep lead to what was reached before. So edges are first sifted by one bit of their target, without a
//! branch, and what passes is gathered; then what is known of it is read for all at once, so that the
//! many waits for memory overlap. The order is that of the edges asked for.

use crate::bits::Bits;
use crate::net::{NEVER, NONE, Net};
use firebreak_model::Interval;
use std::ops::Range;

/// How many steps are gathered before they are taken.
const ROOM: usize = 512;

/// An edge whose target was not in the set when it was sifted.
#[derive(Clone, Copy, Default)]
pub(crate) struct Step {
    pub(crate) edge: u32,
    pub(crate) to: u32,
    /// What the one who scans says of the edge's origin.
    pub(crate) by: u32,
}

/// What is known of a step: when its edge and its target exist, and the code of the edge's span.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) valid: Interval,
    pub(crate) life: Interval,
    pub(crate) code: u32,
}

const NOTHING: Facts = Facts { valid: NEVER, life: NEVER, code: NONE };

/// Steps that wait to be taken.
#[derive(Default)]
pub(crate) struct Batch {
    steps: Vec<Step>,
    facts: Vec<Facts>,
    count: usize,
}

impl Batch {
    pub(crate) fn new() -> Batch {
        Batch { steps: vec![Step::default(); ROOM], facts: vec![NOTHING; ROOM], count: 0 }
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.count >= ROOM
    }

    /// Adds a run of laid edges as far as there is room, and gives the rest of the run.
    #[inline]
    pub(crate) fn sift(&mut self, net: &Net, run: Range<u32>, by: u32, closed: &Bits) -> Range<u32> {
        let end = run.end.min(run.start + (ROOM - self.count.min(ROOM)) as u32);
        let mut count = self.count;
        for (edge, to) in (run.start..end).zip(net.targets(run.start..end)) {
            if let Some(step) = self.steps.get_mut(count) {
                (step.edge, step.to, step.by) = (edge, *to, by);
            }
            count += usize::from(!closed.contains(*to));
        }
        self.count = count;
        end..run.end
    }

    /// Adds one edge; to be asked for where there is room.
    #[inline]
    pub(crate) fn push(&mut self, net: &Net, edge: u32, by: u32, closed: &Bits) {
        let to = net.to(edge);
        if let Some(step) = self.steps.get_mut(self.count) {
            (step.edge, step.to, step.by) = (edge, to, by);
        }
        self.count += usize::from(!closed.contains(to));
    }

    /// Reads what is known of all steps, and gives them.
    pub(crate) fn look_up(&mut self, net: &Net) -> impl Iterator<Item = (&Step, &Facts)> {
        let steps = self.steps.get(..self.count).unwrap_or_default();
        for (facts, step) in self.facts.iter_mut().zip(steps) {
            facts.code = net.span_code(step.edge);
        }
        for (facts, step) in self.facts.iter_mut().zip(steps) {
            facts.valid = net.spans().valid(facts.code);
            facts.life = net.life(step.to);
        }
        steps.iter().zip(&self.facts)
    }

    pub(crate) fn clear(&mut self) {
        self.count = 0;
    }
}
