//! `firebreak playbook`: plans written as CACAO 2.0, and playbooks of others read. Nothing of them is carried out.

use super::End;
use crate::cli::{PlaybookArgs, PlaybookCheckArgs, PlaybookCommand, PlaybookExportArgs, PlaybookImportArgs};
use crate::config::Config;
use crate::ledgering::Book;
use crate::output::{Output, counted, short};
use crate::prepared;
use crate::standing::known_actions;
use anyhow::{Context, Result, bail};
use firebreak_contain::plan::Phase;
use firebreak_contain::playbook::{Entry, Fault, Playbook, export, import};
use firebreak_contain::{Plan, Step};
use firebreak_exposure::profile::PreparedStep;
use firebreak_model::Reversibility;
use firebreak_world::{Disk, RealDisk, World};
use serde::Serialize;
use std::path::Path;

/// Larger files are no playbooks.
const BYTES_MAX: u64 = 16 << 20;

#[derive(Serialize)]
struct Checked<'a> {
    file: &'a str,
    /// Whether it can be read.
    valid: bool,
    /// Steps that a responder can do.
    cuts: usize,
    /// Steps for a person.
    guided: usize,
    playbook: Option<&'a Playbook>,
    notes: &'a [Fault],
    faults: &'a [Fault],
}

/// Runs the command.
pub(super) fn run(args: &PlaybookArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        PlaybookCommand::Export(args) => write(args, config, output),
        PlaybookCommand::Check(args) => check(args, output),
        PlaybookCommand::Import(args) => take_over(args, output),
    }
}

/// Writes a plan of the ledger.
fn write(args: &PlaybookExportArgs, config: &Config, output: Output) -> Result<End> {
    let plan = planned(&args.plan, config)?;
    let book =
        export(&Playbook::of_plan(&plan)).map_err(|error| anyhow::anyhow!("plan {}: {error}", plan.id().short()))?;
    let text = format!("{}\n", serde_json::to_string_pretty(&book)?);
    match &args.output {
        Some(path) => {
            RealDisk.write(path, text.as_bytes()).with_context(|| format!("writing `{}`", path.display()))?;
            let steps = counted(plan.steps().len() as u64, "step");
            output.text(format!("wrote `{}`: plan {}, {steps}", path.display(), plan.id().short()));
            output.object("playbook_export", &serde_json::json!({"file": path, "plan": plan.id(), "id": book["id"]}));
        }
        None => {
            output.text(text.trim_end());
            output
                .object("playbook_export", &serde_json::json!({"plan": plan.id(), "id": book["id"], "playbook": book}));
        }
    }
    Ok(End::Done)
}

/// The plan of the ledger whose id begins so.
fn planned(id: &str, config: &Config) -> Result<Plan> {
    let data = config.data_directory();
    let book = Book::copy(&World::offline(), &data).context("opening the ledger")?;
    let records =
        book.with(|ledger| (0..ledger.size()).map(|index| ledger.record(index)).collect::<Result<Vec<_>, _>>())?;
    let mut found: Vec<Plan> = Vec::new();
    for record in records.into_iter().filter(|record| record.kind == "plan") {
        let plan: Plan =
            serde_json::from_value(record.body["plan"].clone()).context("a plan in the ledger is damaged")?;
        if plan.id().as_str().starts_with(id) && !found.iter().any(|one| one.id() == plan.id()) {
            found.push(plan);
        }
    }
    match (found.len(), found.pop()) {
        (1, Some(plan)) => Ok(plan),
        (0, _) => bail!("the ledger has no plan `{id}`\nhint: incidents name their plans; 12 digits of the id will do"),
        (several, _) => bail!("{several} plans of the ledger begin with `{id}`\nhint: write more digits of the id"),
    }
}

/// Says what a playbook holds and what is wrong with it.
fn check(args: &PlaybookCheckArgs, output: Output) -> Result<End> {
    let name = args.file.display().to_string();
    let read = import(&text(&args.file, &name)?, &known_actions());
    let (playbook, notes, faults) = match read {
        Ok((playbook, notes)) => (Some(playbook), notes, Vec::new()),
        Err(faults) => (None, Vec::new(), faults),
    };
    let steps = playbook.iter().flat_map(|playbook| &playbook.steps);
    let cuts = steps.clone().filter(|entry| matches!(entry, Entry::Cut(_))).count();
    let guided = steps.count() - cuts;
    if let Some(playbook) = &playbook {
        show(playbook, output);
        output.text(format!("{cuts} for responders, {guided} for people"));
    }
    notes.iter().for_each(|note| output.paragraph(0, &format!("note: {note}")));
    faults.iter().for_each(|fault| output.paragraph(0, &fault.to_string()));
    let (valid, playbook) = (playbook.is_some(), playbook.as_ref());
    let checked = Checked { file: &name, valid, cuts, guided, playbook, notes: &notes, faults: &faults };
    output.object("playbook_check", &checked);
    Ok(if valid { End::Done } else { End::NeedsPerson })
}

/// What a profile takes over of a playbook.
#[derive(Serialize)]
struct Taken {
    prepared: Vec<PreparedStep>,
}

/// Writes what responders can do of a playbook as steps of a profile, and says what is left out.
fn take_over(args: &PlaybookImportArgs, output: Output) -> Result<End> {
    let name = args.file.display().to_string();
    let (playbook, _) = import(&text(&args.file, &name)?, &known_actions()).map_err(|faults| {
        let first = faults.first().map(ToString::to_string).unwrap_or_default();
        anyhow::anyhow!("`{name}`: {first}\nhint: `firebreak playbook check` says all that is wrong with it")
    })?;
    let (mut taken, mut left_out) = (Taken { prepared: Vec::new() }, Vec::new());
    for entry in &playbook.steps {
        match prepared_step(&playbook, entry) {
            Ok(step) => taken.prepared.push(step),
            Err(why) => left_out.push(why),
        }
    }
    let written = toml::to_string(&taken).context("writing the steps")?;
    match &args.output {
        Some(path) => {
            RealDisk.write(path, written.as_bytes()).with_context(|| format!("writing `{}`", path.display()))?;
            let steps = counted(taken.prepared.len() as u64, "step");
            output.text(format!("wrote `{}`: {steps}, {} left out", path.display(), left_out.len()));
        }
        None => output.text(written.trim_end()),
    }
    left_out.iter().for_each(|why| output.paragraph(0, &format!("left out: {why}")));
    let body =
        serde_json::json!({"file": name, "prepared": taken.prepared, "left_out": left_out, "output": args.output});
    output.object("playbook_import", &body);
    Ok(End::Done)
}

/// The entry as a step that a profile may prepare.
///
/// # Errors
/// Why it cannot be prepared, in words.
fn prepared_step(playbook: &Playbook, entry: &Entry) -> Result<PreparedStep, String> {
    let step = match entry {
        Entry::Cut(step) => step,
        Entry::Guided(guided) => return Err(format!("step {}, for a person: {}", guided.number, guided.title)),
    };
    if step.phase == Phase::Sweep {
        return Err(format!("step {}: a sweep is planned with its first step", step.number));
    }
    let step = as_prepared(step, playbook.name.clone());
    prepared::is_right(&step).map_err(|faults| format!("`{}`: {}", step.action, faults.join("; ")))?;
    Ok(step)
}

fn as_prepared(step: &Step, because: String) -> PreparedStep {
    PreparedStep {
        action: step.action.name.clone(),
        target: step.action.target.to_string(),
        parameters: step.action.parameters.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        cost: Some(step.cost),
        needs_person: step.needs_person,
        permanent: matches!(step.reversibility, Reversibility::Irreversible | Reversibility::RecreateOnly),
        because,
    }
}

fn text(path: &Path, name: &str) -> Result<String> {
    let meta = RealDisk.meta(path).with_context(|| format!("reading `{name}`"))?;
    if meta.size > BYTES_MAX {
        bail!(
            "`{name}` has {} bytes, and no playbook has more than {BYTES_MAX}\nhint: name a CACAO playbook",
            meta.size
        );
    }
    let bytes = RealDisk.read(path).with_context(|| format!("reading `{name}`"))?;
    String::from_utf8(bytes).with_context(|| format!("`{name}` is not UTF-8"))
}

fn show(playbook: &Playbook, output: Output) {
    output.text(playbook.name.clone());
    output.paragraph(0, &playbook.description);
    for entry in &playbook.steps {
        match entry {
            Entry::Cut(step) => output.text(format!(
                "  {:>2}  {:<26} {}",
                step.number,
                step.action.name,
                short(step.action.target.as_str(), 66)
            )),
            Entry::Guided(guided) => {
                output.text(format!("  {:>2}  a person: {}", guided.number, short(&guided.title, 80)));
                guided.text.lines().take(20).for_each(|line| output.paragraph(6, line));
            }
        }
    }
}
