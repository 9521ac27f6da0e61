//! `firebreak policy simulate --standing`: what a standing policy would have asked for, had it been on, about the findings that the
//! installation has. Nothing is kept and nothing is done.

use super::super::plan::actions;
use super::super::{remembered, show_problems};
use super::End;
use crate::authoring::recorded::in_lake;
use crate::config::Config;
use crate::config::keys::nearest;
use crate::output::{Output, counted};
use crate::store::Store;
use crate::{content, standing};
use anyhow::{Context, Result, bail};
use firebreak_contain::gate::Gate;
use firebreak_contain::incident::{Effect, Estate, Message, Respond, Settings};
use firebreak_contain::standing_policy::{Mode, Prepared, Standing};
use firebreak_contain::{Plan, Uses};
use firebreak_detect::{Matcher, Rules, Scratch};
use firebreak_model::{Fact, Finding, Signal, Time};
use firebreak_world::World;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

#[derive(Serialize)]
struct Planned<'a> {
    standing_policy: &'a str,
    at: Time,
    plan: &'a Plan,
    /// `approved`, `needs_approval` or `denied`.
    would: &'static str,
    needed: Option<u32>,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct Total<'a> {
    standing_policy: &'a str,
    /// Findings that it names.
    findings: u64,
    plans: u64,
    steps: u64,
    /// Plans that the gate would let pass at once.
    at_once: u64,
    /// Why it could not do what it wants, and what is not known.
    gaps: BTreeSet<String>,
}

/// What came of one policy.
#[derive(Default)]
struct Came {
    plans: Vec<(Time, Plan, Answer)>,
    gaps: BTreeSet<String>,
}

/// What the gate said last to a plan.
enum Answer {
    Denied,
    Waits(u32, Vec<String>),
    AtOnce(Vec<String>),
}

/// Answers for each policy of `names`.
pub(super) fn run(names: &[String], gate: &Gate, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let data = config.data_directory();
    let (rules, problems) = content::configured_rules(world.disk.as_ref(), &config.detect, &[]);
    show_problems(&problems);
    let rules = Arc::new(rules);
    let chosen = chosen(names, config, &world)?;
    let findings = findings(&data)?;
    let now = world.clock.now();
    let facts = remembered::chronicle(Some(&data), config, now)?.everything(now).facts;
    for standing in chosen {
        let named: Vec<&Finding> = findings.iter().filter(|one| standing.policy.when.names(one)).collect();
        let prepared = prepared(&data, &rules, &standing, &named)?;
        let came = lead(&standing, gate, config, &facts, &named, prepared);
        show(&standing, named.len() as u64, came, output);
    }
    Ok(End::Done)
}

/// The named policies, as the configuration has them but on.
fn chosen(names: &[String], config: &Config, world: &World) -> Result<Vec<Standing>> {
    let (all, problems) = standing::configured(world.disk.as_ref(), &config.contain);
    show_problems(&problems);
    let find = |name: &String| {
        let found = all.iter().find(|one| one.policy.id == name.as_str());
        let found = found.with_context(|| {
            let nearest = nearest(name, all.iter().map(|one| one.policy.id.as_str()));
            format!("there is no standing policy `{name}`\nhint: did you mean `{nearest}`?")
        })?;
        Ok(Standing { mode: Mode::On, ..found.clone() })
    };
    names.iter().map(find).collect()
}

/// The findings that the installation in `data` has, oldest first.
fn findings(data: &Path) -> Result<Vec<Finding>> {
    if !data.join("state.sqlite").is_file() {
        bail!("`{}` holds no installation\nhint: name its configuration with --config", data.display());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bodies = runtime.block_on(async {
        let store = Store::open(data).await?;
        let bodies = store.findings().await;
        store.close().await;
        bodies
    })?;
    bodies.iter().map(|body| serde_json::from_str(body).context("a finding in the state is damaged")).collect()
}

/// What the events of the lake fill in, from the first of the findings until the last is followed no longer.
fn prepared(data: &Path, rules: &Arc<Rules>, standing: &Standing, named: &[&Finding]) -> Result<Vec<Prepared>> {
    let (Some(from), Some(to)) = (named.iter().map(|one| one.first).min(), named.iter().map(|one| one.at).max()) else {
        return Ok(Vec::new());
    };
    let (preparer, problems) = standing::preparer(rules, std::slice::from_ref(standing));
    show_problems(&problems);
    let (matcher, mut scratch, mut all) = (Matcher::new(Arc::clone(rules)), Scratch::default(), Vec::new());
    if standing.policy.event_steps.is_empty() {
        return Ok(all);
    }
    let until = to.plus_seconds(standing.policy.follow_seconds).plus_seconds(1);
    in_lake(data, from, until, &mut |event| {
        let matches = matcher.matches(&event, &mut scratch);
        all.extend(preparer.prepare(&event, matches));
    })?;
    all.sort_by_key(|one| (one.at, one.event));
    Ok(all)
}

/// Leads findings and what events filled in through a stage of its own, in the order of time.
fn lead(
    standing: &Standing,
    gate: &Gate,
    config: &Config,
    facts: &[Fact],
    named: &[&Finding],
    prepared: Vec<Prepared>,
) -> Came {
    let settings = Settings {
        our_own: config.responder.own.iter().cloned().collect(),
        actions: actions(),
        // Each finding is looked at when it was made.
        recent_seconds: 0,
        standing: vec![standing.clone()],
        ..Settings::default()
    };
    let mut respond = Respond::new(gate.clone(), settings);
    let mut came = Came::default();
    if standing.policy.when.exposed {
        came.gaps.insert("it fires on verdicts too, which are not looked at here: only findings are".to_owned());
    }
    respond.step(Message::Facts(Estate { facts: facts.to_vec(), uses: Uses::default() }));
    let events = prepared.into_iter().map(|one| (one.at, Message::Prepared(vec![one])));
    // The same findings may contain by themselves, which is not asked here: as volumes alone they do not.
    let mild = |finding: &&Finding| Finding { signal: mild(finding.signal, standing), ..(*finding).clone() };
    let findings = named.iter().map(|one| (one.at, Message::Finding(mild(one))));
    let mut messages: Vec<(Time, Message)> = events.chain(findings).collect();
    messages.sort_by_key(|(at, _)| *at);
    for (at, message) in messages {
        came.take(at, respond.step(Message::Tick { now: at }));
        came.take(at, respond.step(message));
    }
    came
}

fn mild(signal: Signal, standing: &Standing) -> Signal {
    if standing.policy.when.signals.is_empty() { Signal::Volume } else { signal }
}

impl Came {
    fn take(&mut self, at: Time, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::PlanMade(plan) if plan.body().standing_policy.is_some() => {
                    self.plans.push((at, *plan, Answer::Denied));
                }
                Effect::AskApproval { plan, needed, reasons, .. } => {
                    self.answer(plan.as_str(), Answer::Waits(needed, reasons));
                }
                Effect::Execute(approved) => {
                    let reasons = approved.reasons().to_vec();
                    self.answer(approved.plan().id().as_str(), Answer::AtOnce(reasons));
                }
                Effect::UpdateIncident(view) | Effect::OpenIncident(view) if view.standing_policy.is_some() => {
                    self.gaps.extend(view.gaps);
                }
                _ => {}
            }
        }
    }

    fn answer(&mut self, plan: &str, answer: Answer) {
        if let Some(one) = self.plans.iter_mut().rev().find(|(_, known, _)| known.id().as_str() == plan) {
            one.2 = answer;
        }
    }
}

fn show(standing: &Standing, findings: u64, came: Came, output: Output) {
    let policy = standing.policy.id.as_str();
    let steps: usize = came.plans.iter().map(|(_, plan, _)| plan.steps().len()).sum();
    let at_once = came.plans.iter().filter(|(.., answer)| matches!(answer, Answer::AtOnce(_))).count() as u64;
    let plans = came.plans.len() as u64;
    for (at, plan, answer) in came.plans {
        let (would, needed, reasons) = match answer {
            Answer::Denied => ("denied", None, Vec::new()),
            Answer::Waits(needed, reasons) => ("needs_approval", Some(needed), reasons),
            Answer::AtOnce(reasons) => ("approved", None, reasons),
        };
        let words = match needed {
            Some(needed) => format!("would wait for {}", counted(u64::from(needed), "approval")),
            None if would == "approved" => "would be done at once".to_owned(),
            None => "would be denied".to_owned(),
        };
        output.text(format!("{at}  {policy}: {words}"));
        for step in plan.steps() {
            output.paragraph(5, &format!("{} on {}, cost {}", step.action.name, step.action.target, step.cost));
        }
        reasons.iter().for_each(|reason| output.paragraph(5, reason));
        output.object("standing_would", &Planned { standing_policy: policy, at, plan: &plan, would, needed, reasons });
    }
    let total = Total { standing_policy: policy, findings, plans, steps: steps as u64, at_once, gaps: came.gaps };
    let (findings, plans) = (counted(findings, "finding"), counted(plans, "plan"));
    output.text(format!("{policy}: {findings} that it names, {plans}, {at_once} of them at once"));
    total.gaps.iter().for_each(|gap| output.paragraph(5, gap));
    output.object("standing_simulation", &total);
}
