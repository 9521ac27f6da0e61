//! Cases of standing policies: records as the platforms write them, and inventories, led through the pipeline with one policy
//! switched on; and the steps that must come of it.
//!
//! A case is a folder: `<source>.json` (or `.ndjson`, `.log`, `.txt`), inventories below `inventory/`, and in one called
//! `fire-…` an `expected.json` with the steps in order.

use super::recorded::source_of;
use crate::content;
use crate::estate::{Estate, Packages};
use crate::feed::Feed;
use crate::pipeline::{CorrelateStage, MatchStage, RespondStage};
use crate::redaction::{for_this_run, redaction};
use crate::standing::preparer;
use anyhow::{Context, Result, anyhow, bail};
use firebreak_contain::Plan;
use firebreak_contain::gate::shipped;
use firebreak_contain::incident::{Effect, Respond, Settings};
use firebreak_contain::standing_policy::Standing;
use firebreak_detect::{Correlator, Rules};
use firebreak_exposure::Profile;
use firebreak_intake::{MissingTime, Options};
use firebreak_model::{Action, Text};
use firebreak_world::{Disk, MemoryDisk, World};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Events a batch.
const BATCH: usize = 1_000;

/// What came of a case.
#[derive(Debug, Default)]
pub struct Came {
    /// The plans that standing policies asked for.
    pub planned: Vec<Plan>,
    /// Those of them that may be carried out at once.
    pub approved: Vec<Plan>,
    /// Those of them that wait for people, with why.
    pub asked: Vec<(String, Vec<String>)>,
    /// What stands beside it: why an incident of a policy could not do what it wants.
    pub told: Vec<String>,
}

impl Came {
    /// The actions of the plans, in order.
    pub fn actions(&self) -> Vec<&Action> {
        self.planned.iter().flat_map(Plan::steps).map(|step| &step.action).collect()
    }
}

/// What cases are led through.
#[derive(Debug)]
pub struct Rig {
    rules: Arc<Rules>,
    profiles: Vec<Profile>,
    actions: BTreeSet<Text>,
}

impl Rig {
    /// With the rules and profiles that the program carries, and `actions`.
    pub fn carried(disk: &dyn Disk, actions: BTreeSet<Text>) -> Rig {
        Rig { rules: Arc::new(content::rules(disk, &[]).0), profiles: content::profiles(disk, &[]).0, actions }
    }

    /// Leads the files of a case, by their names within it, through the pipeline under `act` with these policies.
    ///
    /// # Errors
    /// If a file names no source, a record or an inventory cannot be read, or there is no record.
    pub fn run(&self, files: &[(String, Vec<u8>)], standing: Vec<Standing>) -> Result<Came> {
        let disk = MemoryDisk::default();
        for (name, bytes) in files {
            disk.write(&Path::new("case").join(name), bytes)?;
        }
        let world = World { disk: Arc::new(disk), ..World::offline() };
        let estate =
            Estate::read(&world, &[PathBuf::from("case/inventory")], world.clock.now(), &Packages::of(&self.profiles));
        if let Some(problem) = estate.problems.first() {
            bail!("{problem}");
        }
        let records = files.iter().map(|(name, _)| name).filter(|name| !name.contains('/') && *name != EXPECTED);
        let lanes = records.map(|name| {
            let source = source_of(Path::new(name)).with_context(|| format!("`{name}` is not named after a source"))?;
            Ok((source, vec![format!("case/{name}")]))
        });
        let lanes = lanes.collect::<Result<Vec<_>>>()?;
        let redact = redaction(for_this_run(&world));
        let options = Options { missing_time: MissingTime::Received, ..Options::default() };
        let mut feed = Feed::new(&world, &lanes, options, &redact);
        let (preparer, problems) = preparer(&self.rules, &standing);
        if let Some(problem) = problems.first() {
            bail!("{problem}");
        }
        let mut matching = MatchStage::new(Arc::clone(&self.rules)).preparing(preparer);
        let correlator = Correlator::new(Arc::clone(&self.rules), Arc::new(estate.catalogue()), Default::default());
        let mut correlating = CorrelateStage::replaying(correlator);
        let gate = shipped::Mode::Act.gate().map_err(|problems| anyhow!("{}", problems[0]))?;
        let settings = Settings { actions: self.actions.clone(), standing, ..Settings::default() };
        let mut respond = RespondStage::new(Respond::new(gate, settings), self.profiles.clone(), Default::default());
        let (mut came, mut begun) = (Came::default(), false);
        loop {
            let incoming = feed.next_batch(BATCH);
            let last = incoming.luggage.last;
            if let Some(record) = incoming.luggage.quarantined.first() {
                bail!("{}", record.problem);
            }
            let batch = correlating.step(matching.step(incoming));
            if !std::mem::replace(&mut begun, true) {
                came.take(respond.estate(estate.facts.clone(), &estate.evidence, batch.luggage.at));
            }
            came.take(respond.step(batch).effects);
            if last {
                break;
            }
        }
        if feed.read == 0 {
            bail!("it holds no record");
        }
        Ok(came)
    }
}

/// The file of a case that says which steps must come of it.
pub const EXPECTED: &str = "expected.json";

impl Came {
    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::PlanMade(plan) if plan.body().standing_policy.is_some() => self.planned.push(*plan),
                Effect::Execute(approved) if approved.plan().body().standing_policy.is_some() => {
                    self.approved.push(approved.plan().clone());
                }
                Effect::AskApproval { plan, reasons, .. } if self.planned.iter().any(|one| *one.id() == plan) => {
                    self.asked.push((plan.to_string(), reasons));
                }
                Effect::Notify { text, .. } if text.contains("standing policy") => self.told.push(text),
                _ => {}
            }
        }
    }
}

/// What is wrong with what came of the case `name`, in words.
///
/// # Errors
/// If a `fire-…` case has no list of steps, or the case is called otherwise.
pub fn fault(name: &str, files: &[(String, Vec<u8>)], came: &Came) -> Result<Option<String>> {
    let expected: Vec<Action> = match name.split('-').next() {
        Some("quiet") => Vec::new(),
        Some("fire") => {
            let file = files.iter().find(|(name, _)| name == EXPECTED);
            let (_, bytes) =
                file.with_context(|| format!("it has no `{EXPECTED}` with the steps that must come of it"))?;
            serde_json::from_slice(bytes).with_context(|| format!("`{EXPECTED}` is no list of actions"))?
        }
        _ => bail!("a case is called `fire-…` or `quiet-…`"),
    };
    let actions = came.actions();
    if actions.iter().copied().eq(&expected) {
        return Ok(None);
    }
    let words = |action: &Action| format!("{} on {} {:?}", action.name, action.target, action.parameters);
    let list = |actions: Vec<String>| if actions.is_empty() { "nothing".to_owned() } else { actions.join(", ") };
    let got = list(actions.into_iter().map(words).collect());
    let told = if came.told.is_empty() { String::new() } else { format!(" ({})", came.told.join("; ")) };
    Ok(Some(format!("{got} in place of {}{told}", list(expected.iter().map(words).collect()))))
}
