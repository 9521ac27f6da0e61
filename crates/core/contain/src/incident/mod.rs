//! The respond stage: a single writer that takes findings, judgements, approvals and reports, keeps incidents, and says
//! what is to be done. The same messages always give the same effects.
//!
//! It does nothing itself: effects run elsewhere and come back as messages. No step is ever sent twice.

mod group;
mod message;
mod muted;
mod old_news;
mod pause;
mod prepared;
mod review;
mod standing_policy;
mod state;
mod storm;
mod tracked;

use crate::derived::Derivation;
use crate::gate::{Approval, Gate};
use crate::lease::{MAX_TERM_SECONDS, TERM_SECONDS};
use crate::lint::MAX_AGE_SECONDS;
use crate::plan::{IncidentId, Plan, PlanId, StepKey};
use crate::prepared::ProfileStep;
use crate::scope::places;
use crate::standing_policy::Standing;
use firebreak_graph::{COMPACT_ABOVE, Graph};
use firebreak_model::{Action, Change, Finding, FindingId, Judgement, NodeKey, Severity, Signal, Text, Time, Verdict};
use std::collections::{BTreeMap, BTreeSet};

pub use group::{Item, TOGETHER_SECONDS};
pub use message::{Effect, Estate, IncidentView, Message, Status, StepOutcome};
pub use state::{HELD_BACK, MUTE, State};
pub use tracked::Entry;

use group::Index;
use state::Incident;

/// How old the newest finding of an incident may be when it is opened, where the owner says nothing: a day.
pub const RECENT_SECONDS: i64 = 86_400;

/// What the owner has settled about responding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Firebreak's own credentials and identities: never cut, nor what they lead through.
    pub our_own: BTreeSet<NodeKey>,
    /// The actions that responders know (`aws_access_key/deactivate`).
    pub actions: BTreeSet<Text>,
    /// What may never be cut.
    pub never_cut: BTreeSet<NodeKey>,
    /// How old a plan may be when it passes the gate, in seconds.
    pub max_age_seconds: i64,
    /// How long a containment stands unconfirmed, in seconds.
    pub lease_seconds: i64,
    /// How far the owner's clock is ahead of UTC, in seconds.
    pub utc_offset_seconds: i32,
    /// How old the newest finding of an incident may be when it is opened, in seconds, for anything to be done without a
    /// person; 0 where age does not count.
    pub recent_seconds: i64,
    /// The standing policies, each with what the owner wants of it.
    pub standing: Vec<Standing>,
    /// What incident profiles prepare, by profile.
    pub prepared: BTreeMap<Text, Vec<ProfileStep>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            our_own: BTreeSet::new(),
            actions: BTreeSet::new(),
            never_cut: BTreeSet::new(),
            max_age_seconds: MAX_AGE_SECONDS,
            lease_seconds: TERM_SECONDS,
            utc_offset_seconds: 0,
            recent_seconds: RECENT_SECONDS,
            standing: Vec::new(),
            prepared: BTreeMap::new(),
        }
    }
}

/// The respond stage.
#[derive(Debug)]
pub struct Respond {
    state: State,
    gate: Gate,
    settings: Settings,
    known: Known,
    effects: Vec<Effect>,
    opened: BTreeSet<IncidentId>,
    touched: BTreeSet<IncidentId>,
}

/// What follows from the state and the estate; made anew after a restart.
#[derive(Clone, Debug, Default)]
struct Known {
    /// Whether the estate was ever told. Until then nothing can be judged harmless.
    told: bool,
    graph: Graph,
    uses: crate::cost::Uses,
    /// How often the graph has changed.
    revision: u64,
    /// Derived credentials that the graph knows.
    mapped: BTreeSet<Derivation>,
    /// Derived credentials by parent.
    children: BTreeMap<NodeKey, BTreeSet<NodeKey>>,
    index: Index,
    member: BTreeMap<Item, IncidentId>,
    /// Credentials and identities in the intruder's reach, per incident.
    held: BTreeMap<IncidentId, BTreeSet<NodeKey>>,
    /// Steps by the incident for which they were taken.
    steps: BTreeMap<IncidentId, BTreeSet<StepKey>>,
    /// Steps that stand or are on their way, of all incidents, and a digest of their names.
    standing: BTreeMap<StepKey, Action>,
    standing_digest: u64,
    /// Incidents of standing policies, by policy and by whom or what they are about.
    firings: BTreeMap<(Text, NodeKey), BTreeSet<IncidentId>>,
    /// What the last plan of each incident was made from.
    basis: BTreeMap<IncidentId, review::Basis>,
    /// Incidents that wait for a plan.
    due: storm::Due,
    /// Findings that are held back, by what they are about.
    held_back: BTreeMap<NodeKey, BTreeSet<FindingId>>,
    /// Incidents whose reach was drawn anew since findings that are held back were looked after.
    looked_at: BTreeSet<IncidentId>,
}

impl Respond {
    /// A stage that remembers nothing.
    pub fn new(gate: Gate, settings: Settings) -> Respond {
        Respond::restore(State::default(), gate, settings)
    }

    /// A stage that goes on from `state`. It plans nothing before it is told the estate again.
    pub fn restore(state: State, gate: Gate, settings: Settings) -> Respond {
        let mut respond = Respond {
            state,
            gate,
            settings,
            known: Known::default(),
            effects: Vec::new(),
            opened: BTreeSet::new(),
            touched: BTreeSet::new(),
        };
        respond.index();
        respond
    }

    /// Everything it remembers.
    pub fn snapshot(&self) -> &State {
        &self.state
    }

    /// What of it has changed since this was asked last, to be written down.
    ///
    /// # Errors
    /// None in practice: everything is plain data.
    pub fn changes(&mut self) -> serde_json::Result<Vec<Entry>> {
        self.state.changes()
    }

    /// The incidents as they stand, in the order of their names.
    pub fn incidents(&self) -> impl Iterator<Item = IncidentView> {
        self.state.incidents.values().map(Incident::view)
    }

    /// The incident with this name, or the one that it has become part of.
    pub fn incident(&self, id: &IncidentId) -> Option<IncidentView> {
        self.named(id).map(Incident::view)
    }

    /// The incident with this name; only where there is none those are asked that have taken others in.
    fn named(&self, id: &IncidentId) -> Option<&Incident> {
        let incidents = &self.state.incidents;
        incidents.get(id).or_else(|| incidents.values().find(|incident| incident.is(id)))
    }

    /// The plan that waits for approval or was approved under this id.
    pub fn plan(&self, id: &PlanId) -> Option<&Plan> {
        let pending = self.state.incidents.values().filter_map(|incident| incident.pending.as_ref());
        let approved = self.state.approved.values().map(|passed| &passed.plan);
        pending.chain(approved).find(|plan| plan.id() == id)
    }

    /// The findings and judgements of an incident.
    pub fn items(&self, id: &IncidentId) -> (Vec<&Finding>, Vec<&Judgement>) {
        let incident = self.named(id);
        let items = incident.into_iter().flat_map(|incident| &incident.items);
        let (mut findings, mut judgements) = (Vec::new(), Vec::new());
        if let Some(firing) = incident.and_then(|incident| incident.firing.as_ref()) {
            findings.extend(firing.findings.iter().filter_map(|id| self.state.findings.get(id)));
            let of = self.state.judgements.get(&firing.about);
            judgements.extend(firing.profiles.iter().filter_map(|profile| of?.get(profile)));
        }
        for item in items {
            match item {
                Item::Finding(id) => findings.extend(self.state.findings.get(id)),
                Item::Judgement(environment, profile) => {
                    judgements.extend(self.state.judgements.get(environment).and_then(|by| by.get(profile)));
                }
            }
        }
        (findings, judgements)
    }

    /// How many incidents wait for a plan since a [`Message::Storm`].
    pub fn waiting(&self) -> usize {
        self.known.due.len()
    }

    /// Plans that passed the gate and whose steps have not all been reported: to be given to `act` once after a restart.
    /// `act` goes on where it stopped and repeats nothing. While automatic actions are paused those wait that no person
    /// approved.
    pub fn resume(&mut self) -> Vec<Effect> {
        self.resend(self.may_go_on());
        self.take()
    }

    /// Takes one message and gives what is to be done, in order.
    pub fn step(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Finding(finding) => self.found(finding),
            Message::Storm(findings) => self.storm(findings),
            Message::Next { at_most } => self.next(at_most),
            Message::Judgement(judgement) => self.judged(judgement),
            Message::Derived(derivation) => self.derived(derivation),
            Message::Prepared(prepared) => self.prepared(prepared),
            Message::Approval(approval) => self.approve(approval),
            Message::Confirmed { plan, by, until } => self.confirm(&plan, &by, until),
            Message::Paused(pause) => self.pause(pause),
            Message::Resumed { by } => self.go_on(&by),
            Message::Muted(mute) => self.mute(mute),
            Message::Unmuted { mute, by } => self.unmute(&mute, &by),
            Message::StepReported { plan, step, outcome, at } => self.reported(&plan, &step, outcome, at),
            Message::Facts(estate) => self.told(estate),
            Message::Changes(changes) => self.changed(&changes),
            Message::Tick { now } => self.tick(now),
        }
        self.take()
    }

    /// What has come together, with each incident that changed shown once and first, as it stands now.
    fn take(&mut self) -> Vec<Effect> {
        self.release_what_is_reached();
        let (opened, touched) = (std::mem::take(&mut self.opened), std::mem::take(&mut self.touched));
        let mut effects = Vec::new();
        for id in touched {
            let Some(incident) = self.state.incidents.get(&id) else { continue };
            let view = incident.view();
            effects.push(if opened.contains(&id) { Effect::OpenIncident(view) } else { Effect::UpdateIncident(view) });
        }
        effects.append(&mut self.effects);
        effects
    }

    fn now(&self) -> Time {
        self.state.clock.unwrap_or(Time(0))
    }

    fn record(&mut self, kind: &'static str, body: serde_json::Value) {
        self.state.records += 1;
        let id = format!("respond-{:010}", self.state.records);
        self.effects.push(Effect::Record { id, kind, body });
    }

    fn notify(&mut self, id: &IncidentId, text: String) {
        let severity = self.state.incidents.get(id).map_or(Severity::High, |incident| incident.severity);
        self.effects.push(Effect::Notify { incident: id.clone(), severity, text });
    }

    /// Makes index, membership and derivations anew from the state.
    fn index(&mut self) {
        let known = &mut self.known;
        known.member.clear();
        known.firings.clear();
        for incident in self.state.incidents.values() {
            known.member.extend(incident.items.iter().map(|item| (item.clone(), incident.id.clone())));
            if let Some(firing) = &incident.firing {
                let place = (firing.policy.clone(), firing.about.clone());
                known.firings.entry(place).or_default().insert(incident.id.clone());
            }
        }
        for derivation in self.state.derived.values().flatten() {
            known.children.entry(derivation.parent.clone()).or_default().insert(derivation.child.clone());
        }
        self.index_held_back();
        let known = &mut self.known;
        known.index = Index::default();
        known.steps.clear();
        for (key, taken) in self.state.steps.iter() {
            known.steps.entry(taken.incident.clone()).or_default().insert(key.clone());
        }
        for key in self.state.steps.keys().cloned().collect::<Vec<_>>() {
            self.note_standing(&key);
        }
        let known = &mut self.known;
        let mut links: Vec<(Item, BTreeSet<Item>)> = Vec::new();
        for finding in self.state.findings.values() {
            let keys = about(&self.state, &known.graph, finding);
            links.push((Item::Finding(finding.id.clone()), known.index.finding(finding, &keys)));
        }
        // One that was withdrawn belongs to its incident still, and so does what is found later about what it could read.
        let member = known.member.clone();
        let belongs = |one: &&Judgement| opens(one) || member.contains_key(&Item::of(one));
        for judgement in self.state.judgements.values().flat_map(BTreeMap::values).filter(belongs) {
            links.push((Item::of(judgement), known.index.judgement(judgement, &known.graph)));
        }
        for (item, together) in links {
            self.join(item, together);
        }
    }

    fn found(&mut self, finding: Finding) {
        if let Some(id) = self.place(finding) {
            self.review(&id);
        }
    }

    /// Puts a finding into the incident that it belongs to. Gives that where it is to be reviewed.
    fn place(&mut self, finding: Finding) -> Option<IncidentId> {
        if self.state.findings.get(&finding.id) == Some(&finding) {
            return None;
        }
        if !self.state.ticked {
            self.state.clock = self.state.clock.max(Some(finding.at));
        }
        if self.hold_back(&finding) {
            return None;
        }
        let keys = about(&self.state, &self.known.graph, &finding);
        let together = self.known.index.finding(&finding, &keys);
        let id = self.join(Item::Finding(finding.id.clone()), together);
        let changes = self.changes_scope(&id, &finding);
        if let Some(incident) = self.state.incidents.get_mut(&id) {
            incident.severity = incident.severity.max(finding.severity);
        }
        self.touched.insert(id.clone());
        self.record("finding", serde_json::json!({"incident": id, "finding": finding}));
        self.state.findings.insert(finding.id.clone(), finding.clone());
        // What the owner wants on sight goes before what is planned for the whole.
        self.fire_on(&finding);
        changes.then_some(id)
    }

    /// Whether the finding can say anything that its incident does not know. A thousand more of the same do not.
    fn changes_scope(&self, id: &IncidentId, finding: &Finding) -> bool {
        let subject = finding.subject.as_ref().or(finding.actor.as_ref());
        let sources = self.state.incidents.get(id).map_or(&[][..], |incident| &incident.scope.sources);
        let known = sources.iter().any(|source| Some(&source.key) == subject && source.since <= finding.first);
        let weak = finding.signal == Signal::Watch;
        // Novelty and volume count in pairs, so that one may date back what the other was known to be compromised since.
        let pairs = matches!(finding.signal, Signal::Novelty | Signal::Volume);
        // Where two incidents have just become one there is no basis.
        !self.known.basis.contains_key(id) || !(weak || known && !pairs)
    }

    fn judged(&mut self, judgement: Judgement) {
        let before = self.state.judgements.get(&judgement.environment).and_then(|by| by.get(&judgement.profile));
        if before.is_some_and(|before| *before == judgement || before.revision > judgement.revision) {
            return;
        }
        let item = Item::of(&judgement);
        self.state.judgements.of(&judgement.environment).insert(judgement.profile.clone(), judgement.clone());
        self.record("judgement", serde_json::json!({"judgement": judgement}));
        self.fire_on_exposure(&judgement);
        self.grouped(&judgement, item);
    }

    /// Puts a judgement where it belongs: into an incident, or as a gap beside those of its profile.
    fn grouped(&mut self, judgement: &Judgement, item: Item) {
        if opens(judgement) || self.known.member.contains_key(&item) {
            let together = match opens(judgement) {
                true => self.known.index.judgement(judgement, &self.known.graph),
                false => BTreeSet::new(),
            };
            let id = self.join(item, together);
            self.touched.insert(id.clone());
            if let Some(incident) = self.state.incidents.get_mut(&id)
                && judgement.verdict == Verdict::Exposed
            {
                incident.severity = incident.severity.max(Severity::High);
            }
            self.review(&id);
        } else {
            // It opens nothing, but where the same profile is at work it is a gap, or closes one.
            let same = |item: &Item| matches!(item, Item::Judgement(_, profile) if *profile == judgement.profile);
            let concerned = self.state.incidents.values().filter(|incident| incident.items.iter().any(same));
            for id in concerned.map(|incident| incident.id.clone()).collect::<Vec<_>>() {
                self.touched.insert(id.clone());
                self.review(&id);
            }
        }
    }

    /// Takes all that was seen made at once, so that what it concerns is reviewed once.
    fn derived(&mut self, derivations: Vec<Derivation>) {
        let mut concerned = BTreeSet::new();
        for derivation in derivations {
            self.made(derivation, &mut concerned);
        }
        for id in concerned {
            self.review(&id);
        }
    }

    /// Remembers `derivation`, and adds the incidents that it bears on to `concerned`.
    fn made(&mut self, derivation: Derivation, concerned: &mut BTreeSet<IncidentId>) {
        let Derivation { parent, child, .. } = &derivation;
        let (parent, child) = (parent.clone(), child.clone());
        let whom = derivation.actor.clone();
        if self.state.derived.get(&child).is_some_and(|made| made.contains(&derivation)) {
            return;
        }
        self.state.derived.of(&child).insert(derivation);
        self.known.children.entry(parent.clone()).or_default().insert(child.clone());
        // Findings about the child and what was made with it now lead back to the parent.
        let family = descendants(&self.known.children, child.clone());
        let subjects = |finding: &&Finding| finding.subject.as_ref().is_some_and(|subject| family.contains(subject));
        let findings: Vec<Finding> = self.state.findings.values().filter(subjects).cloned().collect();
        for finding in findings {
            let keys = about(&self.state, &self.known.graph, &finding);
            let together = self.known.index.finding(&finding, &keys);
            concerned.insert(self.join(Item::Finding(finding.id), together));
        }
        let holds = |(_, held): &(&IncidentId, &mut BTreeSet<NodeKey>)| held.contains(&parent);
        for (id, held) in self.known.held.iter_mut().filter(holds) {
            // What it makes in its turn concerns the same incident: it may be in the same batch.
            held.insert(child.clone());
            held.extend(whom.clone());
            concerned.insert(id.clone());
        }
    }

    fn approve(&mut self, approval: Approval) {
        if self.state.approvals.contains(&approval) {
            return;
        }
        self.record("approval", serde_json::json!({"approval": approval}));
        let plan = approval.plan_id.clone();
        self.state.approvals.push(approval);
        let waits = |incident: &&Incident| incident.pending.as_ref().is_some_and(|pending| *pending.id() == plan);
        if let Some(id) = self.state.incidents.values().find(waits).map(|incident| incident.id.clone()) {
            self.touched.insert(id.clone());
            self.decide_pending(&id);
        }
    }

    fn confirm(&mut self, plan: &PlanId, by: &NodeKey, until: Time) {
        let latest = self.now().plus_seconds(MAX_TERM_SECONDS);
        let reached = self.known.held.values().any(|held| held.contains(by));
        let Some(lease) = self.state.leases.get_mut(plan).filter(|_| by.system() == "person" && !reached) else {
            return self.record("lease_not_renewed", serde_json::json!({"plan": plan, "by": by}));
        };
        *lease = lease.clone().renewed(until.min(latest));
        let body = serde_json::json!({"lease": lease, "by": by});
        self.record("lease_renewed", body);
    }

    fn reported(&mut self, plan: &PlanId, step: &StepKey, outcome: StepOutcome, at: Time) {
        let Some(taken) = self.state.steps.get_mut(step) else { return };
        if taken.plan != *plan || taken.outcome == Some(outcome) {
            return;
        }
        let stood = taken.stands();
        taken.outcome = Some(outcome);
        let stands = taken.stands();
        let reported = taken.incident.clone();
        self.note_standing(step);
        self.record("step", serde_json::json!({"plan": plan, "step": step, "outcome": outcome, "at": at}));
        let Some(id) = self.named(&reported).map(|one| one.id.clone()) else { return };
        self.touched.insert(id.clone());
        // A step that was counted on and holds changes nothing that a plan is made from.
        if stood != stands {
            self.review(&id);
        }
        self.settle(&id);
    }

    fn told(&mut self, estate: Estate) {
        let forgotten = self.now().plus_seconds(-TOGETHER_SECONDS);
        self.forget_sessions(forgotten);
        let (graph, problems) = Graph::build(&estate.facts);
        let body = serde_json::json!({"facts": estate.facts.len(), "problems": problems});
        self.record("estate", body);
        let revision = self.known.revision + 1;
        self.known = Known { told: true, graph, uses: estate.uses, revision, ..Known::default() };
        self.index();
        for id in self.state.incidents.keys().cloned().collect::<Vec<_>>() {
            self.review(&id);
        }
        self.fire_on_exposures();
    }

    /// Forgets what was seen to be made and had ended by then.
    fn forget_sessions(&mut self, by: Time) {
        let ended = |one: &Derivation| one.until.is_some_and(|until| until <= by);
        let concerned = self.state.derived.iter().filter(|(_, made)| made.iter().any(ended));
        for child in concerned.map(|(child, _)| child.clone()).collect::<Vec<NodeKey>>() {
            let made = self.state.derived.of(&child);
            made.retain(|one| !ended(one));
            if made.is_empty() {
                self.state.derived.remove(&child);
            }
        }
    }

    fn changed(&mut self, changes: &[Change]) {
        if changes.is_empty() || !self.known.told {
            return;
        }
        let graph = &mut self.known.graph;
        let problems = graph.apply(changes);
        if graph.overlay_share() > COMPACT_ABOVE {
            graph.compact();
        }
        self.known.revision += 1;
        self.record("estate_changed", serde_json::json!({"changes": changes.len(), "problems": problems}));
        self.index();
        for id in self.state.incidents.keys().cloned().collect::<Vec<_>>() {
            self.review(&id);
        }
        self.fire_on_exposures();
    }

    fn tick(&mut self, now: Time) {
        if self.state.ticked && self.state.clock >= Some(now) {
            return;
        }
        (self.state.ticked, self.state.clock) = (true, Some(now));
        self.end_mutes();
        let limit = self.settings.max_age_seconds;
        let stale =
            |one: &&Incident| one.pending.as_ref().is_some_and(|plan| plan.body().made_at.plus_seconds(limit) < now);
        for id in self.state.incidents.values().filter(stale).map(|one| one.id.clone()).collect::<Vec<_>>() {
            self.known.basis.remove(&id);
            self.touched.insert(id.clone());
            self.review(&id);
        }
        // Lifting is an action too.
        let may_lift = self.state.paused.is_none();
        let due = self.state.leases.values().filter(|lease| may_lift && lease.due(now)).map(|lease| lease.plan.clone());
        for plan in due.collect::<Vec<_>>() {
            self.lease_due(&plan);
        }
    }

    /// Puts `item` into the incident of whatever it belongs to; several become one, the oldest.
    fn join(&mut self, item: Item, together: BTreeSet<Item>) -> IncidentId {
        let member = &self.known.member;
        let ids: BTreeSet<IncidentId> =
            together.iter().chain([&item]).filter_map(|one| member.get(one)).cloned().collect();
        let mut known: Vec<&Incident> = ids.iter().filter_map(|id| self.state.incidents.get(id)).collect();
        known.sort_by_key(|incident| (incident.opened, incident.id.clone()));
        let id = match known.first() {
            Some(oldest) => oldest.id.clone(),
            None => {
                let id = IncidentId::of(&item.name());
                self.state.incidents.insert(id.clone(), Incident::new(id.clone(), self.now()));
                self.opened.insert(id.clone());
                id
            }
        };
        for other in ids.into_iter().filter(|other| *other != id) {
            self.merge(&id, &other);
        }
        let now = self.now();
        if let Some(incident) = self.state.incidents.get_mut(&id)
            && incident.items.insert(item.clone())
        {
            incident.updated = now;
            self.touched.insert(id.clone());
        }
        self.known.member.insert(item, id.clone());
        id
    }

    fn merge(&mut self, id: &IncidentId, other: &IncidentId) {
        let Some(part) = self.state.incidents.remove(other) else { return };
        self.known.member.extend(part.items.iter().map(|item| (item.clone(), id.clone())));
        self.known.held.remove(other);
        self.known.due.remove(other);
        self.known.basis.remove(other);
        self.known.basis.remove(id);
        let Some(incident) = self.state.incidents.get_mut(id) else { return };
        incident.items.extend(part.items);
        incident.severity = incident.severity.max(part.severity);
        incident.joined.push(part.id.clone());
        incident.joined.extend(part.joined);
        incident.plans.extend(part.plans);
        self.touched.insert(id.clone());
        let superseded = part.pending.map(|plan| plan.id().clone());
        let body = serde_json::json!({"incident": id, "joins": part.id, "superseded": superseded});
        self.record("incident_joined", body);
    }
}

/// What a finding is about: its subject and what that was made from, its actor, and where what was misused could have been
/// taken: two things from one place belong together.
fn about(state: &State, graph: &Graph, finding: &Finding) -> BTreeSet<NodeKey> {
    let mut about = BTreeSet::new();
    let mut open: Vec<NodeKey> = finding.subject.iter().cloned().collect();
    while let Some(key) = open.pop() {
        let derivations = state.derived.get(&key).into_iter().flatten();
        if about.insert(key.clone()) {
            open.extend(derivations.map(|derivation| derivation.parent.clone()));
        }
    }
    about.extend(finding.actor.iter().cloned());
    if finding.signal != Signal::Watch {
        let places: Vec<NodeKey> = about.iter().flat_map(|key| places(graph, key)).collect();
        about.extend(places);
    }
    about
}

/// `key` and everything that was made with it.
fn descendants(children: &BTreeMap<NodeKey, BTreeSet<NodeKey>>, key: NodeKey) -> BTreeSet<NodeKey> {
    let mut all = BTreeSet::new();
    let mut open = vec![key];
    while let Some(key) = open.pop() {
        if all.insert(key.clone()) {
            open.extend(children.get(&key).into_iter().flatten().cloned());
        }
    }
    all
}

/// Whether a judgement is reason enough for an incident. Unknown is a gap and clear is good news.
fn opens(judgement: &Judgement) -> bool {
    matches!(judgement.verdict, Verdict::Exposed | Verdict::Suspect)
}

#[cfg(test)]
mod tests;
