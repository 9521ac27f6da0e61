//! Standing policies at work: a finding or a verdict that one names makes an incident of its own, with exactly the steps that
//! were written down for it.
//!
//! It says nothing of what is compromised and severs nothing: what else the same finding leads to is another incident's
//! matter. Plan, gate, steps, lease and record are those of every incident.

use super::Respond;
use super::group::{live_keys, loses_something};
use super::state::Incident;
use crate::plan::by_policy::{self, Asked};
use crate::plan::{IncidentId, NoPlan, Plan, StepKey, own_way};
use crate::scope::Scope;
use crate::standing_policy::{Irreversible, MapCut, Mode, Prepared, Standing};
use firebreak_model::{
    Action, CutOption, CutPolicy, EventUid, Finding, FindingId, Judgement, NodeKey, NodeKind, Severity, Text, Time,
    Verdict,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How long before the newest event what events have filled in is kept, in seconds: longer than any finding waits.
const KEPT_SECONDS: i64 = 2 * 86_400;

/// Beyond so many events the oldest are forgotten.
const KEPT_MAX: usize = 100_000;

/// What a standing policy's incident is about.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Firing {
    pub(super) policy: Text,
    /// Whom or what: the subject of the finding, the exposed environment.
    pub(super) about: NodeKey,
    /// From when to when more of the same belongs to it.
    pub(super) since: Time,
    pub(super) until: Time,
    pub(super) findings: BTreeSet<FindingId>,
    /// The profiles under which the environment was exposed.
    pub(super) profiles: BTreeSet<Text>,
    /// What events have filled in.
    pub(super) cuts: Vec<CutOption>,
    /// What events have filled in for where the map says that something holds a class of data, by that thing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) if_sensitive: BTreeMap<NodeKey, Vec<CutOption>>,
    /// What the map is asked to cut, with what stands in for it.
    pub(super) things: BTreeMap<NodeKey, Option<NodeKey>>,
    /// Why events could not fill in a step.
    pub(super) unread: BTreeSet<String>,
}

impl Firing {
    fn add(&mut self, prepared: &Prepared) {
        for cut in &prepared.cuts {
            if !self.cuts.iter().any(|known| known.action == cut.action) {
                self.cuts.push(cut.clone());
            }
        }
        if let Some((thing, cuts)) = &prepared.if_sensitive {
            let known = self.if_sensitive.entry(thing.clone()).or_default();
            known.extend(
                cuts.iter()
                    .filter(|cut| !known.iter().any(|one| one.action == cut.action))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        self.unread.extend(prepared.unread.iter().map(|why| format!("event {}: {why}", prepared.event)));
    }
}

impl Respond {
    /// The standing policy with this name, where the owner wants it.
    fn wanted(&self, policy: &str) -> Option<&Standing> {
        self.settings.standing.iter().find(|one| one.policy.id == policy && one.mode != Mode::Off)
    }

    /// Keeps what events have filled in until a finding asks for it. What an incident follows is contained at once.
    pub(super) fn prepared(&mut self, all: Vec<Prepared>) {
        let mut concerned = BTreeSet::new();
        for one in all {
            let known = self.state.prepared.get(&one.event);
            if self.wanted(&one.policy).is_none() || known.is_some_and(|known| known.contains(&one)) {
                continue;
            }
            for id in self.following(&one) {
                if let Some(firing) = self.state.incidents.get_mut(&id).and_then(|incident| incident.firing.as_mut()) {
                    firing.add(&one);
                    concerned.insert(id);
                }
            }
            self.state.prepared.of(&one.event).push(one);
        }
        self.forget_prepared();
        for id in concerned {
            self.review(&id);
        }
    }

    /// The incidents that follow what `one` is about.
    fn following(&self, one: &Prepared) -> Vec<IncidentId> {
        let of = |about: &NodeKey| self.known.firings.get(&(one.policy.clone(), about.clone()));
        let ids = one.about.iter().filter_map(of).flatten();
        let follows = |id: &&IncidentId| {
            let firing = self.state.incidents.get(id).and_then(|incident| incident.firing.as_ref());
            firing.is_some_and(|firing| firing.since <= one.at && one.at <= firing.until)
        };
        ids.filter(follows).cloned().collect()
    }

    fn forget_prepared(&mut self) {
        let all = &self.state.prepared;
        let mut by_time: Vec<(Time, EventUid)> =
            all.iter().filter_map(|(event, prepared)| Some((prepared.first()?.at, *event))).collect();
        let Some(newest) = by_time.iter().map(|(at, _)| *at).max() else { return };
        let old = newest.plus_seconds(-KEPT_SECONDS);
        by_time.sort_unstable();
        let beyond = by_time.len().saturating_sub(KEPT_MAX);
        let forgotten: Vec<EventUid> = by_time
            .iter()
            .take(beyond)
            .chain(by_time.iter().skip(beyond).take_while(|one| one.0 < old))
            .map(|one| one.1)
            .collect();
        if beyond > 0 {
            self.record("prepared_forgotten", serde_json::json!({"events": beyond}));
        }
        for event in forgotten {
            self.state.prepared.remove(&event);
        }
    }

    /// Lets every policy that names the finding's detector fire.
    pub(super) fn fire_on(&mut self, finding: &Finding) {
        let named = |one: &&Standing| one.mode != Mode::Off && one.policy.when.names(finding);
        let fires: Vec<Standing> = self.settings.standing.iter().filter(named).cloned().collect();
        for Standing { policy, .. } in fires {
            let parties: Vec<NodeKey> = finding.subject.iter().chain(&finding.actor).cloned().collect();
            let can_be_cut = |key: &&NodeKey| matches!(key.kind(), NodeKind::Credential | NodeKind::Identity);
            let mut things = parties.iter().filter(can_be_cut);
            let asks_map = policy.map_steps.iter().any(|step| step.cut == MapCut::Subject);
            let thing = things.next().filter(|_| asks_map).map(|key| (key.clone(), things.next().cloned()));
            // A finding about nobody (a class of data, everyone together) names nothing that a policy could cut.
            if policy.event_steps.is_empty() && thing.is_none() {
                continue;
            }
            let about = parties.first().cloned().unwrap_or_else(|| NodeKey::resource("finding", finding.id.as_str()));
            let until = finding.at.plus_seconds(policy.follow_seconds);
            let belongs = |one: &&Prepared| {
                let followed = finding.first <= one.at && one.at <= until;
                let same = parties.iter().any(|party| one.about.contains(party));
                one.policy == policy.id && (finding.events.contains(&one.event) || same && followed)
            };
            let prepared: Vec<Prepared> = self.state.prepared.values().flatten().filter(belongs).cloned().collect();
            let only_sensitive = !asks_map && policy.event_steps.iter().all(|step| step.sensitive);
            let concerns = |one: &Prepared| one.if_sensitive.as_ref().is_some_and(|(thing, _)| self.holds_data(thing));
            if only_sensitive && !prepared.iter().any(concerns) {
                continue;
            }
            let id = self.firing_of(&policy.id, &about, finding.id.as_str(), (finding.first, until));
            let Some(incident) = self.state.incidents.get_mut(&id) else { continue };
            incident.severity = incident.severity.max(finding.severity);
            let Some(firing) = incident.firing.as_mut() else { continue };
            firing.findings.insert(finding.id.clone());
            firing.things.extend(thing);
            prepared.iter().for_each(|one| firing.add(one));
            self.review(&id);
        }
    }

    /// Lets every policy fire that wants what an exposed environment could read to be cut, where something of it lives.
    pub(super) fn fire_on_exposure(&mut self, judgement: &Judgement) {
        let named = |one: &&Standing| one.mode != Mode::Off && one.policy.when.exposed;
        let fires: Vec<Text> = self.settings.standing.iter().filter(named).map(|one| one.policy.id.clone()).collect();
        for policy in fires {
            let (environment, now) = (&judgement.environment, self.now());
            let known = self.known.firings.get(&(policy.clone(), environment.clone()));
            let known: Vec<IncidentId> = known.into_iter().flatten().cloned().collect();
            let lives = loses_something(&self.known.graph, judgement)
                && !live_keys(&self.known.graph, judgement, now).is_empty();
            if lives {
                let id = self.firing_of(&policy, environment, &judgement.profile, (Time::MIN, Time::MAX));
                let incident = self.state.incidents.get_mut(&id);
                if let Some(firing) = incident.and_then(|incident| incident.firing.as_mut()) {
                    firing.profiles.insert(judgement.profile.clone());
                }
                self.review(&id);
            } else {
                known.iter().for_each(|id| self.review(id));
            }
        }
    }

    /// As [`Respond::fire_on_exposure`], for all that is known: the map may say only now what could be read.
    pub(super) fn fire_on_exposures(&mut self) {
        if !self.settings.standing.iter().any(|one| one.mode != Mode::Off && one.policy.when.exposed) {
            return;
        }
        let exposed = |judgement: &&Judgement| judgement.verdict == Verdict::Exposed;
        let all = self.state.judgements.values().flat_map(BTreeMap::values);
        for judgement in all.filter(exposed).cloned().collect::<Vec<_>>() {
            self.fire_on_exposure(&judgement);
        }
    }

    /// The incident of `policy` about `about` to which what happened then belongs; a new one where there is none.
    fn firing_of(&mut self, policy: &Text, about: &NodeKey, first: &str, (since, until): (Time, Time)) -> IncidentId {
        let place = (policy.clone(), about.clone());
        let near = |id: &&IncidentId| {
            let firing = self.state.incidents.get(id).and_then(|incident| incident.firing.as_ref());
            firing.is_some_and(|firing| firing.since <= until && since <= firing.until)
        };
        let known = self.known.firings.get(&place).into_iter().flatten().find(near).cloned();
        if let Some(id) = known {
            if let Some(firing) = self.state.incidents.get_mut(&id).and_then(|incident| incident.firing.as_mut()) {
                (firing.since, firing.until) = (firing.since.min(since), firing.until.max(until));
            }
            self.touched.insert(id.clone());
            return id;
        }
        let id = IncidentId::of(&format!("standing policy\n{policy}\n{about}\n{first}"));
        let firing = Firing {
            policy: policy.clone(),
            about: about.clone(),
            since,
            until,
            findings: BTreeSet::new(),
            profiles: BTreeSet::new(),
            cuts: Vec::new(),
            if_sensitive: BTreeMap::new(),
            things: BTreeMap::new(),
            unread: BTreeSet::new(),
        };
        let new = Incident::new(id.clone(), self.now());
        self.state.incidents.insert(id.clone(), Incident { severity: Severity::High, firing: Some(firing), ..new });
        self.opened.insert(id.clone());
        self.touched.insert(id.clone());
        self.known.firings.entry(place).or_default().insert(id.clone());
        id
    }

    /// Plans what the policy asks for and asks the gate, if anything of it has changed.
    pub(super) fn review_firing(&mut self, id: &IncidentId) {
        let firing = self.state.incidents.get(id).and_then(|incident| incident.firing.clone());
        let Some(firing) = firing.filter(|_| self.known.told) else { return };
        let seeds: BTreeSet<NodeKey> = firing.things.keys().cloned().collect();
        let derived = self.derivations(&seeds);
        self.map(&derived);
        let (grounds, (cuts, gaps), now) = (self.reasons(&firing), self.cuts_of(&firing), self.now());
        let mut basis = self.basis_of(id, &Scope::default(), !grounds.is_empty());
        basis.cuts = cuts.iter().map(|cut| StepKey::of(&cut.action)).collect();
        let scope = Scope { gaps: gaps.into_iter().collect(), ..Scope::default() };
        let findings = self.state.findings.iter().filter(|(id, _)| firing.findings.contains(*id));
        let parties = findings.flat_map(|(_, finding)| finding.subject.iter().chain(&finding.actor));
        self.known.held.insert(id.clone(), parties.chain([&firing.about]).cloned().collect());
        self.known.looked_at.insert(id.clone());
        let Some(incident) = self.state.incidents.get_mut(id) else { return };
        if (&incident.grounds, &incident.scope) != (&grounds, &scope)
            || self.known.basis.get(id).is_none_or(|old| old.cuts != basis.cuts)
        {
            incident.updated = now;
            let body = serde_json::json!({
                "incident": id, "policy": firing.policy, "about": firing.about, "grounds": grounds, "cuts": cuts,
                "gaps": scope.gaps,
            });
            (incident.grounds, incident.scope) = (grounds.clone(), scope);
            self.touched.insert(id.clone());
            self.record("standing_policy", body);
        }
        if self.known.basis.get(id) == Some(&basis) {
            return;
        }
        self.known.basis.insert(id.clone(), basis);
        if grounds.is_empty() { self.withdraw(id) } else { self.plan_anew(id) }
    }

    /// Why the policy fires, in words; empty where the owner does not want it any longer, or nothing that it fired on holds.
    fn reasons(&self, firing: &Firing) -> Vec<String> {
        let Some(standing) = self.wanted(&firing.policy) else { return Vec::new() };
        let (policy, title) = (&firing.policy, &standing.policy.title);
        let found = firing.findings.iter().filter_map(|id| self.state.findings.get(id));
        let found = found.map(|finding| format!("standing policy `{policy}` ({title}): {}", finding.explanation));
        let exposed = self.exposures(firing);
        let exposed = exposed.map(|one| {
            format!("standing policy `{policy}` ({title}): `{}` was exposed to {}", one.environment, one.profile)
        });
        found.chain(exposed).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The verdicts on which it fired and that still hold.
    fn exposures<'a>(&'a self, firing: &'a Firing) -> impl Iterator<Item = &'a Judgement> {
        let judgements = self.state.judgements.get(&firing.about).into_iter().flat_map(BTreeMap::values);
        judgements.filter(move |one| one.verdict == Verdict::Exposed && firing.profiles.contains(&one.profile))
    }

    /// What the policy asks for as things are, and what it cannot have. What the owner spares is left alone.
    fn cuts_of(&self, firing: &Firing) -> (Vec<CutOption>, BTreeSet<String>) {
        let mut gaps = firing.unread.clone();
        let mut cuts = firing.cuts.clone();
        for (thing, wanted) in &firing.if_sensitive {
            match self.holds_data(thing) {
                true => cuts.extend(wanted.iter().cloned()),
                false => drop(gaps.insert(format!("no inventory says that `{thing}` holds data: it is left as it is"))),
            }
        }
        // What the events name is narrower than what the map knows of their subject.
        let mut things = if cuts.is_empty() { firing.things.clone() } else { BTreeMap::new() };
        let now = self.now();
        for judgement in self.exposures(firing) {
            things.extend(live_keys(&self.known.graph, judgement, now).into_iter().map(|key| (key, None)));
        }
        for (thing, other) in &things {
            let cut = self.cheapest(thing).or_else(|| self.cheapest(other.as_ref()?));
            if cut.is_none() {
                gaps.insert(format!("no inventory says how `{thing}` is cut"));
            }
            cuts.extend(cut);
        }
        let spared = self.wanted(&firing.policy).map(|standing| standing.except.clone()).unwrap_or_default();
        let never: BTreeSet<NodeKey> =
            own_way(&self.known.graph, &self.settings.our_own).union(&self.settings.never_cut).cloned().collect();
        cuts.retain(|cut| {
            let why = match &cut.action {
                Action { target, .. } if never.contains(target) => "it is ours, or may never be cut",
                action if is_spared(action, &spared) => "the owner spares it",
                _ => return true,
            };
            gaps.insert(format!("`{}` is left alone: {why}", cut.action.target));
            false
        });
        (cuts, gaps)
    }

    /// Whether the map says that `key` holds a class of data.
    fn holds_data(&self, key: &NodeKey) -> bool {
        let graph = &self.known.graph;
        graph.id(key).is_some_and(|id| !graph.holdings(id).is_empty())
    }

    /// The cheapest permitted way to cut `key` itself.
    fn cheapest(&self, key: &NodeKey) -> Option<CutOption> {
        let graph = &self.known.graph;
        let permitted = graph.node_cuts(graph.id(key)?).into_iter().filter(|cut| cut.policy != CutPolicy::Never);
        permitted.min_by_key(|cut| (cut.cost, cut.action.clone()))
    }

    /// The plan that the policy of `firing` asks for.
    pub(super) fn planned_by_policy(
        &self,
        id: &IncidentId,
        firing: &Firing,
        refused: &BTreeSet<Action>,
    ) -> Result<Plan, NoPlan> {
        let (cuts, gaps) = self.cuts_of(firing);
        by_policy::plan(Asked {
            incident: id,
            policy: &firing.policy,
            about: &firing.about,
            now: self.now(),
            cuts: &cuts,
            refused,
            done: &self.known.standing,
            uses: &self.known.uses,
            gaps: gaps.into_iter().collect(),
        })
    }

    /// Why a plan that the policy lets pass waits for a person all the same: the owner wants to be asked.
    pub(super) fn asks_first(&self, incident: &Incident) -> Option<String> {
        let firing = incident.firing.as_ref()?;
        let asks = self.wanted(&firing.policy)?.mode == Mode::Ask;
        asks.then(|| format!("the standing policy `{}` is set to ask: a person must approve", firing.policy))
    }

    /// Whether the owner allows what cannot be taken back to the policy that asks for the incident's plan.
    pub(super) fn allows_irreversible(&self, incident: &Incident) -> bool {
        let standing = incident.firing.as_ref().and_then(|firing| self.wanted(&firing.policy));
        standing.is_some_and(|standing| standing.irreversible == Irreversible::Allow)
    }
}

/// Whether the owner spares what `action` is about: by its key, by how that begins, or by the value of a parameter.
fn is_spared(action: &Action, spared: &BTreeSet<String>) -> bool {
    let key = action.target.as_str();
    let names = |one: &String| one.strip_suffix('*').map_or(one == key, |begins| key.starts_with(begins));
    spared.iter().any(names) || action.parameters.values().any(|value| spared.contains(value.as_str()))
}
