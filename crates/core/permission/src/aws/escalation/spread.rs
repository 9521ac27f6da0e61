//! On which of many targets an action is allowed, and how that becomes ways without writing out every pair.

use super::{Finder, MAX_DIRECT, Place, Verdict, Way, add};
use crate::aws::answer::Answer;
use crate::aws::context::Context;
use firebreak_model::Text;
use rustc_hash::FxHasher;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// What is said where the bound is met.
const TOO_MANY: &str = "there are too many different policies to decide each target by itself";

/// Things with an ARN, ordered by it, so that those which a pattern may mean lie together.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidates {
    sorted: Vec<(Text, usize)>,
}

impl Candidates {
    /// Takes ARNs with the caller's number for each.
    pub(super) fn new(items: impl IntoIterator<Item = (Text, usize)>) -> Candidates {
        let mut sorted: Vec<_> = items.into_iter().collect();
        sorted.sort_unstable();
        Candidates { sorted }
    }

    /// The callers' numbers.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.sorted.iter().map(|(_, at)| *at)
    }

    /// The first and the last ARN: what both begin with, all begin with.
    pub(super) fn ends(&self) -> Option<(&str, &str)> {
        Some((&self.sorted.first()?.0, &self.sorted.last()?.0))
    }

    /// Those whose ARN begins so.
    fn beginning(&self, prefix: &str) -> impl Iterator<Item = &(Text, usize)> {
        let from = self.sorted.partition_point(|(arn, _)| &**arn < prefix);
        self.sorted.get(from..).unwrap_or_default().iter().take_while(move |(arn, _)| arn.starts_with(prefix))
    }
}

/// Where an action is allowed.
#[derive(Clone, Debug)]
pub(super) enum Targets {
    /// On every candidate alike.
    All(Verdict),
    /// On these.
    These(BTreeMap<usize, Verdict>),
}

impl Targets {
    pub(super) fn none() -> Targets {
        Targets::These(BTreeMap::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Targets::These(these) if these.is_empty())
    }

    /// Where both are allowed.
    pub(super) fn and(self, other: &Targets) -> Targets {
        match (self, other) {
            (Targets::All(one), Targets::All(two)) => Targets::All(one.and(two)),
            (Targets::These(these), Targets::All(all)) => {
                Targets::These(these.into_iter().map(|(at, verdict)| (at, verdict.and(all))).collect())
            }
            (Targets::All(all), Targets::These(these)) => {
                Targets::These(these.iter().map(|(at, verdict)| (*at, verdict.clone().and(&all))).collect())
            }
            (Targets::These(one), Targets::These(two)) => {
                let both = one.into_iter().filter_map(|(at, verdict)| Some((at, verdict.and(two.get(&at)?))));
                Targets::These(both.collect())
            }
        }
    }
}

/// Targets that a kind of way may have, each with what is undecided about the target itself.
pub(super) struct Family {
    /// A name that no other family of the account has.
    pub(super) name: String,
    /// Every target that the way could have, with where it leads and what must be reached first.
    pub(super) all: Vec<(usize, Gain)>,
}

/// Where one target leads.
#[derive(Clone)]
pub(super) struct Gain {
    pub(super) to: Place,
    pub(super) with: Option<Place>,
    pub(super) verdict: Verdict,
}

impl Gain {
    pub(super) fn becomes(member: usize, verdict: Verdict) -> Gain {
        Gain { to: Place::Member(member), with: None, verdict }
    }
}

/// What the caller does, by which path.
#[derive(Clone, Copy)]
pub(super) struct By<'s> {
    pub(super) path: &'static str,
    pub(super) how: &'s str,
}

impl Finder<'_> {
    /// On which candidates `action` is allowed. `context` says what is known of a request for one of them.
    pub(super) fn targets(
        &mut self,
        asker: usize,
        action: &str,
        candidates: &Candidates,
        context: &dyn Fn(usize) -> Context,
    ) -> Targets {
        let Some(((first, last), (arn, at))) = candidates.ends().zip(candidates.sorted.first()) else {
            return Targets::none();
        };
        let Some(scope) = self.judge.scope(asker, action, first, last) else { return Targets::none() };
        if scope.uniform || self.judge.bounded() {
            let verdict = self.judge.decide(asker, action, arn, &context(*at));
            let verdict = if scope.uniform { verdict } else { Verdict::certain().unless(TOO_MANY) };
            return if verdict.possible() { Targets::All(verdict) } else { Targets::none() };
        }
        let mut these = BTreeMap::new();
        for prefix in &scope.prefixes {
            for (arn, at) in candidates.beginning(prefix) {
                if these.contains_key(at) {
                    continue;
                }
                let verdict = self.judge.decide(asker, action, arn, &context(*at));
                these.insert(*at, verdict);
            }
        }
        these.retain(|_, verdict| verdict.possible());
        Targets::These(these)
    }

    /// Writes the ways from `asker` to the targets: one by one where they are few, through a hub where they are many.
    pub(super) fn lead(&mut self, asker: usize, by: By<'_>, base: &Verdict, targets: Targets, family: &Family) {
        let from = self.place(asker);
        match targets {
            Targets::All(verdict) if family.all.len() > MAX_DIRECT => {
                let hub = Text::new(format!("{}/all", family.name));
                let entered = self.enter(from, &hub, by, base.clone().and(&verdict));
                if entered && !self.hubs.contains(&hub) {
                    self.open(hub, family.all.iter().map(|(_, gain)| (gain.clone(), Vec::new())).collect());
                }
            }
            Targets::All(verdict) => {
                let each = family.all.iter().map(|(_, gain)| (gain.clone(), verdict.clone()));
                self.direct(&from, by, base, each.collect());
            }
            Targets::These(these) => {
                let known = family.all.iter().filter_map(|(at, gain)| Some((gain.clone(), these.get(at)?.clone())));
                let known: Vec<_> = known.collect();
                if known.len() <= MAX_DIRECT {
                    self.direct(&from, by, base, known);
                } else {
                    self.shared(from, by, base, known, &family.name);
                }
            }
        }
    }

    fn direct(&mut self, from: &Place, by: By<'_>, base: &Verdict, gains: Vec<(Gain, Verdict)>) {
        for (gain, verdict) in gains {
            let whole = base.clone().and(&verdict).and(&gain.verdict);
            if gain.to != *from && self.matters(&whole) {
                self.way(from.clone(), gain.to, gain.with, by, whole);
            }
        }
    }

    /// A hub for exactly these targets: who may reach the same ones shares it.
    fn shared(&mut self, from: Place, by: By<'_>, base: &Verdict, gains: Vec<(Gain, Verdict)>, family: &str) {
        let mut entry = base.clone();
        for (_, verdict) in &gains {
            add(&mut entry.because, &verdict.because);
        }
        let outward: Vec<_> = gains.into_iter().map(|(gain, verdict)| (gain, verdict.may)).collect();
        let mut hasher = FxHasher::default();
        for (gain, may) in &outward {
            (&gain.to, &gain.with, may).hash(&mut hasher);
        }
        let hub = Text::new(format!("{family}/{:016x}", hasher.finish()));
        if self.enter(from, &hub, by, entry) {
            self.open(hub, outward);
        }
    }

    fn enter(&mut self, from: Place, hub: &Text, by: By<'_>, verdict: Verdict) -> bool {
        let matters = self.matters(&verdict);
        if matters {
            self.way(from, Place::Hub(hub.clone()), None, by, verdict);
        }
        matters
    }

    /// Whether a way says something beyond what is known of the asker already.
    fn matters(&self, verdict: &Verdict) -> bool {
        verdict.answer == Answer::Yes || verdict.possible() && !self.doubtful
    }

    fn open(&mut self, hub: Text, gains: Vec<(Gain, Vec<Text>)>) {
        if !self.hubs.insert(hub.clone()) {
            return;
        }
        for (gain, may) in gains {
            let mut verdict = gain.verdict;
            add(&mut verdict.may, &may);
            self.way(Place::Hub(hub.clone()), gain.to, gain.with, By { path: "", how: "" }, verdict);
        }
    }

    /// One way.
    pub(super) fn way(&mut self, from: Place, to: Place, with: Option<Place>, by: By<'_>, verdict: Verdict) {
        let Verdict { because, mut may, answer } = verdict;
        if answer != Answer::Yes && may.is_empty() {
            may.push(Text::new_static("what allows it is not decided"));
        }
        self.ways.push(Way { from, to, with, path: by.path, how: Text::new(by.how), because, may });
    }
}
