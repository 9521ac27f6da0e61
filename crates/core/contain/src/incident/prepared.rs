//! What the profiles of an incident prepare: steps for it, made of what could be read where the incident's environments were
//! exposed. Whether they are done is the plan's and the gate's matter.

use super::Respond;
use super::group::{Item, live_keys};
use super::state::Incident;
use crate::prepared::{Prepared, PreparedCut};
use firebreak_model::{NodeKey, Text, Verdict};
use std::collections::{BTreeMap, BTreeSet};

impl Respond {
    /// The prepared steps for `incident` as things are.
    pub(super) fn prepared_for(&self, incident: &Incident) -> Prepared {
        let mut readable: BTreeMap<&Text, BTreeSet<NodeKey>> = BTreeMap::new();
        for item in &incident.items {
            let Item::Judgement(environment, profile) = item else { continue };
            let judgement = self.state.judgements.get(environment).and_then(|by| by.get(profile));
            if let Some(judgement) = judgement.filter(|one| one.verdict == Verdict::Exposed) {
                readable.entry(profile).or_default().extend(live_keys(&self.known.graph, judgement, self.now()));
            }
        }
        let mut prepared = Prepared::default();
        for (profile, keys) in readable {
            for step in self.settings.prepared.get(profile).into_iter().flatten() {
                let (cuts, why) = step.cuts(keys.iter());
                prepared.left_out.extend(why);
                let one = |cut| PreparedCut { cut, profile: profile.clone(), because: step.because.clone() };
                prepared.cuts.extend(cuts.into_iter().map(one));
            }
        }
        prepared
    }
}
