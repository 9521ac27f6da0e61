//! `firebreak plan`: the cheapest cut between what is compromised and what must not be lost, and what the policy says.

use super::{End, compromise, remembered};
use crate::cli::PlanArgs;
use crate::config::Config;
use crate::output::{Output, count, counted, short, span};
use anyhow::{Result, bail};
use firebreak_act::RESPONDERS;
use firebreak_contain::gate::case::{Answer, Said, said};
use firebreak_contain::gate::{Confidence, GateRequest};
use firebreak_contain::plan::others;
use firebreak_contain::prepared::Prepared;
use firebreak_contain::{Compromised, IncidentId, NoPlan, Plan, PlanRequest, Scope, plan};
use firebreak_graph::{Alternative, reach};
use firebreak_model::{Action, Severity, Text, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize)]
struct Planned<'a> {
    plan: Option<&'a Plan>,
    decision: &'a str,
    reasons: Vec<String>,
    alternatives: Vec<Alternative>,
}

/// The actions that responders know.
pub(crate) fn actions() -> BTreeSet<Text> {
    RESPONDERS.iter().map(|responder| Text::new(responder.spec().action_name())).collect()
}

/// Runs the command.
pub(super) fn run(args: &PlanArgs, config: &Config, output: Output) -> Result<End> {
    let from = compromise(&args.from, config)?;
    let compromised = |key: &firebreak_model::NodeKey| Compromised {
        key: key.clone(),
        since: from.since,
        until: Time::MAX,
        reason: "named on the command line".to_owned(),
    };
    let scope = Scope { sources: from.keys.iter().map(compromised).collect(), ..Scope::default() };
    let incident = IncidentId::of(&args.from.from.join(" "));
    let (nothing, none) = (BTreeSet::new(), BTreeMap::new());
    let refused = refused(args, &from)?;
    let uses = remembered::uses(&args.from.estate, config, from.now)?;
    let request = PlanRequest {
        incident: &incident,
        graph: &from.graph,
        scope: &scope,
        now: from.now,
        targets: None,
        uses: &uses,
        refused: &refused,
        our_own: &nothing,
        never_cut: &nothing,
        done: &none,
        prepared: &Prepared::default(),
    };
    let plan = match plan(request) {
        Ok(plan) => plan,
        Err(why) => {
            output.text(why.to_string());
            output.object(
                "plan",
                &Planned { plan: None, decision: "no_plan", reasons: vec![why.to_string()], alternatives: Vec::new() },
            );
            return Ok(if why == NoPlan::NothingReachable { End::Done } else { End::NeedsPerson });
        }
    };
    show(&plan, output);
    let others =
        if args.alternatives == 0 { Vec::new() } else { others(request, args.alternatives).unwrap_or_default() };
    show_others(&others, output);
    decide(args, &from, plan, others, output)
}

fn refused(args: &PlanArgs, from: &super::Compromise) -> Result<BTreeSet<Action>> {
    let mut refused = BTreeSet::new();
    for text in &args.refuse {
        let matches = |action: &Action| format!("{} {}", action.name, action.target) == *text;
        let found = from.graph.options().map(|option| option.action).find(matches);
        match found {
            Some(action) => refused.insert(action),
            None => bail!("no action `{text}`\nhint: write its name and target as the plan shows them"),
        };
    }
    Ok(refused)
}

/// Shows what else could be done, and what it would spare.
fn show_others(others: &[Alternative], output: Output) {
    for other in others {
        let steps = counted(other.actions.len() as u64, "step");
        output.text(format!("instead: {steps}, cost {}", count(other.cost)));
        for without in &other.without {
            output.text(format!("   without {:<26} {}", without.name, short(without.target.as_str(), 56)));
        }
        for chosen in &other.actions {
            let (action, cost) = (&chosen.action, count(chosen.cost));
            output.text(format!("      {:<26} {:<38} cost {cost:>4}", action.name, short(action.target.as_str(), 38)));
        }
    }
}

fn decide(
    args: &PlanArgs,
    from: &super::Compromise,
    plan: Plan,
    alternatives: Vec<Alternative>,
    output: Output,
) -> Result<End> {
    let gate = args.policy.gate().map_err(|problems| anyhow::anyhow!("{}", problems[0]))?;
    let reached = reach(&from.graph, &from.sources, from.until).losses(&from.graph);
    let request = GateRequest {
        incident: plan.body().incident.clone(),
        severity: Severity::High,
        confidence: Confidence::Containable,
        signals: BTreeSet::new(),
        blast_radius_records: Some(
            reached.by_class.iter().map(|loss| loss.certain.records + loss.possible.records).sum(),
        ),
        crown_jewels: Some(reached.crown_jewels.len() as u64),
        hour: u8::try_from(from.now.seconds().rem_euclid(86_400) / 3_600).unwrap_or_default(),
        // 1970-01-01 was a Thursday: two days on, the week ends.
        weekend: (from.now.seconds().div_euclid(86_400) + 3).rem_euclid(7) >= 5,
        approvals: Vec::new(),
        compromised: from.keys.iter().cloned().collect(),
        paused: None,
        held: None,
        irreversible_allowed: false,
        now: from.now,
    };
    let Said { answer, needed, reasons, .. } = said(&gate, plan.clone(), &request, &actions());
    let policy = args.policy.word();
    let (decision, end) = match answer {
        Answer::Approved => ("approved", End::Done),
        Answer::NeedsApproval => {
            output.text(format!("the policy `{policy}` wants {} approvals", needed.unwrap_or_default()));
            ("needs_approval", End::NeedsPerson)
        }
        Answer::Denied => {
            output.text(format!("the policy `{policy}` denies it"));
            ("denied", End::NeedsPerson)
        }
    };
    reasons.iter().for_each(|reason| output.paragraph(2, reason));
    output.object("plan", &Planned { plan: Some(&plan), decision, reasons, alternatives });
    Ok(end)
}

/// Shows a plan: its steps in order, its price and proof, what it breaks and what it cannot do.
pub(crate) fn show(plan: &Plan, output: Output) {
    let body = plan.body();
    let proof = match &body.standing_policy {
        Some(policy) => format!("as the standing policy `{policy}` says"),
        None if body.certified => "certified: no cheaper cut exists".to_owned(),
        None => "not proven to be the cheapest".to_owned(),
    };
    let steps = counted(body.steps.len() as u64, "step");
    output.text(format!("plan {}: {steps}, cost {}, {proof}", plan.id().short(), count(body.cost)));
    for step in plan.steps() {
        let delay = span(f64::from(step.delay_seconds));
        output.text(format!(
            "  {:>2}  {:<26} {:<38} cost {:>4}, in {delay}",
            step.number,
            step.action.name,
            short(step.action.target.as_str(), 38),
            count(u64::from(step.cost))
        ));
    }
    for broken in body.breaks.iter().filter(|broken| broken.count > 0).take(5) {
        output.text(format!(
            "  step {} stops `{}`, used {} times in 30 days",
            broken.step,
            short(broken.key.as_str(), 60),
            count(broken.count)
        ));
    }
    for one in &body.prepared {
        output
            .paragraph(2, &format!("step {} is prepared by the profile `{}`: {}", one.step, one.profile, one.because));
    }
    for path in &body.uncuttable {
        output.paragraph(2, &format!("not cut: {}", path.missing));
    }
    body.gaps.iter().take(5).for_each(|gap| output.paragraph(2, &format!("not known: {gap}")));
}
