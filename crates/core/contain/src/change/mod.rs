//! Changes on a quiet day: what a person asks to have narrowed, taken out of use or unshared, from the wish through the gate to the end of
//! the time in which it is watched. The first refusal that it caused takes it back by itself.
//!
//! Nothing is compromised here, so there is nothing to sever; what is, is a matter of [`crate::incident`]. It does nothing itself: effects run
//! elsewhere and come back as messages. Whether a refusal was caused by a change is judged by whoever can read the platform's policies.

mod plan;
mod state;
#[cfg(test)]
mod tests;

use crate::gate::{Approval, Approved, Confidence, Decision, Gate, GateRequest, Pause};
use crate::incident::StepOutcome;
use crate::lint::LintContext;
use crate::plan::{Plan, PlanId, StepKey};
use firebreak_model::{EventUid, NodeKey, Severity, Text, Time};
use serde_json::json;
use std::collections::BTreeSet;

pub use plan::{Asked, Purpose, Wish};
pub use state::{Change, Changes, Hurt, Stage, Watch};

/// What is known of the moment at which a change is judged.
#[derive(Clone, Debug)]
pub struct Situation {
    /// What no plan may do, and when it is.
    pub lint: LintContext,
    /// Who is compromised or in reach of an intruder: their approvals do not count.
    pub compromised: BTreeSet<NodeKey>,
    /// Whether automatic actions are paused.
    pub paused: Option<Pause>,
    /// Hour of day where the owner is, 0 to 23.
    pub hour: u8,
    /// Whether it is Saturday or Sunday there.
    pub weekend: bool,
}

impl Situation {
    fn now(&self) -> Time {
        self.lint.now
    }
}

/// A refusal that a change caused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// Who was refused.
    pub identity: NodeKey,
    /// Which action.
    pub action: Text,
    /// On what, where the record tells.
    pub resource: Option<Text>,
    /// When.
    pub at: Time,
    /// The event that shows it.
    pub event: EventUid,
}

/// What is to be done. The set is closed.
#[derive(PartialEq, Debug)]
pub enum Effect {
    /// A plan as it stands now: `waiting`, `approved`, `denied`, to be shown and kept. It is not permission.
    Plan {
        /// The plan.
        plan: Box<Plan>,
        /// How it stands.
        status: &'static str,
    },
    /// People are to be asked.
    Ask {
        /// About which plan.
        plan: PlanId,
        /// What it is, in words.
        title: String,
        /// How many must approve.
        needed: u32,
        /// How many have.
        have: u32,
        /// Why that many.
        reasons: Vec<String>,
    },
    /// To be carried out.
    Execute(Box<Approved<Plan>>),
    /// To be taken back by itself.
    Restore {
        /// The plan.
        plan: PlanId,
        /// Its steps.
        steps: Vec<StepKey>,
    },
    /// A change hurt somebody: a finding.
    Found {
        /// What it is, in words.
        title: String,
        /// What changed.
        subject: NodeKey,
        /// The refusal.
        refusal: Refusal,
        /// What happens now, in words.
        explanation: String,
    },
    /// For the ledger.
    Record {
        /// Its name, the same when the same messages are given again.
        id: String,
        /// What kind.
        kind: &'static str,
        /// What it says.
        body: serde_json::Value,
    },
    /// Somebody should know.
    Notify {
        /// How bad.
        severity: Severity,
        /// In words.
        text: String,
    },
}

impl Changes {
    /// A person wants something changed. The same wish again, while it waits or stands, is no second one.
    ///
    /// # Errors
    /// In words, where no plan follows: it does nothing, or it is there already.
    pub fn wish(&mut self, wish: Wish, gate: &Gate, now: &Situation) -> Result<Vec<Effect>, String> {
        let plan = wish.plan(now.now())?;
        if let Some(other) = self.same(&plan) {
            let (title, stage) = (&other.wish.title, other.stage.word());
            return Err(format!("{title}: that is {stage} already, as plan {}", other.plan.id().short()));
        }
        let mut effects = Vec::new();
        let number = self.count();
        let record = json!({"wish": wish, "plan": plan});
        effects.push(Effect::Record { id: format!("change-{number:08}"), kind: "change_asked", body: record });
        let id = plan.id().clone();
        self.put(Change::new(wish, plan));
        effects.extend(self.decide(&id, gate, now));
        Ok(effects)
    }

    /// A person approved a plan. `None` where it is none of these.
    pub fn approve(&mut self, approval: &Approval, gate: &Gate, now: &Situation) -> Option<Vec<Effect>> {
        let change = self.get_mut(&approval.plan_id)?;
        if change.stage != Stage::Waiting {
            return Some(Vec::new());
        }
        change.approvals.push(approval.clone());
        Some(self.decide(&approval.plan_id, gate, now))
    }

    fn decide(&mut self, id: &PlanId, gate: &Gate, now: &Situation) -> Vec<Effect> {
        let Some(change) = self.get_mut(id) else { return Vec::new() };
        let request = change.request(now);
        let name = |what: &str| format!("change-{}-{what}-{}", id.short(), now.now().0);
        match gate.decide(change.plan.clone(), &request, &now.lint) {
            Decision::Approved(approved) => {
                (change.stage, change.sent) = (Stage::UnderWay, Some(now.now()));
                let body = json!({"approved": approved, "request": request});
                change.passed = Some(request);
                let plan = Box::new(change.plan.clone());
                vec![
                    Effect::Plan { plan, status: "approved" },
                    Effect::Record { id: name("approved"), kind: "change_approved", body },
                    Effect::Execute(Box::new(approved)),
                ]
            }
            Decision::NeedsApproval { needed, have, reasons, .. } => {
                let body = json!({"plan": id, "needed": needed, "have": have, "reasons": reasons, "request": request});
                vec![
                    Effect::Plan { plan: Box::new(change.plan.clone()), status: "waiting" },
                    Effect::Record { id: name("needs"), kind: "change_needs_approval", body },
                    Effect::Ask { plan: id.clone(), title: change.wish.title.clone(), needed, have, reasons },
                ]
            }
            Decision::Denied { reasons, .. } => {
                change.stage = Stage::Denied;
                let text = format!("{}: denied: {}", change.wish.title, reasons.join("; "));
                let body = json!({"plan": id, "reasons": reasons, "request": request});
                vec![
                    Effect::Plan { plan: Box::new(change.plan.clone()), status: "denied" },
                    Effect::Record { id: name("denied"), kind: "change_denied", body },
                    Effect::Notify { severity: Severity::Low, text },
                ]
            }
        }
    }

    /// Changes that passed the gate and whose steps have not all come to rest: to be given out again after a restart, by the answer to the
    /// same question as before.
    pub fn resume(&self, gate: &Gate, now: &Situation) -> Vec<Effect> {
        let mut effects = Vec::new();
        for change in self.all().filter(|change| change.stage == Stage::UnderWay) {
            let Some(request) = change.passed.clone() else { continue };
            let lint = LintContext { now: request.now, ..now.lint.clone() };
            match gate.decide(change.plan.clone(), &request, &lint) {
                Decision::Approved(approved) if now.paused.is_none() || !approved.approvals().is_empty() => {
                    effects.push(Effect::Execute(Box::new(approved)));
                }
                Decision::Approved(_) => {}
                Decision::NeedsApproval { .. } | Decision::Denied { .. } => {
                    let text = format!("{}: it was under way and no longer passes the gate", change.wish.title);
                    effects.push(Effect::Notify { severity: Severity::High, text });
                }
            }
        }
        effects
    }

    /// `act` says what became of a step. Nothing where the plan is none of these.
    pub fn reported(&mut self, plan: &PlanId, step: &StepKey, outcome: StepOutcome, at: Time) -> Vec<Effect> {
        let Some(change) = self.get_mut(plan) else { return Vec::new() };
        change.outcomes.insert(step.clone(), outcome);
        let Some(stage) = change.settled() else { return Vec::new() };
        change.stage = stage;
        if stage == Stage::Watched {
            change.watched_until = change.watch().map(|watch| at.plus_seconds(watch.seconds));
        }
        let (title, number) = (&change.wish.title, plan.short());
        let text = match stage {
            Stage::Watched => {
                format!("{title}: done; refusals that it causes take it back by itself for the time configured")
            }
            Stage::Stands => format!("{title}: done"),
            Stage::Failed => format!("{title}: not done; nothing of plan {number} stands"),
            Stage::Restored => format!("{title}: taken back by itself; it is as it was"),
            Stage::TakenBack => format!("{title}: taken back; it is as it was"),
            _ => return Vec::new(),
        };
        let body = json!({"plan": plan, "stage": stage, "at": at});
        vec![
            Effect::Record { id: format!("change-{number}-{}-{}", stage.word(), at.0), kind: "change_stage", body },
            Effect::Notify { severity: Severity::Low, text },
        ]
    }

    /// Taking a change back came to an end, and not every step of it is undone.
    pub fn not_undone(&mut self, plan: &PlanId, why: &str) -> Vec<Effect> {
        let Some(change) = self.get_mut(plan).filter(|change| change.stage == Stage::Hurt) else { return Vec::new() };
        change.stage = Stage::Unrestored;
        let text = format!(
            "{}: it hurt and could not be taken back: {why}\nnext: firebreak undo {}",
            change.wish.title,
            plan.short()
        );
        vec![Effect::Notify { severity: Severity::High, text }]
    }

    /// A plan was only rehearsed: nothing was called, so nothing is watched.
    pub fn rehearsed(&mut self, plan: &PlanId) -> Vec<Effect> {
        if self.get(plan).is_none_or(|change| change.stage != Stage::UnderWay) {
            return Vec::new();
        }
        let Some(change) = self.get_mut(plan) else { return Vec::new() };
        change.stage = Stage::Rehearsed;
        let text = format!("{}: rehearsed; nothing was called", change.wish.title);
        vec![Effect::Notify { severity: Severity::Low, text }]
    }

    /// Whether anybody's refusals matter.
    pub fn watches(&self) -> bool {
        self.all().any(Change::is_watched)
    }

    /// Whether [`Changes::tick`] has anything to do at `now`.
    pub fn is_due(&self, now: Time, paused: bool, max_age_seconds: i64) -> bool {
        self.all().any(|change| match change.stage {
            Stage::Hurt => !paused && !change.restoring,
            Stage::Watched => change.watched_until.is_some_and(|until| until < now),
            Stage::Waiting => change.plan.body().made_at.plus_seconds(max_age_seconds) < now,
            _ => false,
        })
    }

    /// Changes that may be behind a refusal of `identity`.
    pub fn watching<'c>(&'c self, identity: &'c NodeKey) -> impl Iterator<Item = (&'c PlanId, &'c Watch)> {
        let open = self.all().filter(|change| change.is_watched());
        let of = open.filter_map(|change| Some((change.plan.id(), change.watch()?)));
        of.filter(move |(_, watch)| watch.identities.contains(identity))
    }

    /// Somebody was refused what the change took away. The first such refusal after it takes it back; one from before it shows that
    /// something else refuses that, and it never counts afterwards.
    pub fn refused(&mut self, plan: &PlanId, refusal: Refusal, now: &Situation) -> Vec<Effect> {
        if !self.get(plan).is_some_and(Change::is_watched) {
            return Vec::new();
        }
        let Some(change) = self.get_mut(plan) else { return Vec::new() };
        let name = Watch::name(&refusal.action, refusal.resource.as_deref());
        // Platforms write whole seconds.
        let sent = change.sent.map(|sent| Time::from_seconds(sent.seconds()));
        if sent.is_none_or(|sent| refusal.at < sent) {
            change.refused_before.insert(name);
            return Vec::new();
        }
        let before = change.watch().is_some_and(|watch| watch.refused_before.contains(&name));
        if before || change.refused_before.contains(&name) || change.watched_until.is_some_and(|end| refusal.at > end) {
            return Vec::new();
        }
        let Refusal { identity, action, at, .. } = &refusal;
        // An intruder who tries what was taken away must not be given it back.
        let compromised = now.compromised.contains(identity) || now.compromised.contains(&change.wish.subject);
        change.stage = Stage::Hurt;
        let (identity, action) = (identity.clone(), action.clone());
        change.hurt = Some(Hurt { identity, action, at: *at, event: refusal.event, compromised });
        let subject = change.wish.subject.clone();
        let mut effects = vec![Effect::Record {
            id: format!("change-{}-hurt", plan.short()),
            kind: "change_hurt",
            body: json!({"plan": plan, "hurt": change.hurt, "resource": refusal.resource, "paused": now.paused}),
        }];
        let explanation = explanation(&refusal, compromised, now.paused.as_ref());
        let text = format!("{}: it hurt: {explanation}", change.wish.title);
        effects.push(Effect::Found { title: "A change hurt".to_owned(), subject, refusal, explanation });
        effects.push(Effect::Notify { severity: Severity::High, text });
        effects.extend(self.restore(plan, now));
        effects
    }

    /// Has what hurt taken back, once, unless automatic actions are paused. What an intruder may want back is left to people.
    fn restore(&mut self, plan: &PlanId, now: &Situation) -> Option<Effect> {
        let due = self.get(plan).is_some_and(|change| change.stage == Stage::Hurt && !change.restoring);
        if !due || now.paused.is_some() {
            return None;
        }
        let change = self.get_mut(plan)?;
        let parties = change.hurt.as_ref().map(|hurt| &hurt.identity).into_iter().chain([&change.wish.subject]);
        let compromised = parties.into_iter().any(|party| now.compromised.contains(party));
        if compromised || change.hurt.as_ref().is_some_and(|hurt| hurt.compromised) {
            change.stage = Stage::Unrestored;
            let text = format!(
                "{}: whether it is taken back is for people to say\nnext: firebreak undo {}",
                change.wish.title,
                plan.short()
            );
            return Some(Effect::Notify { severity: Severity::High, text });
        }
        change.restoring = true;
        let steps = change.plan.steps().iter().map(|step| step.key.clone()).collect();
        Some(Effect::Restore { plan: plan.clone(), steps })
    }

    /// The time passes: what was watched long enough stands, what a pause held back is taken back, plans that nobody approved become stale.
    pub fn tick(&mut self, now: &Situation) -> Vec<Effect> {
        let mut effects = Vec::new();
        for id in self.ids() {
            effects.extend(self.restore(&id, now));
            let Some(change) = self.get(&id) else { continue };
            let title = change.wish.title.clone();
            let over = change.watched_until.is_some_and(|until| until < now.now());
            let stale = change.plan.body().made_at.plus_seconds(now.lint.max_age_seconds) < now.now();
            let (stage, status, text) = match change.stage {
                Stage::Watched if over => {
                    (Stage::Stands, None, format!("{title}: it hurt nobody while it was watched; it stands"))
                }
                Stage::Waiting if stale => (
                    Stage::Expired,
                    Some("superseded"),
                    format!("{title}: nobody approved it in time; ask for it again"),
                ),
                _ => continue,
            };
            let plan = Box::new(change.plan.clone());
            if let Some(change) = self.get_mut(&id) {
                change.stage = stage;
            }
            effects.extend(status.map(|status| Effect::Plan { plan, status }));
            let body = json!({"plan": id, "stage": stage, "at": now.now()});
            let name = format!("change-{}-{}", id.short(), stage.word());
            effects.push(Effect::Record { id: name, kind: "change_stage", body });
            effects.push(Effect::Notify { severity: Severity::Low, text });
        }
        effects
    }
}

impl Change {
    fn request(&self, now: &Situation) -> GateRequest {
        GateRequest {
            incident: self.plan.body().incident.clone(),
            severity: Severity::Informational,
            confidence: Confidence::Watch,
            signals: BTreeSet::new(),
            blast_radius_records: Some(0),
            crown_jewels: Some(0),
            hour: now.hour,
            weekend: now.weekend,
            approvals: self.approvals.clone(),
            compromised: now.compromised.clone(),
            paused: now.paused.clone(),
            held: None,
            irreversible_allowed: false,
            now: now.now(),
        }
    }
}

/// What hurt whom, and what happens now, in words.
fn explanation(refusal: &Refusal, compromised: bool, paused: Option<&Pause>) -> String {
    let Refusal { identity, action, at, resource, .. } = refusal;
    let on = resource.as_ref().map(|resource| format!(" on `{resource}`")).unwrap_or_default();
    let next = match paused {
        _ if compromised => {
            "it is not taken back by itself: whoever was refused is compromised or within reach of an intruder"
                .to_owned()
        }
        None => "it is taken back by itself".to_owned(),
        Some(pause) => format!("it is not taken back by itself: {}", pause.reason()),
    };
    format!("`{}` was refused `{action}`{on} at {at}, which it took away; {next}", identity.name())
}
