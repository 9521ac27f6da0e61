//! When verdicts are due: an environment is judged when it is settled, at once where a profile's artefact was seen, and
//! again when a profile becomes known. Only what changed is told.

use firebreak_exposure::{Docket, EvidenceBook, Profile, Seen};
use firebreak_model::{EnvironmentEvidence, Judgement, NodeKey, Text, Time, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long after the last word about an environment it counts as settled, in seconds. Until then a log that has not
/// ended is not a gap.
const SETTLED_SECONDS: i64 = 3_600;

/// The evidence, and what was told of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Verdicts {
    book: EvidenceBook,
    /// Environments about which something was said since they were judged, with the time of the last word.
    open: BTreeMap<NodeKey, Time>,
    /// Of these, the ones to judge without waiting.
    urgent: BTreeSet<NodeKey>,
    /// What was told last.
    told: BTreeMap<NodeKey, BTreeMap<Text, (Verdict, u32)>>,
    /// Profiles (id and revision) under which everything was judged.
    known: BTreeSet<(Text, u32)>,
}

impl Verdicts {
    /// Takes what an event says; `at` is the time that counts as now.
    pub fn add(&mut self, seen: &Seen, at: Time) {
        self.book.add(seen);
        if seen.observation.is_some() {
            self.urgent.insert(seen.environment.clone());
        }
        self.open.insert(seen.environment.clone(), at);
    }

    /// Takes what inventories say.
    pub fn add_inventory(&mut self, evidence: &[EnvironmentEvidence]) {
        for one in evidence {
            self.book.add_evidence(one);
            // An inventory is settled as it comes.
            self.open.insert(one.environment.clone(), Time::from_seconds(0));
        }
    }

    /// The verdicts that are due at `now` and differ from what was told. With `all`, nothing is waited for.
    pub fn due(&mut self, profiles: &[Profile], now: Time, all: bool) -> Vec<Judgement> {
        let known: Vec<&Profile> = profiles.iter().filter(|profile| profile.known <= now).collect();
        let fresh = |profile: &&&Profile| !self.known.contains(&(profile.id.clone(), profile.revision));
        let fresh: Vec<&Profile> = known.iter().filter(fresh).copied().collect();
        let mut judged: Vec<Judgement> = Vec::new();
        if !fresh.is_empty() {
            let docket = Docket::new(fresh.iter().copied());
            let environments = self.book.environments();
            // Profile after profile, as they became known.
            let mut all: Vec<Vec<Judgement>> = environments.map(|one| self.book.judge(one, &docket)).collect();
            for _ in &fresh {
                judged.extend(all.iter_mut().filter(|rest| !rest.is_empty()).map(|rest| rest.remove(0)));
            }
            self.known.extend(fresh.iter().map(|profile| (profile.id.clone(), profile.revision)));
        }
        let settled = |at: &Time| all || at.plus_seconds(SETTLED_SECONDS) <= now;
        let ready: BTreeMap<NodeKey, bool> = self
            .open
            .iter()
            .filter(|(environment, at)| settled(at) || self.urgent.contains(*environment))
            .map(|(environment, at)| (environment.clone(), settled(at)))
            .collect();
        let docket = Docket::new(known);
        judged.extend(ready.keys().flat_map(|environment| self.book.judge(environment, &docket)));
        self.urgent.clear();
        self.open.retain(|environment, _| !ready.get(environment).copied().unwrap_or(false));
        judged.into_iter().filter(|judgement| self.is_news(judgement, &ready)).collect()
    }

    /// Whether a judgement is to be told: exposure at once; a gap only when the environment is settled; an all-clear
    /// only where something else was told before.
    fn is_news(&mut self, judgement: &Judgement, ready: &BTreeMap<NodeKey, bool>) -> bool {
        let told = self.told.entry(judgement.environment.clone()).or_default();
        let now = (judgement.verdict, judgement.revision);
        let before = told.get(&judgement.profile).copied();
        let settled = ready.get(&judgement.environment).copied().unwrap_or(true);
        let news = match (before, judgement.verdict) {
            (Some(before), _) => before != now && (settled || judgement.verdict == Verdict::Exposed),
            (None, Verdict::Exposed) => true,
            (None, Verdict::Suspect | Verdict::Unknown) => settled,
            (None, Verdict::Clear) => false,
        };
        if news {
            told.insert(judgement.profile.clone(), now);
        }
        news
    }

    /// All that is known of every environment.
    pub fn evidence(&self) -> Vec<EnvironmentEvidence> {
        self.book.environments().filter_map(|environment| self.book.evidence(environment)).collect()
    }

    /// The verdict on everything under every profile, as the evidence stands.
    pub fn all(&self, profiles: &[Profile]) -> Vec<Judgement> {
        self.book.judge_all(profiles)
    }
}
