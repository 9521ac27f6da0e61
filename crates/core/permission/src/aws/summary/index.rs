//! Resources by their ARNs in order, so that a pattern looks only at those that share its beginning.

use super::sets::{Answers, Bits};
use crate::aws::answer::Answer;
use crate::aws::glob::{Glob, Work};
use crate::aws::principal::Resource;
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// How many bytes are compared for one summary before the rest counts as undecided.
pub(super) const WORK_MAX: u64 = 20_000_000_000;

/// How many distinct patterns keep their answers.
const KEPT_MAX: usize = 20_000;

pub(super) struct Index<'a> {
    /// ARNs in order, each with its place in the caller's list.
    sorted: Vec<(&'a str, usize)>,
    kept: FxHashMap<Glob, Rc<Bits>>,
    pub(super) work: Work,
}

impl<'a> Index<'a> {
    pub(super) fn new(resources: impl Iterator<Item = &'a Resource>) -> Index<'a> {
        let mut sorted: Vec<(&str, usize)> = resources.enumerate().map(|(at, one)| (one.arn.as_str(), at)).collect();
        sorted.sort_unstable();
        Index { sorted, kept: FxHashMap::default(), work: Work::default() }
    }

    pub(super) fn count(&self) -> usize {
        self.sorted.len()
    }

    pub(super) fn exhausted(&self) -> bool {
        self.work.0 > WORK_MAX
    }

    /// For each resource whether it matches.
    pub(super) fn matching(&mut self, glob: &Glob) -> Answers {
        if self.exhausted() {
            return Answers::constant(Answer::May, self.count());
        }
        let possible = self.bits(glob);
        let yes = if glob.has_gaps() { Bits::none(self.count()) } else { Bits::clone(&possible) };
        Answers { yes, possible: Bits::clone(&possible) }
    }

    /// Adds those that match to `answers`.
    pub(super) fn add_matching(&mut self, glob: &Glob, answers: &mut Answers) {
        if self.exhausted() {
            answers.or(&Answers::constant(Answer::May, self.count()));
            return;
        }
        let matching = self.bits(glob);
        answers.possible.add(&matching);
        if !glob.has_gaps() {
            answers.yes.add(&matching);
        }
    }

    fn bits(&mut self, glob: &Glob) -> Rc<Bits> {
        if let Some(bits) = self.kept.get(glob) {
            return bits.clone();
        }
        let bits = Rc::new(self.compared(glob));
        if self.kept.len() < KEPT_MAX {
            self.kept.insert(glob.clone(), bits.clone());
        }
        bits
    }

    fn compared(&mut self, glob: &Glob) -> Bits {
        if glob.matches_all() {
            return Bits::all(self.count());
        }
        let mut bits = Bits::none(self.count());
        let prefix = glob.prefix();
        let from = self.sorted.partition_point(|(arn, _)| arn.as_bytes() < prefix);
        let sharing = self.sorted.iter().skip(from).take_while(|(arn, _)| arn.as_bytes().starts_with(prefix));
        for (arn, at) in sharing {
            if glob.matches(arn, &mut self.work) {
                bits.insert(*at);
            }
        }
        bits
    }
}
