//! One incident reviewed: its grounds, its scope, what is in reach, the plan that follows, and what the gate says to it.

use super::group::{Item, loses_something, readable_in};
use super::message::{Effect, Status, StepOutcome};
use super::state::{Incident, Passed, Taken};
use super::{Respond, descendants};
use crate::change::Situation;
use crate::derived::{self, Derivation, newcomer};
use crate::gate::{Approved, Confidence, Decision, GateRequest};
use crate::lease::{Circumstances, Lease, expiry};
use crate::lint::LintContext;
use crate::plan::order::phase;
use crate::plan::{
    IncidentId, NoPlan, Phase, Plan, PlanId, PlanRequest, SESSIONS_SINCE_PARAMETER, StepKey, own_way, plan, severs,
    sources_of,
};
use crate::rule::grounds;
use crate::scope::{Scope, ScopeEvidence, scope};
use firebreak_graph::{CutRequest, Reach, check, reach};
use firebreak_model::{
    Action, CutOption, Fact, Finding, Holding, Judgement, NodeKey, NodeKind, Signal, Text, Time, Verdict,
};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

/// What a plan was made from: while it is the same, the plan is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Basis {
    sources: Vec<(NodeKey, Time, Time)>,
    justified: bool,
    revision: u64,
    /// A digest of the steps that stand: of all incidents, so that each would not keep thousands.
    pub(super) standing: u64,
    refused: BTreeSet<Action>,
    /// What a standing policy asks for.
    pub(super) cuts: BTreeSet<StepKey>,
}

/// An incident's findings and judgements, for scope.
struct Evidence {
    findings: Vec<Finding>,
    judgements: Vec<Judgement>,
}

impl Respond {
    /// Draws the incident's scope anew and, if that changes anything, plans and asks the gate.
    pub(super) fn review(&mut self, id: &IncidentId) {
        match self.look(id) {
            Some(true) => self.plan_anew(id),
            Some(false) => self.withdraw(id),
            None => {}
        }
    }

    /// Draws the incident's scope anew. Where that changes what a plan is made from, says whether containment is justified. An
    /// incident of a standing policy has no scope: it is decided about at once.
    pub(super) fn look(&mut self, id: &IncidentId) -> Option<bool> {
        if self.state.incidents.get(id).is_some_and(|incident| incident.firing.is_some()) {
            self.review_firing(id);
            return None;
        }
        let evidence = self.evidence(id).filter(|_| self.known.told)?;
        let grounds = self.grounds(&evidence);
        let justified = !grounds.is_empty();
        let (scope, reach) = self.draw(&evidence);
        let held = self.held(&scope, &reach);
        let losses = reach.losses(&self.known.graph);
        let basis = self.basis_of(id, &scope, justified);
        let now = self.now();
        let incident = self.state.incidents.get_mut(id)?;
        let reachable = losses.by_class.iter().map(crate::plan::reachable).collect::<Vec<Holding>>();
        let crown_jewels: Vec<NodeKey> = losses.crown_jewels.into_iter().map(|loss| loss.resource).collect();
        let before = (&incident.grounds, &incident.scope, &incident.reachable, &incident.crown_jewels);
        if before != (&grounds, &scope, &reachable, &crown_jewels) {
            incident.updated = now;
            self.touched.insert(id.clone());
            let body = serde_json::json!({
                "incident": id, "grounds": grounds, "scope": scope, "reachable": reachable, "crown_jewels": crown_jewels,
            });
            (incident.grounds, incident.scope) = (grounds, scope);
            (incident.reachable, incident.crown_jewels) = (reachable, crown_jewels);
            self.record("scope", body);
        }
        self.known.held.insert(id.clone(), held);
        self.known.looked_at.insert(id.clone());
        if self.known.basis.get(id) == Some(&basis) {
            return None;
        }
        self.known.basis.insert(id.clone(), basis);
        self.known.due.remove(id);
        Some(justified)
    }

    fn evidence(&self, id: &IncidentId) -> Option<Evidence> {
        let incident = self.state.incidents.get(id)?;
        let mut findings = Vec::new();
        let (mut profiles, mut own) = (BTreeSet::new(), BTreeSet::new());
        for item in &incident.items {
            match item {
                Item::Finding(id) => findings.extend(self.state.findings.get(id).cloned()),
                Item::Judgement(environment, profile) => {
                    profiles.insert(profile);
                    own.insert((environment, profile));
                }
            }
        }
        // Watching compromises nobody, so the many findings that only watch are left out.
        findings.retain(|finding| finding.signal != Signal::Watch);
        let all =
            self.state.judgements.iter().flat_map(|(environment, by)| by.iter().map(move |(p, j)| (environment, p, j)));
        let belongs = all.filter(|(environment, profile, judgement)| {
            let doubtful = judgement.verdict == Verdict::Unknown;
            own.contains(&(*environment, *profile)) || (doubtful && profiles.contains(profile))
        });
        let judgements = belongs.map(|(_, _, judgement)| judgement.clone()).collect();
        Some(Evidence { findings, judgements })
    }

    /// Why containment is justified, in words; empty where it is not.
    fn grounds(&self, evidence: &Evidence) -> Vec<String> {
        let mut reasons: BTreeSet<String> =
            grounds(&evidence.findings).into_iter().map(|ground| ground.reason).collect();
        for judgement in evidence.judgements.iter().filter(|one| loses_something(&self.known.graph, one)) {
            let Judgement { environment, profile, .. } = judgement;
            reasons.insert(format!("`{environment}` was exposed to {profile} and could read credentials"));
        }
        reasons.into_iter().collect()
    }

    /// Scope and reach, with every derived credential that bears on them made known to the graph.
    fn draw(&mut self, evidence: &Evidence) -> (Scope, Reach) {
        let mut seeds: BTreeSet<NodeKey> = evidence
            .findings
            .iter()
            .flat_map(|finding| [&finding.subject, &finding.actor])
            .flatten()
            .cloned()
            .collect();
        for judgement in evidence.judgements.iter().filter(|one| one.verdict == Verdict::Exposed) {
            seeds.extend(readable_in(&self.known.graph, &judgement.environment));
        }
        loop {
            let mut derived = self.derivations(&seeds);
            self.map(&derived);
            derived.retain(|one| self.known.mapped.contains(one));
            let all = derived.len();
            let graph = &self.known.graph;
            let scope = scope(
                graph,
                ScopeEvidence { findings: &evidence.findings, judgements: &evidence.judgements, derived: &derived },
            );
            let reach = reach(graph, &sources_of(graph, &scope.sources), Time::MAX);
            let before = seeds.len();
            seeds.extend(self.held(&scope, &reach));
            // A longer list of seeds may bring in more derivations, and these more reach; both are finite.
            if seeds.len() == before || self.believed(&seeds) == all {
                return (scope, reach);
            }
        }
    }

    /// The derivations from which `seeds` came and all that came from those.
    pub(super) fn derivations(&self, seeds: &BTreeSet<NodeKey>) -> Vec<Derivation> {
        let mut family = BTreeSet::new();
        let mut up: Vec<NodeKey> = seeds.iter().cloned().collect();
        while let Some(key) = up.pop() {
            if family.insert(key.clone()) {
                up.extend(self.state.derived.get(&key).into_iter().flatten().map(|one| one.parent.clone()));
            }
        }
        let whole: BTreeSet<NodeKey> =
            family.into_iter().flat_map(|key| descendants(&self.known.children, key)).collect();
        whole.iter().filter_map(|key| self.state.derived.get(key)).flatten().cloned().collect()
    }

    /// How many of the derivations that `seeds` bring in can be what they look like.
    fn believed(&self, seeds: &BTreeSet<NodeKey>) -> usize {
        let mapped =
            |one: &&Derivation| self.known.mapped.contains(one) || newcomer::is_believable(&self.known.graph, one);
        self.derivations(seeds).iter().filter(mapped).count()
    }

    /// Adds derivations to the graph, each once and in the order in which they happened: what a newcomer makes has the
    /// newcomer's rights. What cannot be what it looks like is left out until the map says otherwise.
    pub(super) fn map(&mut self, derived: &[Derivation]) {
        let mut new: Vec<&Derivation> = derived.iter().filter(|one| !self.known.mapped.contains(one)).collect();
        new.sort_by_key(|one| one.at);
        for derivation in new {
            if !newcomer::is_believable(&self.known.graph, derivation) {
                continue;
            }
            let mut facts = self.facts(derivation);
            facts.extend(newcomer::inherit(&self.known.graph, derivation).into_iter().map(Fact::Edge));
            self.known.graph.state(&facts);
            self.known.mapped.insert(derivation.clone());
            self.known.revision += 1;
        }
    }

    /// The facts of a derivation. A session that was issued after its role's sessions were denied is not covered by that
    /// deny: cutting it is a step of its own.
    fn facts(&self, derivation: &Derivation) -> Vec<Fact> {
        let mut facts = derived::facts(derivation);
        let nodes = facts.iter_mut().filter_map(|fact| match fact {
            Fact::Node(node) => Some(&mut node.cuts),
            Fact::Edge(_) => None,
        });
        for CutOption { action, .. } in nodes.flatten().filter(|option| phase(&option.action) == Phase::TokenTime) {
            let same = |taken: &&Taken| taken.action.name == action.name && taken.action.target == action.target;
            let denied = self.state.steps.values().filter(same).filter(|taken| taken.stands()).map(|taken| taken.sent);
            if let Some(last) = denied.filter(|sent| *sent < derivation.at).max() {
                action.parameters.insert(Text::new_static(SESSIONS_SINCE_PARAMETER), Text::new(last.to_string()));
            }
        }
        facts
    }

    /// Credentials and identities that are compromised or in reach.
    fn held(&self, scope: &Scope, reach: &Reach) -> BTreeSet<NodeKey> {
        let reached = reach.nodes().into_iter().filter_map(|(node, _)| self.known.graph.key(node));
        let all = reached.chain(scope.sources.iter().map(|source| source.key.clone()));
        all.filter(|key| matches!(key.kind(), NodeKind::Credential | NodeKind::Identity)).collect()
    }

    pub(super) fn basis_of(&self, id: &IncidentId, scope: &Scope, justified: bool) -> Basis {
        Basis {
            sources: scope.sources.iter().map(|source| (source.key.clone(), source.since, source.until)).collect(),
            justified,
            revision: self.known.revision,
            standing: self.known.standing_digest,
            refused: self.refused(id),
            cuts: BTreeSet::new(),
        }
    }

    /// Steps that stand or are on their way, of all incidents: what is cut is cut for everyone.
    fn standing(&self) -> &BTreeMap<StepKey, Action> {
        &self.known.standing
    }

    /// Notes whether step `key` stands now.
    pub(super) fn note_standing(&mut self, key: &StepKey) {
        let stands = self.state.steps.get(key).filter(|taken| taken.stands()).map(|taken| taken.action.clone());
        let changed = match stands {
            Some(action) => self.known.standing.insert(key.clone(), action).is_none(),
            None => self.known.standing.remove(key).is_some(),
        };
        if changed {
            let mut hasher = std::hash::DefaultHasher::new();
            key.hash(&mut hasher);
            self.known.standing_digest ^= hasher.finish();
        }
    }

    /// Actions that did not help this incident, or that a person took back: not to be tried again by themselves.
    fn refused(&self, id: &IncidentId) -> BTreeSet<Action> {
        let Some(incident) = self.state.incidents.get(id) else { return BTreeSet::new() };
        self.steps_of(incident).filter(|taken| !taken.stands()).map(|taken| taken.action.clone()).collect()
    }

    /// The steps that were taken for an incident and for those that it has taken in.
    fn steps_of<'a>(&'a self, incident: &'a Incident) -> impl Iterator<Item = &'a Taken> {
        let keys = std::iter::once(&incident.id).chain(&incident.joined).filter_map(|id| self.known.steps.get(id));
        keys.flatten().filter_map(|key| self.state.steps.get(key))
    }

    /// Notes a step that is handed to `act`. One that did not help another incident may be taken again for this one.
    fn take_step(&mut self, key: &StepKey, taken: Taken) {
        if let Some(before) = self.state.steps.get(key)
            && let Some(steps) = self.known.steps.get_mut(&before.incident)
        {
            steps.remove(key);
        }
        self.known.steps.entry(taken.incident.clone()).or_default().insert(key.clone());
        self.state.steps.insert(key.clone(), taken);
        self.note_standing(key);
    }

    /// Nothing justifies containment any longer, or does not yet.
    pub(super) fn withdraw(&mut self, id: &IncidentId) {
        let Some(incident) = self.state.incidents.get_mut(id) else { return };
        let withdrawn = incident.pending.take();
        incident.status = Status::Watching;
        let stands = incident.plans.iter().any(|plan| self.state.leases.contains_key(plan));
        if let Some(plan) = withdrawn {
            self.record("plan_withdrawn", serde_json::json!({"incident": id, "plan": plan.id()}));
        }
        if stands {
            self.notify(id, "nothing justifies this containment any longer: consider lifting it".to_string());
        }
    }

    /// The cheapest plan for the incident as it stands, without what is `refused`.
    fn planned(&self, id: &IncidentId, refused: &BTreeSet<Action>) -> Option<Result<Plan, NoPlan>> {
        let incident = self.state.incidents.get(id)?;
        if let Some(firing) = &incident.firing {
            return Some(self.planned_by_policy(id, firing, refused));
        }
        let prepared = self.prepared_for(incident);
        Some(plan(PlanRequest {
            incident: id,
            graph: &self.known.graph,
            scope: &incident.scope,
            now: self.now(),
            targets: None,
            uses: &self.known.uses,
            refused,
            our_own: &self.settings.our_own,
            never_cut: &self.settings.never_cut,
            done: self.standing(),
            prepared: &prepared,
        }))
    }

    /// In place of `plan`, for which people are asked, a dearer one to the same end that can be taken back and needs nobody;
    /// `None` where there is none.
    fn without_people(&self, id: &IncidentId, plan: &Plan) -> Option<Plan> {
        const TRIES_MAX: usize = 8;
        // What a standing policy asks for is done as it says, or not.
        if plan.body().standing_policy.is_some() {
            return None;
        }
        let open =
            |plan: &Plan| plan.body().uncuttable.iter().map(|one| one.path.last().cloned()).collect::<BTreeSet<_>>();
        let (mut refused, mut asks) = (self.refused(id), plan.asking());
        for _ in 0..TRIES_MAX {
            refused.extend(asks);
            let other = self.planned(id, &refused)?.ok()?;
            asks = other.asking();
            if asks.is_empty() {
                return (open(&other) == open(plan)).then_some(other);
            }
        }
        None
    }

    pub(super) fn plan_anew(&mut self, id: &IncidentId) {
        let refused = self.refused(id);
        let Some(made) = self.planned(id, &refused) else { return };
        let Some(incident) = self.state.incidents.get(id) else { return };
        let waiting = incident.pending.clone();
        let denied = incident.denied.as_ref().map(|(plan, _)| plan.clone());
        let known = |old: &Option<Plan>, new: &Plan| {
            old.as_ref().filter(|old| old.does_the_same(new) && self.is_fresh(old)).cloned()
        };
        match made {
            Ok(plan) if known(&waiting, &plan).is_some() => self.decide_pending(id),
            Ok(plan) => match known(&denied, &plan) {
                Some(denied) => self.decide(id, denied, true),
                None => {
                    let supersedes = waiting.map(|plan| plan.id().clone());
                    self.record("plan", serde_json::json!({"plan": plan, "supersedes": supersedes}));
                    self.effects.push(Effect::PlanMade(Box::new(plan.clone())));
                    self.decide(id, plan, true);
                }
            },
            Err(why) => self.no_plan(id, &why),
        }
    }

    fn is_fresh(&self, plan: &Plan) -> bool {
        self.now() <= plan.body().made_at.plus_seconds(self.settings.max_age_seconds)
    }

    fn no_plan(&mut self, id: &IncidentId, why: &NoPlan) {
        let Some(incident) = self.state.incidents.get_mut(id) else { return };
        let before = (incident.pending.take(), incident.status);
        incident.status = match why {
            NoPlan::NothingCompromised | NoPlan::NothingReachable => Status::Harmless,
            NoPlan::NothingMore if before.1 == Status::Contained => Status::Contained,
            NoPlan::NothingMore => Status::Containing,
            NoPlan::NothingPermitted(_) | NoPlan::Unsound(_) => Status::Helpless,
        };
        let (helpless, why) = (incident.status == Status::Helpless, why.to_string());
        let news = incident.no_plan.as_ref() != Some(&why);
        incident.no_plan = Some(why.clone());
        if news || before != (None, incident.status) {
            self.touched.insert(id.clone());
            let superseded = before.0.map(|plan| plan.id().clone());
            self.record("no_plan", serde_json::json!({"incident": id, "why": why, "superseded": superseded}));
        }
        if helpless && news {
            self.notify(id, why);
        }
        self.settle(id);
    }

    /// Asks the gate about the plan that waits. The estate may have changed under it.
    pub(super) fn decide_pending(&mut self, id: &IncidentId) {
        let pending = self.state.incidents.get_mut(id).and_then(|incident| incident.pending.take());
        if let Some(plan) = pending {
            let severs_now = severs(&self.known.graph, &plan, self.standing(), self.now());
            self.decide(id, plan, severs_now);
        }
    }

    /// Asks the gate about `plan`. Where it wants people to approve, what can be taken back goes ahead if the policy lets
    /// it, and people are asked about the rest.
    fn decide(&mut self, id: &IncidentId, plan: Plan, severs_now: bool) {
        let Some(request) = self.request(id, &plan) else { return };
        let context = self.context(request.now, severs_now);
        match self.gate.decide(plan, &request, &context) {
            Decision::Approved(approved) => self.execute(id, approved, request),
            Decision::Denied { plan, reasons } => {
                self.set(id, Status::Denied, None);
                let said = (plan.clone(), reasons.clone());
                let incident = self.state.incidents.get_mut(id);
                if incident.and_then(|incident| incident.denied.replace(said.clone())) == Some(said) {
                    return;
                }
                let body = serde_json::json!({
                    "incident": id, "plan": plan.id(), "reasons": reasons, "request": request,
                });
                self.record("denied", body);
                self.notify(id, format!("plan {} is denied: {}", plan.id().short(), reasons.join("; ")));
            }
            Decision::NeedsApproval { needed, have, plan, reasons } => {
                let ahead = plan.reversible_part().map(|part| self.gate.decide(part, &request, &context));
                if let Some(Decision::Approved(part)) = ahead {
                    self.record("plan", serde_json::json!({"plan": part.plan(), "supersedes": null}));
                    self.effects.push(Effect::PlanMade(Box::new(part.plan().clone())));
                    self.execute(id, part, request);
                    // The rest is a plan of its own: it builds on what has just been sent.
                    return self.plan_anew(id);
                }
                let other = self.without_people(id, &plan);
                let other = other.and_then(|other| {
                    let request = self.request(id, &other)?;
                    Some((self.gate.decide(other, &request, &context), request))
                });
                if let Some((Decision::Approved(other), request)) = other {
                    let supersedes = plan.id();
                    self.record("plan", serde_json::json!({"plan": other.plan(), "supersedes": supersedes}));
                    self.effects.push(Effect::PlanMade(Box::new(other.plan().clone())));
                    self.execute(id, other, request);
                    return self.plan_anew(id);
                }
                let (incident, waits) = (id.clone(), plan.id().clone());
                self.set(id, Status::AwaitingApproval, Some(plan));
                let body = serde_json::json!({
                    "incident": id, "plan": waits, "needed": needed, "have": have, "reasons": reasons, "request": request,
                });
                self.record("approval_needed", body);
                self.effects.push(Effect::AskApproval { incident, plan: waits, needed, have, reasons });
            }
        }
    }

    /// Hands an approved plan to `act`, once.
    fn execute(&mut self, id: &IncidentId, approved: Approved<Plan>, request: GateRequest) {
        let (plan, now) = (approved.plan().clone(), self.now());
        for step in plan.steps() {
            let taken = Taken {
                incident: id.clone(),
                plan: plan.id().clone(),
                action: step.action.clone(),
                sent: now,
                outcome: None,
            };
            self.take_step(&step.key, taken);
        }
        let lease = Lease::new(plan.id().clone(), now, self.settings.lease_seconds);
        self.state.leases.insert(plan.id().clone(), lease);
        self.record("approved", serde_json::json!({"incident": id, "approved": approved, "request": request}));
        if let Some(incident) = self.state.incidents.get_mut(id) {
            (incident.status, incident.pending) = (Status::Containing, None);
            incident.plans.push(plan.id().clone());
            self.touched.insert(id.clone());
        }
        let standing = self.known.standing_digest;
        if let Some(basis) = self.known.basis.get_mut(id) {
            basis.standing = standing;
        }
        self.state.approved.insert(plan.id().clone(), Passed { plan, request });
        self.effects.push(Effect::Execute(Box::new(approved)));
    }

    /// Of the approved plans that are not done those that are `wanted`, given out again. The gate is asked the same question
    /// as before.
    pub(super) fn resend(&mut self, wanted: impl Fn(&Approved<Plan>) -> bool) {
        let unfinished = |passed: &&Passed| {
            let under_way = |key: &StepKey| self.state.steps.get(key).is_some_and(|taken| taken.outcome.is_none());
            passed.plan.steps().iter().any(|step| under_way(&step.key))
        };
        for Passed { plan, request } in self.state.approved.values().filter(unfinished).cloned().collect::<Vec<_>>() {
            let context = self.context(request.now, true);
            match self.gate.decide(plan.clone(), &request, &context) {
                Decision::Approved(approved) if !wanted(&approved) => {}
                Decision::Approved(approved) => self.effects.push(Effect::Execute(Box::new(approved))),
                Decision::NeedsApproval { .. } | Decision::Denied { .. } => {
                    let text = format!("plan {} was under way and no longer passes the gate", plan.id().short());
                    self.notify(&plan.body().incident.clone(), text);
                }
            }
        }
    }

    /// Whether everything that was sent has arrived.
    pub(super) fn settle(&mut self, id: &IncidentId) {
        let Some(incident) = self.state.incidents.get(id).filter(|one| one.status == Status::Containing) else {
            return;
        };
        let asked = incident.firing.iter().flat_map(|firing| &firing.cuts).map(|cut| StepKey::of(&cut.action));
        let others = asked.filter_map(|key| self.state.steps.get(&key)).filter(|taken| !incident.is(&taken.incident));
        let own: Vec<&Taken> = self.steps_of(incident).chain(others).collect();
        let stand = own.iter().filter(|taken| taken.stands()).count();
        if stand > 0 && own.iter().all(|taken| taken.outcome.is_some()) {
            let seen = own.iter().filter(|taken| taken.outcome == Some(StepOutcome::Contained)).count();
            self.set(id, Status::Contained, None);
            self.record("contained", serde_json::json!({"incident": id, "steps": stand, "seen_to_deny": seen}));
            let steps = if stand == 1 { "step" } else { "steps" };
            self.notify(id, format!("contained: {stand} {steps} taken, {seen} of them seen to deny"));
        }
    }

    /// A lease has run out: what may be lifted safely is to be lifted, and about the rest people are asked again.
    pub(super) fn lease_due(&mut self, plan: &PlanId) {
        let now = self.now();
        let Some(passed) = self.state.approved.get(plan).map(|passed| passed.plan.clone()) else { return };
        let Some(incident) = self.named(&passed.body().incident).map(|one| one.id.clone()) else { return };
        let standing = self.standing();
        let own: BTreeSet<StepKey> =
            passed.steps().iter().map(|step| &step.key).filter(|key| standing.contains_key(key)).cloned().collect();
        let gone = |step: &&crate::plan::Step| {
            let node = self.known.graph.id(&step.action.target).and_then(|id| self.known.graph.node(id));
            node.is_some_and(|node| node.key.kind() == NodeKind::Credential && node.valid.to <= now)
        };
        let rotated = passed.steps().iter().filter(gone).map(|step| step.key.clone()).collect();
        let circumstances = Circumstances { standing: own, rotated, reopens: self.reopens(&incident, &passed) };
        let expiry = expiry(&passed, &circumstances);
        if let Some(lease) = self.state.leases.get_mut(plan) {
            *lease = lease.clone().renewed(now.plus_seconds(self.settings.lease_seconds));
        }
        self.record("lease_due", serde_json::json!({"incident": incident, "plan": plan, "expiry": expiry}));
        self.effects.push(Effect::LeaseDue { incident, plan: plan.clone(), expiry });
    }

    /// Whether the intruder would reach a crown jewel again if what the plan did reversibly were lifted.
    fn reopens(&self, id: &IncidentId, plan: &Plan) -> Option<bool> {
        // What a standing policy cut is nobody's path: nobody has looked what lifting it would open.
        let incident = self.state.incidents.get(id).filter(|one| self.known.told && one.firing.is_none())?;
        let graph = &self.known.graph;
        let lifted: BTreeSet<&StepKey> = plan.steps().iter().map(|step| &step.key).collect();
        let others: Vec<Action> =
            self.standing().iter().filter(|(key, _)| !lifted.contains(key)).map(|(_, action)| action.clone()).collect();
        let sources = sources_of(graph, &incident.scope.sources);
        let request = CutRequest::new(&sources, self.now(), graph.crown_jewels());
        Some(check::severs(graph, &request, &others).is_err())
    }

    fn context(&self, now: Time, severs_now: bool) -> LintContext {
        LintContext {
            our_own: own_way(&self.known.graph, &self.settings.our_own),
            actions: self.settings.actions.clone(),
            never_cut: self.settings.never_cut.clone(),
            now,
            max_age_seconds: self.settings.max_age_seconds,
            severs_now: Some(severs_now),
        }
    }

    /// What is known at `now` that a change on a quiet day is judged by.
    pub fn situation(&self, now: Time) -> Situation {
        let (hour, weekend) = self.local(now);
        let compromised = self.known.held.values().flatten().cloned().collect();
        // Nothing is to be severed.
        let lint = self.context(now, true);
        Situation { lint, compromised, paused: self.state.paused.clone(), hour, weekend }
    }

    /// The hour of day and whether it is weekend where the owner is.
    fn local(&self, now: Time) -> (u8, bool) {
        let local = now.plus_seconds(i64::from(self.settings.utc_offset_seconds)).seconds();
        // The first of January 1970 was a Thursday: day 0 is 4 days after a Sunday.
        let weekday = (local.div_euclid(86_400) + 4).rem_euclid(7);
        (u8::try_from(local.rem_euclid(86_400) / 3_600).unwrap_or_default(), weekday == 0 || weekday == 6)
    }

    fn set(&mut self, id: &IncidentId, status: Status, pending: Option<Plan>) {
        if let Some(incident) = self.state.incidents.get_mut(id) {
            (incident.status, incident.pending) = (status, pending);
            self.touched.insert(id.clone());
        }
    }

    fn request(&self, id: &IncidentId, plan: &Plan) -> Option<GateRequest> {
        let incident = self.state.incidents.get(id)?;
        let now = self.now();
        let (hour, weekend) = self.local(now);
        let of_plan = |approval: &&crate::gate::Approval| approval.plan_id == *plan.id();
        Some(GateRequest {
            incident: plan.body().incident.clone(),
            severity: incident.severity,
            confidence: if incident.grounds.is_empty() { Confidence::Watch } else { Confidence::Containable },
            signals: self.items(id).0.into_iter().map(|finding| finding.signal).collect(),
            blast_radius_records: Some(incident.reachable.iter().map(|holding| holding.records).sum()),
            crown_jewels: Some(incident.crown_jewels.len() as u64),
            hour,
            weekend,
            approvals: self.state.approvals.iter().filter(of_plan).cloned().collect(),
            compromised: self.known.held.get(id).cloned().unwrap_or_default(),
            paused: self.state.paused.clone(),
            held: self.old_news(incident).or_else(|| self.asks_first(incident)),
            irreversible_allowed: self.allows_irreversible(incident),
            now,
        })
    }
}
