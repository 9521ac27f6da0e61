//! `firebreak replay`: logs read once, findings and incidents shown, nothing kept.

use super::plan::{actions, show};
use super::{End, show_problems};
use crate::authoring::recorded::source;
use crate::cli::ReplayArgs;
use crate::config::Config;
use crate::content;
use crate::estate::{Estate, Packages};
use crate::feed::Feed;
use crate::output::{Output, count, counted, short, time};
use crate::pipeline::{self, CorrelateStage, MatchStage, RespondStage, Responded};
use crate::progress::{Progress, Unit};
use crate::redaction::{for_this_run, redaction};
use crate::{prepared, standing};
use anyhow::{Context, Result, bail};
use firebreak_contain::gate::shipped::Mode;
use firebreak_contain::incident::{Effect, IncidentView, Respond, Settings};
use firebreak_detect::Correlator;
use firebreak_intake::{MissingTime, Options, Quarantined};
use firebreak_model::Finding;
use firebreak_world::World;
use serde::Serialize;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

/// Events a batch.
const BATCH: usize = 1_000;

#[derive(Debug, Default, Serialize)]
struct Summary {
    source: String,
    events: u64,
    quarantined: u64,
    duplicates: u64,
    late: u64,
    findings: u64,
    incidents: u64,
}

/// Runs the command.
pub(super) fn run(args: &ReplayArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let source = source(&args.source)?;
    let (rules, problems) = content::configured_rules(world.disk.as_ref(), &config.detect, &args.rules);
    show_problems(&problems);
    let rules = Arc::new(rules);
    let (profiles, problems) = content::profiles(world.disk.as_ref(), &config.exposure.profiles);
    show_problems(&problems);
    let packages = Packages::of(&profiles);
    let estate = Estate::read(&world, args.inventory.as_slice(), world.clock.now(), &packages);
    show_problems(&estate.problems);

    let (detect, problems) = content::settings(world.disk.as_ref(), &config.detect);
    show_problems(&problems);
    let correlator = Correlator::new(Arc::clone(&rules), Arc::new(estate.catalogue()), detect);
    let gate = Mode::Watch.gate().map_err(|problems| anyhow::anyhow!("{}", problems[0]))?;
    let (standing, mut problems) = standing::configured(world.disk.as_ref(), &config.contain);
    let (preparer, unknown) = standing::preparer(&rules, &standing);
    let (prepared, faults) = prepared::of_profiles(&profiles);
    problems.extend(unknown.into_iter().chain(faults));
    show_problems(&problems);
    let settings = Settings { actions: actions(), standing, prepared, ..Settings::default() };
    let mut respond = RespondStage::new(Respond::new(gate, settings), profiles, Default::default());
    let mut summary = Summary { source: args.source.clone(), ..Summary::default() };
    let mut quarantine = Quarantine::open(args)?;
    let redact = redaction(for_this_run(&world));
    std::thread::scope(|scope| -> Result<()> {
        let (send, incoming) = sync_channel(2);
        let matching = MatchStage::new(Arc::clone(&rules)).preparing(preparer);
        let stages = pipeline::start(scope, incoming, matching, CorrelateStage::replaying(correlator), None);
        let (world, redact) = (&world, &redact);
        scope.spawn(move || {
            // Samples often lack a time; nothing is kept here, so a wrong place in time misleads nobody later.
            let options = Options { missing_time: MissingTime::Received, ..Options::default() };
            let mut feed = Feed::new(world, &[(source, args.inputs.clone())], options, redact);
            loop {
                let batch = feed.next_batch(BATCH);
                let last = batch.luggage.last;
                if send.send(batch).is_err() || last {
                    return;
                }
            }
        });
        let mut first = true;
        let mut progress = Progress::of(output, "replaying", Unit::Of("records"));
        for batch in stages.0 {
            let at = time(batch.luggage.at);
            if std::mem::take(&mut first) {
                respond.estate(estate.facts.clone(), &estate.evidence, batch.luggage.at);
            }
            let responded = respond.step(batch);
            summary.add(&responded);
            quarantine.keep(&responded.batch.luggage.quarantined, output)?;
            responded.batch.findings.iter().for_each(|finding| show_finding(finding, output));
            responded.effects.iter().for_each(|effect| show_prepared(effect, output));
            progress.at_saying(summary.events + summary.quarantined, &at);
        }
        Ok(())
    })?;
    let incidents: Vec<IncidentView> = respond.respond().incidents().collect();
    summary.incidents = incidents.len() as u64;
    incidents.iter().for_each(|incident| show_incident(incident, output));
    if summary.events + summary.quarantined == 0 {
        bail!("no record in {}\nhint: check the path and that `{}` wrote it", args.inputs.join(", "), args.source);
    }
    show_summary(&summary, output);
    output.object("replay", &summary);
    Ok(End::Done)
}

fn show_summary(summary: &Summary, output: Output) {
    output.text("");
    output.text(format!(
        "{} events, {} quarantined, {} duplicates; {} findings, {} incidents",
        count(summary.events),
        count(summary.quarantined),
        count(summary.duplicates),
        count(summary.findings),
        count(summary.incidents)
    ));
}

impl Summary {
    fn add(&mut self, responded: &Responded) {
        let batch = &responded.batch;
        self.events += batch.events.len() as u64;
        self.duplicates += batch.duplicates;
        self.quarantined += batch.luggage.quarantined.len() as u64;
        self.findings += batch.findings.len() as u64;
        self.late = batch.late;
    }
}

/// Shows the plan that a standing policy asks for. In a replay nothing comes of it.
fn show_prepared(effect: &Effect, output: Output) {
    let Effect::PlanMade(plan) = effect else { return };
    if plan.body().standing_policy.is_some() {
        output.object("standing_plan", plan);
        show(plan, output);
    }
}

/// Shows one finding.
pub(crate) fn show_finding(finding: &Finding, output: Output) {
    output.object("finding", finding);
    let severity = serde_json::to_value(finding.severity).unwrap_or_default();
    let subject = finding.subject.as_ref().map_or("", |subject| subject.as_str());
    output.text(format!(
        "{}  {:<13} {}",
        time(finding.at),
        severity.as_str().unwrap_or_default(),
        short(&finding.title, 60)
    ));
    output.text(format!("{:22}{}", "", short(subject, 76)));
    output.paragraph(22, &finding.explanation);
}

fn show_incident(incident: &IncidentView, output: Output) {
    output.object("incident", incident);
    if incident.grounds.is_empty() {
        return;
    }
    output.text("");
    output.text(format!("{}: {}", incident.id, counted(incident.findings, "finding")));
    incident.grounds.iter().for_each(|ground| output.paragraph(2, ground));
}

/// Where records go that cannot be read.
struct Quarantine {
    file: Option<std::fs::File>,
    shown: u32,
}

impl Quarantine {
    fn open(args: &ReplayArgs) -> Result<Quarantine> {
        let open = |path: &std::path::Path| {
            std::fs::File::create(path).with_context(|| format!("writing `{}`", path.display()))
        };
        Ok(Quarantine { file: args.quarantine.as_deref().map(open).transpose()?, shown: 0 })
    }

    fn keep(&mut self, records: &[Quarantined], output: Output) -> Result<()> {
        const SHOWN: u32 = 10;
        for record in records {
            if let Some(file) = &mut self.file {
                writeln!(file, "{}", serde_json::to_string(record)?)?;
            }
            output.object("quarantined", &record.problem);
            self.shown += 1;
            if self.shown <= SHOWN {
                eprintln!("quarantined: {}", record.problem);
            } else if self.shown == SHOWN + 1 {
                eprintln!("quarantined: more; --quarantine FILE keeps them all");
            }
        }
        Ok(())
    }
}
