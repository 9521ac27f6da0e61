//! The conditions of a plan's rules, one after the other in one list, so that evaluating one reads memory in order.

use super::plan::{Expression, SameAs};
use super::walk::Inquiry;
use std::ops::Range;

/// Conditions, written down in the order in which they are evaluated.
#[derive(Debug, Default)]
pub(super) struct Program {
    conditions: Vec<Condition>,
    /// The predicates that conditions need, each condition's together.
    needed: Vec<u32>,
    steps: Vec<Step>,
    comparisons: Vec<SameAs>,
}

/// One rule's condition. Most need some predicates and nothing else.
#[derive(Clone, Debug)]
struct Condition {
    /// Where the predicates are that must all hold.
    needed: Range<usize>,
    /// The step that must hold too.
    rest: Option<u32>,
}

/// One part of a condition. Its own parts follow it, up to `end`.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: What,
    end: u32,
}

#[derive(Clone, Copy, Debug)]
enum What {
    Holds(u32),
    SameAs(u32),
    All,
    AtLeast(u32),
    Not,
}

impl Program {
    /// The program of these conditions, which are then known by their places.
    /// `effort` is what it takes to decide a predicate.
    pub(super) fn new(expressions: &[Expression], effort: &dyn Fn(u32) -> u64) -> Program {
        let mut program = Program::default();
        for expression in expressions {
            let parts = match expression {
                Expression::All(parts) => parts.as_slice(),
                other => std::slice::from_ref(other),
            };
            let (from, mut rest) = (program.needed.len(), Vec::new());
            for part in in_order(parts, effort) {
                match part {
                    Expression::Holds(predicate) => program.needed.push(*predicate),
                    other => rest.push(other),
                }
            }
            let at = program.steps.len() as u32;
            let rest = (!rest.is_empty()).then(|| {
                program.put(What::All, rest, effort);
                at
            });
            program.conditions.push(Condition { needed: from..program.needed.len(), rest });
        }
        program
    }

    fn write(&mut self, expression: &Expression, effort: &dyn Fn(u32) -> u64) {
        let (what, parts): (What, &[Expression]) = match expression {
            Expression::Holds(predicate) => (What::Holds(*predicate), &[]),
            Expression::SameAs(same) => {
                self.comparisons.push((**same).clone());
                (What::SameAs(self.comparisons.len() as u32 - 1), &[])
            }
            Expression::All(parts) => (What::All, parts),
            Expression::AtLeast(least, parts) => (What::AtLeast(u32::try_from(*least).unwrap_or(u32::MAX)), parts),
            Expression::Not(part) => (What::Not, std::slice::from_ref(&**part)),
        };
        self.put(what, in_order(parts, effort), effort);
    }

    fn put(&mut self, what: What, parts: Vec<&Expression>, effort: &dyn Fn(u32) -> u64) {
        let at = self.steps.len();
        self.steps.push(Step { what, end: 0 });
        parts.into_iter().for_each(|part| self.write(part, effort));
        let end = self.steps.len() as u32;
        if let Some(step) = self.steps.get_mut(at) {
            step.end = end;
        }
    }

    /// Whether the condition at `place` holds of the event.
    #[inline]
    pub(super) fn holds(&self, place: u32, inquiry: &mut Inquiry<'_>) -> bool {
        let Some(Condition { needed, rest }) = self.conditions.get(place as usize) else { return false };
        let needed = self.needed.get(needed.start..needed.end).unwrap_or_default();
        needed.iter().all(|predicate| inquiry.holds(*predicate)) && rest.is_none_or(|step| self.step(step, inquiry))
    }

    fn step(&self, at: u32, inquiry: &mut Inquiry<'_>) -> bool {
        let Some(Step { what, end }) = self.steps.get(at as usize).copied() else { return false };
        let mut parts = Parts { program: self, next: at + 1, end };
        match what {
            What::Holds(predicate) => inquiry.holds(predicate),
            What::SameAs(which) => self
                .comparisons
                .get(which as usize)
                .is_some_and(|same| inquiry.holds(same.present) && same.holds(inquiry.event)),
            What::All => parts.all(|part| self.step(part, inquiry)),
            What::AtLeast(least) => {
                let least = least as usize;
                parts.filter(|part| self.step(*part, inquiry)).take(least).count() >= least
            }
            What::Not => parts.next().is_some_and(|part| !self.step(part, inquiry)),
        }
    }
}

/// Parts in the order in which to evaluate them, which does not matter to the answer: the cheap ones come first.
fn in_order<'e>(parts: &'e [Expression], effort: &dyn Fn(u32) -> u64) -> Vec<&'e Expression> {
    let mut ordered: Vec<&Expression> = parts.iter().collect();
    ordered.sort_by_cached_key(|part| match part {
        Expression::Holds(predicate) => (0, effort(*predicate)),
        Expression::SameAs(_) => (2, 0),
        _ => (1, 0),
    });
    ordered
}

/// The places of a step's own parts.
struct Parts<'p> {
    program: &'p Program,
    next: u32,
    end: u32,
}

impl Iterator for Parts<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let part = Some(self.next).filter(|next| *next < self.end)?;
        self.next = self.program.steps.get(part as usize)?.end;
        Some(part)
    }
}
