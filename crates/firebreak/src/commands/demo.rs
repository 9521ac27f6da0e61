//! `firebreak demo`: the whole promise on the packaged incident, without touching anything.

use super::{End, show_problems, spec};
use crate::cli::DemoArgs;
use crate::config::DetectConfig;
use crate::content;
use crate::demo::installation;
use crate::demo::rehearsal::{Decided, Rehearsal};
use crate::demo::score::{self, Figures};
use crate::demo::truth::Truth;
use crate::estate::{Estate, Packages};
use crate::feed::Feed;
use crate::ledgering::{Book, public_key_file};
use crate::output::{Output, bytes, count, counted, short, span, time};
use crate::pipeline::{self, CorrelateStage, MatchStage, RespondStage};
use crate::progress::{Progress, Unit};
use crate::redaction::{for_this_run, redaction};
use anyhow::{Context, Result, anyhow};
use firebreak_contain::gate::shipped::Mode;
use firebreak_contain::incident::{Respond, Settings};
use firebreak_detect::Correlator;
use firebreak_graph::reach;
use firebreak_intake::{Options, SOURCES, Source};
use firebreak_ledger::verify_bundle;
use firebreak_model::{Judgement, Time};
use firebreak_world::World;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

/// Events a batch at most, and seconds of the scenario's time: decisions are no coarser than that.
const BATCH: usize = 2_000;
const SLICE_SECONDS: i64 = 10;

/// Where the demo's files are: a directory that is kept, or one that goes away.
enum Place {
    Kept(PathBuf),
    Passing(tempfile::TempDir),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Place::Kept(path) => path,
            Place::Passing(directory) => directory.path(),
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &DemoArgs, output: Output) -> Result<End> {
    let place = match &args.keep {
        Some(path) => Place::Kept(path.clone()),
        None => Place::Passing(tempfile::tempdir().context("making a place for the scenario")?),
    };
    let scenario = place.path().join("borrowed-sand");
    let spec = spec(&args.spec);
    super::scenario::write(&spec, &scenario, output)?;
    let world = World::offline();
    let truth = Truth::read(&scenario)?;
    let estate = Estate::read(&world, &[scenario.join("inventory")], Time::from_seconds(0), &Packages::all());
    show_problems(&estate.problems);
    let data = place.path().join("data");
    world.disk.make_directory(&data)?;
    let book = Book::open(&world, &data)?;
    let mut run = rehearse(&world, &scenario, &estate, &truth, &book, output)?;
    let judgements = run.stage().judgements();
    let bundle = book.with(|ledger| ledger.export_bundle())?;
    let key = book.verifier();
    std::fs::write(data.join("bundle.ndjson"), &bundle)?;
    let verified = verify_bundle(&bundle, &key);
    let (figures, wrong) = figures(&estate, &run, &judgements, &truth, verified.ok().map(|verified| verified.entries));
    story(&run, &figures, &truth, output);
    wrong.iter().for_each(|wrong| eprintln!("wrong verdict: {wrong}"));
    score::benign_contained(&run, &truth).iter().for_each(|name| eprintln!("contained though harmless: {name}"));
    if let Place::Kept(path) = &place {
        output.text(format!("kept in {}: scenario, ledger, bundle", path.display()));
        output.text(format!(
            "next: firebreak verify {} --key {}",
            data.join("bundle.ndjson").display(),
            public_key_file(&data).display()
        ));
        let file = installation::written(path, &scenario)?;
        output.text(format!("next: firebreak --config {} run, and open the console that it names", file.display()));
    } else {
        output.text("next: firebreak demo --keep there, then look at what is in it");
    }
    output.object("demo", &figures);
    Ok(End::Done)
}

fn rehearse<'a>(
    world: &'a World,
    scenario: &Path,
    estate: &Estate,
    truth: &Truth,
    book: &'a Book,
    output: Output,
) -> Result<Rehearsal<'a>> {
    let (rules, problems) = content::rules(world.disk.as_ref(), &[]);
    show_problems(&problems);
    let (profiles, problems) = content::profiles(world.disk.as_ref(), &[]);
    show_problems(&problems);
    let rules = Arc::new(rules);
    let correlator =
        Correlator::new(Arc::clone(&rules), Arc::new(estate.catalogue()), DetectConfig::default().settings());
    let gate = Mode::Act.gate().map_err(|problems| anyhow!("{}", problems[0]))?;
    let settings = Settings { actions: super::plan::actions(), ..Settings::default() };
    let stage = RespondStage::new(Respond::new(gate, settings), profiles, Default::default());
    let mut run = Rehearsal::new(stage, world, book, &estate.facts)?;
    let logs = scenario.join("logs");
    let sources: Vec<(&'static dyn Source, Vec<String>)> = SOURCES
        .iter()
        .map(|source| (*source, vec![logs.join(source.name()).display().to_string()]))
        .filter(|(source, _)| logs.join(source.name()).is_dir())
        .collect();
    let redact = redaction(for_this_run(world));
    std::thread::scope(|scope| -> Result<()> {
        let (send, incoming) = sync_channel(64);
        let matching = MatchStage::new(Arc::clone(&rules));
        let (correlated, ..) = pipeline::start(scope, incoming, matching, CorrelateStage::replaying(correlator), None);
        let redact = &redact;
        scope.spawn(move || {
            let mut feed = Feed::new(world, &sources, Options::default(), redact);
            loop {
                let batch = feed.next_slice(BATCH, SLICE_SECONDS);
                let last = batch.luggage.last;
                if send.send(batch).is_err() || last {
                    return;
                }
            }
        });
        let (mut first, mut shown) = (true, 0);
        let mut progress = Progress::of(output, "watching", Unit::Of("events"));
        for batch in correlated {
            let now = batch.luggage.at;
            if std::mem::take(&mut first) {
                let effects = run.stage().estate(estate.facts.clone(), &estate.evidence, now);
                run.take(effects, now)?;
            }
            run.batch(batch, &|event| truth.is_attack(event))?;
            if run.events >= shown + 5_000 {
                shown = run.events;
                progress.at_saying(shown, &time(now));
            }
        }
        Ok(())
    })?;
    Ok(run)
}

fn figures(
    estate: &Estate,
    run: &Rehearsal<'_>,
    judgements: &[Judgement],
    truth: &Truth,
    ledger: Option<u64>,
) -> (Figures, Vec<String>) {
    let (graph, _) = estate.graph();
    let sources = score::sources(&graph, judgements);
    let reached = reach(&graph, &sources, Time::MAX);
    let readable = score::readable(&graph, &sources, &reached);
    let missed = truth.credentials_lost.iter().filter(|key| !readable.contains(key)).count();
    let mut reachable = std::collections::BTreeMap::new();
    for loss in reached.losses(&graph).by_class {
        *reachable.entry(loss.class.word().to_owned()).or_insert(0) += loss.certain.records + loss.possible.records;
    }
    let (verdicts, wrong) = score::verdicts(judgements, truth);
    let first = truth.attack.first_malicious;
    let cut = score::first_cut(run, first);
    let seconds = |at: Option<Time>| at.map_or(f64::INFINITY, |at| at.seconds_since(first));
    let (bytes_lost, records_lost, refused) = score::losses(estate, run, judgements);
    let figures = Figures {
        verdicts,
        credentials_lost: readable.len(),
        credentials_missed: missed,
        records_reachable: reachable,
        plan: score::plans(run),
        seconds_to_first_cut: seconds(cut.map(|cut| cut.0)),
        seconds_to_first_denial: seconds(cut.map(|cut| cut.1)),
        bytes_lost,
        bytes_without: truth.bytes_without,
        records_lost,
        attack_events: run.attack.len() as u64,
        attack_events_refused: refused,
        benign_contained: score::benign_contained(run, truth).len(),
        ledger_verified: ledger.is_some(),
        ledger_entries: ledger.unwrap_or_default(),
        events: run.events,
        quarantined: run.quarantined,
        findings: run.findings.len(),
        dry_run: true,
    };
    (figures, wrong)
}

/// One plan that passed: when, how, and its first steps.
fn show_decided(decided: &Decided, output: Output) {
    const SHOWN: usize = 2;
    let who = if decided.approved_by_people { "approved by simulated people" } else { "by policy" };
    let steps = decided.plan.steps();
    let id = decided.plan.id().short();
    let many = counted(steps.len() as u64, "step");
    output.text(format!("            {}  plan {id}, {many}, {who}", time(decided.at)));
    for step in steps.iter().take(SHOWN) {
        let target = short(step.action.target.as_str(), 48);
        output.text(format!("              {:<26} {target}", step.action.name));
    }
    if steps.len() > SHOWN {
        output.text(format!("              and {} more", steps.len() - SHOWN));
    }
}

/// One screen: the five questions, answered.
fn story(run: &Rehearsal<'_>, figures: &Figures, truth: &Truth, output: Output) {
    let verdicts = &figures.verdicts;
    output.text(
        "borrowed-sand: a fictional company, the incident of March 2026, modelled on tactics seen across victims",
    );
    output.text(format!("{} events read, {}\n", count(figures.events), counted(figures.findings as u64, "finding")));
    output.text(format!(
        "1 exposed?  {} exposed, {} suspect, {} unknown, {} clear; {} wrong, {} unsafe",
        verdicts.counts.exposed,
        verdicts.counts.suspect,
        verdicts.counts.unknown,
        verdicts.counts.clear,
        verdicts.wrong,
        verdicts.unsafe_clear
    ));
    output.text(format!("2 lost?     {} credentials were readable there", figures.credentials_lost));
    output.text("3 reach?    records within reach");
    for (class, records) in &figures.records_reachable {
        output.text(format!("            {:>14}  {class}", count(*records)));
    }
    let plan = &figures.plan;
    output.text(format!(
        "4 cut?      {} for the widest scope, cost {}, {}",
        counted(plan.steps as u64, "step"),
        count(plan.cost),
        if plan.certified { "certified: no cheaper cut exists" } else { "not proven to be the cheapest" }
    ));
    run.decided.iter().for_each(|decided| show_decided(decided, output));
    output.text(format!(
        "            first cut {} after the first malicious event, in force after {}",
        span(figures.seconds_to_first_cut),
        span(figures.seconds_to_first_denial)
    ));
    output.text(format!(
        "            lost {} instead of {}; {} of {} attack events refused",
        bytes(figures.bytes_lost),
        bytes(figures.bytes_without),
        count(figures.attack_events_refused),
        count(figures.attack_events)
    ));
    output.text(format!("            {} of {} harmless subjects cut", figures.benign_contained, truth.benign.len()));
    output.text(format!(
        "5 held?     dry run: every step was rehearsed and nothing was called; ledger of {} records {}\n",
        count(figures.ledger_entries),
        if figures.ledger_verified { "verified" } else { "NOT verified" }
    ));
}
