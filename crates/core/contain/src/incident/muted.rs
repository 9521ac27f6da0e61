//! Findings that a person muted: made, kept and put on record, and held back from everything else.
//!
//! They belong to no incident, fire no standing policy and tell nobody. They count after all as soon as what they are about is in the
//! reach of an incident with grounds, and when a person ends the mute. What was held back when a mute ran out stays so: somebody said
//! beforehand that it needs nobody.

use super::Respond;
use crate::mute::{Mute, MuteId};
use crate::plan::IncidentId;
use firebreak_model::{Finding, FindingId, NodeKey, NodeKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A finding that is held back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct HeldBack {
    /// By which mute.
    pub(super) mute: MuteId,
    pub(super) finding: Finding,
}

impl HeldBack {
    fn about(&self) -> impl Iterator<Item = &NodeKey> {
        parties(&self.finding)
    }
}

fn parties(finding: &Finding) -> impl Iterator<Item = &NodeKey> {
    finding.subject.iter().chain(&finding.actor)
}

impl Respond {
    /// The mutes that last, in the order of their names.
    pub fn mutes(&self) -> impl Iterator<Item = &Mute> {
        self.state.mutes.values()
    }

    /// Findings that are held back, in the order of their names.
    pub fn held_back(&self) -> impl Iterator<Item = &Finding> {
        self.state.held_back.values().map(|held| &held.finding)
    }

    /// A person mutes. What was found before stays as it is.
    pub(super) fn mute(&mut self, mute: Mute) {
        let why = match mute.refusal(self.now()) {
            Some((why, _)) => why,
            None if self.is_reached(&mute.by) => "whoever mutes is in the intruder's reach",
            None => {
                self.record("muted", serde_json::json!({"id": mute.id(), "mute": mute}));
                return self.state.mutes.insert(mute.id(), mute);
            }
        };
        self.record("not_muted", serde_json::json!({"mute": mute, "why": why}));
    }

    /// A person ends a mute: what it held back is looked at as if it came now.
    pub(super) fn unmute(&mut self, id: &MuteId, by: &NodeKey) {
        let is_person = by.kind() == NodeKind::Identity && by.system() == "person";
        let may = is_person && !self.is_reached(by);
        let Some(mute) = may.then(|| self.state.mutes.remove(id)).flatten() else {
            return self.record("not_unmuted", serde_json::json!({"id": id, "by": by}));
        };
        let held: BTreeSet<FindingId> = self.held_by(id).collect();
        self.record("unmuted", serde_json::json!({"id": id, "mute": mute, "by": by, "findings": held.len()}));
        for finding in held.iter().filter_map(|id| self.release(id)).collect::<Vec<_>>() {
            self.found(finding);
        }
    }

    /// Ends the mutes that have run out.
    pub(super) fn end_mutes(&mut self) {
        let now = self.now();
        let over = self.state.mutes.values().filter(|mute| mute.until <= now);
        for id in over.map(Mute::id).collect::<Vec<_>>() {
            let (mute, held) = (self.state.mutes.remove(&id), self.held_by(&id).count());
            self.record("mute_ended", serde_json::json!({"id": id, "mute": mute, "findings": held}));
        }
    }

    /// Holds `finding` back, where a mute speaks of it. Says whether it did.
    pub(super) fn hold_back(&mut self, finding: &Finding) -> bool {
        if self.state.findings.contains_key(&finding.id) {
            return false;
        }
        if self.state.held_back.get(&finding.id).is_some_and(|held| held.finding == *finding) {
            return true;
        }
        let now = self.now();
        let mute = self.state.mutes.values().find(|mute| mute.names(finding, now)).map(Mute::id);
        let Some(mute) = mute.filter(|_| !self.is_at_work_on(finding)) else {
            self.release(&finding.id);
            return false;
        };
        self.record("finding_muted", serde_json::json!({"mute": mute, "finding": finding}));
        let held = HeldBack { mute, finding: finding.clone() };
        self.note_held_back(&held);
        self.state.held_back.insert(finding.id.clone(), held);
        true
    }

    /// Looks after what is held back about things in the reach of incidents that were looked at: there no mute holds.
    pub(super) fn release_what_is_reached(&mut self) {
        while let Some(id) = self.known.looked_at.pop_first() {
            for finding in self.held_back_within(&id) {
                let Some(finding) = self.release(&finding) else { continue };
                self.record("mute_overruled", serde_json::json!({"finding": finding.id, "incident": id}));
                self.found(finding);
            }
        }
    }

    /// Makes the index of what is held back anew.
    pub(super) fn index_held_back(&mut self) {
        self.known.held_back.clear();
        for held in self.state.held_back.values().cloned().collect::<Vec<_>>() {
            self.note_held_back(&held);
        }
    }

    fn note_held_back(&mut self, held: &HeldBack) {
        for key in held.about() {
            self.known.held_back.entry(key.clone()).or_default().insert(held.finding.id.clone());
        }
    }

    /// Holds the finding back no longer.
    fn release(&mut self, id: &FindingId) -> Option<Finding> {
        let held = self.state.held_back.remove(id)?;
        for key in held.about() {
            if let Some(about) = self.known.held_back.get_mut(key) {
                about.remove(id);
            }
        }
        Some(held.finding)
    }

    fn held_by(&self, mute: &MuteId) -> impl Iterator<Item = FindingId> {
        self.state.held_back.iter().filter(move |(_, held)| held.mute == *mute).map(|(id, _)| id.clone())
    }

    /// Whether `key` is in any intruder's reach.
    fn is_reached(&self, key: &NodeKey) -> bool {
        self.known.held.values().any(|held| held.contains(key))
    }

    /// Whether an incident with grounds reaches what `finding` is about.
    fn is_at_work_on(&self, finding: &Finding) -> bool {
        let reaches = |id: &IncidentId| parties(finding).any(|key| self.reaches(id, key));
        self.state.incidents.values().any(|incident| !incident.grounds.is_empty() && reaches(&incident.id))
    }

    /// What is held back about things that an incident with grounds reaches.
    fn held_back_within(&self, id: &IncidentId) -> BTreeSet<FindingId> {
        let justified = self.state.incidents.get(id).is_some_and(|incident| !incident.grounds.is_empty());
        let about = self.known.held_back.iter().filter(|(key, _)| justified && self.reaches(id, key));
        about.flat_map(|(_, findings)| findings).cloned().collect()
    }

    fn reaches(&self, id: &IncidentId, key: &NodeKey) -> bool {
        let held = self.known.held.get(id).is_some_and(|held| held.contains(key));
        let source = |incident: &super::Incident| incident.scope.sources.iter().any(|source| source.key == *key);
        held || self.state.incidents.get(id).is_some_and(source)
    }
}
