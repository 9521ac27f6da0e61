//! `firebreak policy simulate`: what another policy would have said to the plans of past incidents, from the ledger.

use super::super::plan::actions;
use super::{End, opened, past};
use crate::cli::PolicySimulateArgs;
use crate::config::Config;
use crate::content;
use crate::ledgering::Book;
use crate::output::{Output, counted};
use anyhow::{Context, Result};
use firebreak_contain::Plan;
use firebreak_contain::gate::case::{Answer, Said, said};
use firebreak_contain::gate::{Gate, GateRequest};
use firebreak_ledger::record::Record;
use firebreak_model::{Text, Time};
use firebreak_world::{RealDisk, World};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A plan, and how the gate judged it first.
struct Decided {
    plan: Plan,
    at: Time,
    answer: Answer,
    request: Option<GateRequest>,
}

#[derive(Serialize)]
struct Simulated<'a> {
    plan: &'a str,
    incident: &'a str,
    at: Time,
    steps: usize,
    cost: u64,
    /// The standing policy that asked for the plan.
    standing_policy: Option<&'a str>,
    was: Answer,
    would: Option<&'a Said>,
}

#[derive(Default, Serialize)]
struct Total {
    plans: u64,
    differ: u64,
    unknown: u64,
}

/// Runs the command.
pub(super) fn run(args: &PolicySimulateArgs, config: &Config, output: Output) -> Result<End> {
    let gate = opened(match args.policy {
        Some(policy) => policy.gate(),
        None if args.files.is_empty() => content::gate(&RealDisk, &config.contain),
        None => content::own_gate(&RealDisk, &args.files),
    })?;
    if !args.standing.is_empty() {
        return past::run(&args.standing, &gate, config, output);
    }
    let decided = decisions(config)?;
    let (actions, mut total) = (actions(), Total::default());
    for one in &decided {
        let would = one.request.as_ref().map(|request| again(&gate, one, request, &actions));
        total.plans += 1;
        total.unknown += u64::from(would.is_none());
        total.differ += u64::from(would.as_ref().is_some_and(|would| would.answer != one.answer));
        show(one, would.as_ref(), output);
    }
    output.object("policy_simulation", &total);
    let plans = counted(total.plans, "plan");
    output.text(format!("{plans}: {} would be judged otherwise, {} cannot be told", total.differ, total.unknown));
    Ok(End::Done)
}

/// What the gate would say to the plan as it was first put, with nobody's approval: those were given because they were asked for.
fn again(gate: &Gate, one: &Decided, request: &GateRequest, actions: &BTreeSet<Text>) -> Said {
    let request = GateRequest { approvals: Vec::new(), ..request.clone() };
    said(gate, one.plan.clone(), &request, actions)
}

fn show(one: &Decided, would: Option<&Said>, output: Output) {
    let body = one.plan.body();
    let (plan, steps) = (one.plan.id().short(), body.steps.len());
    let was = one.answer.word();
    let asked = body.standing_policy.as_ref().map(|policy| format!(" of `{policy}`")).unwrap_or_default();
    let head = format!("{}  plan {plan}{asked}, {}, cost {}", one.at, counted(steps as u64, "step"), body.cost);
    match would {
        None => output.text(format!("{head}: {was}; its circumstances were not kept")),
        Some(would) if would.answer == one.answer => output.text(format!("{head}: {was}, as it was")),
        Some(would) => {
            output.text(format!("{head}: {was}; would be: {}", would.answer.word()));
            would.reasons.iter().for_each(|reason| output.paragraph(5, reason));
        }
    }
    if let Some(ahead) = would.and_then(|would| would.ahead) {
        output.paragraph(5, &format!("{} would go ahead without people", counted(ahead as u64, "step")));
    }
    let (incident, at, cost, was) = (body.incident.as_str(), one.at, body.cost, one.answer);
    let standing_policy = body.standing_policy.as_deref();
    let plan = one.plan.id().as_str();
    output.object("policy_decision", &Simulated { plan, incident, at, steps, cost, standing_policy, was, would });
}

/// Every plan of the ledger with its first decision, in the order of decisions.
fn decisions(config: &Config) -> Result<Vec<Decided>> {
    let data = config.data_directory();
    let book = Book::copy(&World::offline(), &data).context("opening the ledger")?;
    let records =
        book.with(|ledger| (0..ledger.size()).map(|index| ledger.record(index)).collect::<Result<Vec<_>, _>>())?;
    let (mut plans, mut decided, mut seen) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for record in records {
        if record.kind == "plan" {
            let plan: Plan =
                serde_json::from_value(record.body["plan"].clone()).context("a plan in the ledger is damaged")?;
            plans.insert(plan.id().as_str().to_owned(), plan);
        } else if let Some((id, answer)) = judged(&record) {
            let Some(plan) = plans.get(id).filter(|_| seen.insert(id.to_owned())) else { continue };
            let request = serde_json::from_value(record.body["request"].clone()).ok();
            decided.push(Decided { plan: plan.clone(), at: record.time, answer, request });
        }
    }
    Ok(decided)
}

/// Which plan a record says the gate judged, and how.
fn judged(record: &Record) -> Option<(&str, Answer)> {
    let (plan, answer) = match record.kind.as_str() {
        "approved" => (&record.body["approved"]["thing"]["id"], Answer::Approved),
        "denied" => (&record.body["plan"], Answer::Denied),
        "approval_needed" => (&record.body["plan"], Answer::NeedsApproval),
        _ => return None,
    };
    Some((Value::as_str(plan)?, answer))
}
