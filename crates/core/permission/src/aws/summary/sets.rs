//! Sets of resources: of which something is certain, of which it is possible.

use crate::aws::answer::Answer;

/// A set of numbers below a fixed one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Bits(Box<[u64]>);

impl Bits {
    pub(super) fn none(count: usize) -> Bits {
        Bits(vec![0; count.div_ceil(64)].into())
    }

    pub(super) fn all(count: usize) -> Bits {
        let mut bits = Bits(vec![u64::MAX; count.div_ceil(64)].into());
        if let (Some(last), rest @ 1..) = (bits.0.last_mut(), count % 64) {
            *last = (1 << rest) - 1;
        }
        bits
    }

    pub(super) fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    pub(super) fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn add(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }

    pub(super) fn keep(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own &= other);
    }

    pub(super) fn take(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own &= !other);
    }

    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    pub(super) fn items(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then_some(at * 64 + bit as usize)
            })
        })
    }
}

/// An answer for each resource.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Answers {
    pub(super) yes: Bits,
    /// `Yes` or `May`.
    pub(super) possible: Bits,
}

impl Answers {
    pub(super) fn constant(answer: Answer, count: usize) -> Answers {
        let bits = |full: bool| if full { Bits::all(count) } else { Bits::none(count) };
        Answers { yes: bits(answer == Answer::Yes), possible: bits(answer.possible()) }
    }

    pub(super) fn is_no(&self) -> bool {
        self.possible.is_empty()
    }

    pub(super) fn or(&mut self, other: &Answers) {
        self.yes.add(&other.yes);
        self.possible.add(&other.possible);
    }

    pub(super) fn and(&mut self, other: &Answers) {
        self.yes.keep(&other.yes);
        self.possible.keep(&other.possible);
    }

    /// `and` with the contrary of `other`.
    pub(super) fn and_not(&mut self, other: &Answers) {
        self.yes.take(&other.possible);
        self.possible.take(&other.yes);
    }

    /// `and` with one answer for all.
    pub(super) fn and_one(&mut self, answer: Answer) {
        match answer {
            Answer::Yes => {}
            Answer::May => self.yes.clear(),
            Answer::No => {
                self.yes.clear();
                self.possible.clear();
            }
        }
    }

    /// `or` for one resource.
    pub(super) fn raise(&mut self, at: usize, answer: Answer) {
        if answer == Answer::Yes {
            self.yes.insert(at);
        }
        if answer.possible() {
            self.possible.insert(at);
        }
    }

    /// Of two answers, the one where `first` is yes, the other where it is no, and what they agree on elsewhere.
    pub(super) fn either(first: &Answers, this: &Answers, other: &Answers) -> Answers {
        let pick = |this: &Bits, other: &Bits, both: &Bits| {
            let mut here = this.clone();
            here.keep(&first.yes);
            let mut there = other.clone();
            there.take(&first.possible);
            let mut open = both.clone();
            open.keep(&first.possible);
            open.take(&first.yes);
            here.add(&there);
            here.add(&open);
            here
        };
        let mut both_yes = this.yes.clone();
        both_yes.keep(&other.yes);
        let mut one_possible = this.possible.clone();
        one_possible.add(&other.possible);
        Answers {
            yes: pick(&this.yes, &other.yes, &both_yes),
            possible: pick(&this.possible, &other.possible, &one_possible),
        }
    }
}
