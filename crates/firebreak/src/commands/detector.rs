//! `firebreak detector`: a folder begun, cases run, a rule tried on what was recorded, and a rule explained.

use super::{End, show_problems};
use crate::authoring::backtest::{Backtest, Counted, Report};
use crate::authoring::cases::{self, failing, folders, observed};
use crate::authoring::{FolderRun, Subject, draft, recorded};
use crate::cli::{BacktestArgs, DetectorArgs, DetectorCommand, ExplainArgs, NewArgs, TestArgs};
use crate::output::{Output, WIDTH, count, counted, short, time};
use anyhow::{Context, Result, bail};
use firebreak_detect::RuleIndex;
use firebreak_detect::explain::{self, CorrelationExplanation, Explanation, Mark};
use firebreak_model::{Event, Time};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(args: &DetectorArgs, output: Output) -> Result<End> {
    match &args.command {
        DetectorCommand::New(args) => new(args, output),
        DetectorCommand::Test(args) => test(args, output),
        DetectorCommand::Backtest(args) => backtest(args, output),
        DetectorCommand::Explain(args) => explain(args, output),
    }
}

#[derive(Serialize)]
struct New<'a> {
    detector: &'a str,
    files: Vec<String>,
}

fn new(args: &NewArgs, output: Output) -> Result<End> {
    let files = draft::write(&args.directory, &args.name, &args.product, args.service.as_deref())?;
    let files: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    files.iter().for_each(|file| output.text(format!("wrote {file}")));
    output.text("next: put a record that must fire and one that must not into the cases, then write the rule");
    output.text(format!("next: firebreak detector test {}", args.directory.join(&args.name).display()));
    output.object("new", &New { detector: &args.name, files });
    Ok(End::Done)
}

#[derive(Default, Serialize)]
struct Tested {
    detectors: u64,
    cases: u64,
    failed: u64,
    problems: u64,
}

/// The detectors' folders that `paths` mean.
fn detectors(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.join("rule.yml").is_file() {
            found.push(path.clone());
            continue;
        }
        let inner: Vec<PathBuf> =
            folders(path).into_iter().filter(|folder| folder.join("rule.yml").is_file()).collect();
        if inner.is_empty() {
            bail!(
                "`{}` is no detector and holds none: there is no `rule.yml`\nhint: name a detector's folder, or the folder \
                 of them",
                path.display()
            );
        }
        found.extend(inner);
    }
    Ok(found)
}

fn test(args: &TestArgs, output: Output) -> Result<End> {
    let mut tested = Tested::default();
    for folder in detectors(&args.folders)? {
        let run = FolderRun::of(&folder)?;
        tested.detectors += 1;
        tested.problems += run.problems().len() as u64;
        for problem in run.problems() {
            output.object("problem", problem);
            output.text(problem.to_string());
        }
        if !run.problems().is_empty() {
            // Its cases would fail for want of a rule, which says nothing new.
            continue;
        }
        if run.cases.is_empty() {
            tested.failed += 1;
            output.text(format!("FAILED {}: there is no case", run.subject.name));
        }
        for case in &run.cases {
            tested.cases += 1;
            tested.failed += u64::from(!case.passed);
            output.object("case", case);
            if !case.passed {
                output.text(format!("FAILED {}/{}", case.detector, case.case));
                case.why.iter().for_each(|why| output.paragraph(7, why));
            }
        }
    }
    output.text(format!(
        "{}, {}: {}",
        counted(tested.detectors, "detector"),
        counted(tested.cases, "case"),
        if tested.failed == 0 {
            "all as they should be".to_owned()
        } else {
            format!("{} failed", count(tested.failed))
        }
    ));
    output.object("test", &tested);
    Ok(if tested.failed + tested.problems == 0 { End::Done } else { End::NeedsPerson })
}

/// The detector that `text` names, which must load.
fn subject(text: &str) -> Result<Subject> {
    let subject = Subject::named(text)?;
    if let Some(problem) = subject.problems.first() {
        show_problems(subject.problems.get(1..).unwrap_or_default());
        bail!("{problem}");
    }
    Ok(subject)
}

fn backtest(args: &BacktestArgs, output: Output) -> Result<End> {
    let subject = subject(&args.rule)?;
    let (from, to) = (args.from.unwrap_or(Time::MIN), args.to.unwrap_or(Time::MAX));
    if from >= to {
        bail!("nothing lies between --from {from} and --to {to}\nhint: --from is the earlier of the two");
    }
    let mut backtest = Backtest::new(&subject);
    let read = match &args.lake {
        Some(data) => recorded::in_lake(data, from, to, &mut |event| backtest.event(event))?,
        None => {
            let source = args.source.as_deref().map(recorded::source).transpose()?;
            recorded::in_logs(&args.logs, source, &mut |event| {
                if (from..to).contains(&event.time) {
                    backtest.event(event);
                }
            })?
        }
    };
    if read.events == 0 {
        bail!(
            "no record was found, and {} could not be read\nhint: check the path, --source, --from and --to",
            read.quarantined
        );
    }
    let report = backtest.finish(read.quarantined);
    show_report(&report, output);
    output.object("backtest", &report);
    Ok(End::Done)
}

fn show_report(report: &Report, output: Output) {
    let span = report.from.zip(report.to);
    let span = span.map_or(String::new(), |(from, to)| format!(", {} to {}", time(from), time(to)));
    output.text(format!("{} events{span}; {} unreadable", count(report.events), count(report.quarantined)));
    output.text(format!(
        "asked about {}, met by {}, {} findings",
        count(report.asked),
        count(report.met),
        count(report.findings)
    ));
    output.text(format!(
        "{:.2} findings a day for 1,000 identities ({} acted); {:.2} s of work for a million events",
        report.per_day_per_1000_identities,
        count(report.identities),
        report.seconds_per_million
    ));
    for (day, findings) in &report.per_day {
        output.text(format!("  {day} {:>8}", count(*findings)));
    }
    let list = |title: &str, things: &[Counted]| {
        if !things.is_empty() {
            output.text(title);
        }
        for thing in things {
            output.text(format!("  {:>8}  {}", count(thing.findings), short(&thing.name, WIDTH - 14)));
        }
    };
    list("about", &report.subjects);
    list("on", &report.targets);
    list("doing", &report.operations);
    report.hints.iter().for_each(|hint| output.paragraph(0, &format!("hint: {hint}")));
}

/// The events at hand, and the place of the one that is explained.
struct Chosen {
    events: Vec<Event>,
    at: Option<usize>,
}

/// `FILE` or `FILE:LINE`.
fn file_and_line(text: &str) -> (&Path, Option<usize>) {
    if let Some((file, line)) = text.rsplit_once(':')
        && let Ok(line) = line.parse()
        && !Path::new(text).exists()
    {
        return (Path::new(file), Some(line));
    }
    (Path::new(text), None)
}

fn chosen(args: &ExplainArgs) -> Result<Chosen> {
    if let (Some(uid), Some(lake)) = (&args.event_uid, &args.lake) {
        return Ok(Chosen { events: vec![recorded::one_of_lake(lake, uid)?], at: Some(0) });
    }
    let (path, line) = file_and_line(args.event.as_deref().unwrap_or_default());
    let bytes = std::fs::read(path).with_context(|| format!("reading `{}`", path.display()))?;
    let source = match &args.source {
        Some(name) => recorded::source(name)?,
        None => recorded::source_of(&path.canonicalize()?)
            .with_context(|| format!("nothing says which source wrote `{}`\nhint: add --source", path.display()))?,
    };
    let name = path.display().to_string();
    let (events, faults) = recorded::in_bytes(&name, &bytes, source);
    let Some(line) = line else {
        if events.is_empty() {
            let why = faults.first().cloned().unwrap_or_else(|| "it holds no record".to_owned());
            bail!("no event in `{name}`: {why}");
        }
        return Ok(Chosen { events, at: None });
    };
    let text = bytes.split(|byte| *byte == b'\n').nth(line.wrapping_sub(1));
    let text = text.with_context(|| format!("`{name}` has no line {line}\nhint: lines count from 1"))?;
    let (own, faults) = recorded::in_bytes(&name, text.strip_suffix(b",").unwrap_or(text), source);
    let Some(own) = own.into_iter().next() else {
        let why = faults.first().cloned().unwrap_or_else(|| "the line is empty".to_owned());
        bail!(
            "line {line} of `{name}` is no whole record: {why}\nhint: leave the line out to explain the file's events"
        );
    };
    let at = events.iter().position(|event| event.uid == own.uid);
    Ok(if at.is_some() { Chosen { events, at } } else { Chosen { events: vec![own], at: Some(0) } })
}

#[derive(Serialize)]
struct Explained {
    detector: String,
    event: String,
    operation: String,
    events: u64,
    meets: bool,
    findings: u64,
    rules: Vec<Explanation>,
    correlations: Vec<CorrelationExplanation>,
}

fn explain(args: &ExplainArgs, output: Output) -> Result<End> {
    let subject = subject(&args.rule)?;
    let Chosen { events, at } = chosen(args)?;
    let observed = observed(&subject, events);
    let own = subject.own();
    let meets = |matches: &[RuleIndex]| matches.iter().any(|index| own.contains(index));
    // Without a line: the last event that meets a rule, where the counts are highest, else the first.
    let at = at.unwrap_or_else(|| observed.iter().rposition(|one| meets(&one.matches)).unwrap_or(0));
    let findings = cases::findings(&subject, &observed).len() as u64;
    let one = observed.get(at).context("an event to explain")?;
    let rules: Vec<Explanation> =
        own.iter().filter_map(|index| explain::rule(&subject.rules, *index, &one.event)).collect();
    let pairs: Vec<(&Event, Vec<RuleIndex>)> =
        observed.iter().map(|one| (one.event.as_ref(), one.matches.clone())).collect();
    let correlations: Vec<CorrelationExplanation> = subject
        .correlations()
        .into_iter()
        .filter_map(|place| explain::correlation(&subject.rules, place, &pairs, at))
        .collect();
    let explained = Explained {
        detector: subject.name.clone(),
        event: one.event.uid.to_string(),
        operation: one.event.keys.operation.to_string(),
        events: observed.len() as u64,
        meets: meets(&one.matches),
        findings,
        rules,
        correlations,
    };
    output.text(format!("event {} at {}: {}", explained.event, time(one.event.time), explained.operation));
    explained.rules.iter().for_each(|rule| show_rule(rule, output));
    explained.correlations.iter().for_each(|correlation| show_correlation(correlation, output));
    output.text(format!("{} at hand: {}", counted(explained.events, "event"), counted(findings, "finding")));
    output.object("explain", &explained);
    Ok(End::Done)
}

fn show_rule(rule: &Explanation, output: Output) {
    output.text(format!("{} {}", if rule.meets { "meets" } else { "does not meet" }, short(&rule.rule, WIDTH - 16)));
    for (name, mark) in &rule.searches {
        output.text(format!("  search `{name}`"));
        show_mark(mark, 4, output);
    }
    output.text("  condition");
    show_mark(&rule.condition, 4, output);
    if !rule.meets {
        output.text("  why");
        failing(rule).iter().for_each(|why| output.paragraph(4, why));
    }
}

fn show_mark(mark: &Mark, indent: usize, output: Output) {
    let sign = if mark.holds { "true " } else { "false" };
    let found = match (mark.parts.is_empty(), mark.found.as_slice()) {
        (true, []) | (false, _) => String::new(),
        (true, found) => format!("; found `{}`", found.join("`, `")),
    };
    output.paragraph(indent, &format!("{sign} {}{found}", mark.what));
    mark.parts.iter().for_each(|part| show_mark(part, indent + 2, output));
}

fn show_correlation(correlation: &CorrelationExplanation, output: Output) {
    output.text(format!("correlation {}", short(&correlation.rule, WIDTH - 12)));
    output.paragraph(2, &format!("{} within {} s", correlation.kind, correlation.timespan_seconds));
    for (field, value) in &correlation.group {
        let value = value.as_ref().map_or("missing: it is in no group".to_owned(), |value| format!("`{value}`"));
        output.paragraph(2, &format!("group by {field}: {value}"));
    }
    for (rule, events) in &correlation.references {
        output
            .paragraph(2, &format!("{} events of this group meet `{rule}` in the span that ends here", count(*events)));
    }
    if let (Some(measured), Some(least)) = (correlation.measured, correlation.least) {
        output.paragraph(2, &format!("counted {}, wanted at least {}", count(measured), count(least)));
    }
}
