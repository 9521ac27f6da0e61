//! CACAO 2.0 read: what carries our extension becomes the step that it was, all else a step for a person with its text.
//!
//! Nothing of it is carried out. A step below a condition is for a person too: nobody here decides conditions. What cannot be
//! read is a fault that names its place.

use super::{EXTENSION, Entry, Guided, Playbook, SPEC_VERSION, STEPS_MAX};
use crate::plan::{Step, StepKey, order};
use crate::prepared::KnownActions;
use firebreak_model::{NodeKey, Reversibility, Time};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A longer text of a step is cut.
const TEXT_CHARS_MAX: usize = 10_000;

/// What is wrong with a playbook, and where.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// A path in the JSON: `workflow.action--….agent`.
    pub place: String,
    /// What is wrong.
    pub reason: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.place, self.reason)
    }
}

fn fault(place: impl Into<String>, reason: impl Into<String>) -> Fault {
    Fault { place: place.into(), reason: reason.into() }
}

/// The playbook in `text`, where these actions exist, and what of it a person must know: steps that nothing leads to, steps
/// of ours that no responder does any longer.
///
/// # Errors
/// All that is wrong with it, each with its place.
pub fn import(text: &str, known: &KnownActions) -> Result<(Playbook, Vec<Fault>), Vec<Fault>> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| vec![fault("playbook", format!("it is no JSON: {error}"))])?;
    let Some(book) = value.as_object() else { return Err(vec![fault("playbook", "it is no object")]) };
    let mut faults = head(book);
    let workflow = match book.get("workflow").and_then(Value::as_object) {
        Some(workflow) if workflow.len() <= STEPS_MAX * 3 => workflow,
        Some(_) => return Err(vec![fault("workflow", format!("it has more than {} parts", STEPS_MAX * 3))]),
        None => {
            faults.push(fault("workflow", "there is none"));
            return Err(faults);
        }
    };
    faults.extend(parts(book, workflow));
    let at = time(book, "created").and_then(|_| time(book, "modified"));
    let (at, true) = (at.unwrap_or_default(), faults.is_empty()) else { return Err(faults) };
    let mut walk =
        Walk { workflow, known, seen: BTreeSet::new(), steps: Vec::new(), notes: Vec::new(), faults: Vec::new() };
    walk.through(word(book, "workflow_start").unwrap_or_default());
    let Walk { steps, mut notes, mut faults, seen, .. } = walk;
    let lost = workflow
        .iter()
        .filter(|(id, step)| !seen.contains(id.as_str()) && step.get("type").and_then(Value::as_str) != Some("end"));
    notes.extend(lost.map(|(id, _)| fault(format!("workflow.{id}"), "nothing leads to this step: it is left out")));
    let steps = numbered(steps, &mut notes, &mut faults);
    if steps.is_empty() {
        faults.push(fault("workflow", "it has no step that anybody could do"));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let said = |name: &str| shortened(word(book, name).unwrap_or_default());
    Ok((Playbook { name: said("name"), description: said("description"), at, steps }, notes))
}

fn word<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX).collect()
}

/// What is wrong with the properties of the playbook itself.
fn head(book: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut expect = |name: &str, value: &str| {
        if word(book, name) != Some(value) {
            faults.push(fault(name, format!("it must be `{value}`")));
        }
    };
    expect("type", "playbook");
    expect("spec_version", SPEC_VERSION);
    for (name, kind) in [("id", "playbook"), ("created_by", "identity"), ("workflow_start", "start")] {
        match word(book, name) {
            Some(id) if is_id(id, &[kind]) => {}
            _ => faults.push(fault(name, format!("it must be `{kind}--` and a UUID"))),
        }
    }
    if word(book, "name").is_none_or(str::is_empty) {
        faults.push(fault("name", "there is none"));
    }
    let (created, modified) = (time(book, "created"), time(book, "modified"));
    for (name, time) in [("created", created), ("modified", modified)] {
        if time.is_none() {
            faults.push(fault(
                name,
                "it must be a time in UTC with three digits of a second: `2026-03-24T10:58:41.000Z`",
            ));
        }
    }
    if let (Some(created), Some(modified)) = (created, modified)
        && modified < created
    {
        faults.push(fault("modified", "it is before `created`"));
    }
    if book.get("revoked") == Some(&Value::Bool(true)) {
        faults.push(fault("revoked", "its maker has taken it back"));
    }
    faults
}

/// A time with exactly three digits of a second.
fn time(book: &Map<String, Value>, name: &str) -> Option<Time> {
    let text = word(book, name)?;
    let (_, fraction) = text.strip_suffix('Z')?.split_once('.')?;
    let digits = fraction.len() == 3 && fraction.bytes().all(|one| one.is_ascii_digit());
    Time::parse(text).filter(|_| digits)
}

/// Whether `id` is one of these kinds, two dashes and a UUID of version 1 to 5.
fn is_id(id: &str, kinds: &[&str]) -> bool {
    let Some((kind, uuid)) = id.split_once("--") else { return false };
    let bytes = uuid.as_bytes();
    let shape = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            14 => (b'1'..=b'5').contains(byte),
            19 => matches!(byte.to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b'),
            _ => byte.is_ascii_hexdigit(),
        });
    kinds.contains(&kind) && shape
}

/// The kinds of workflow steps.
const STEP_KINDS: [&str; 8] =
    ["start", "end", "action", "playbook-action", "parallel", "if-condition", "while-condition", "switch-condition"];

/// What is wrong with the parts of the workflow: each has a kind that its name says, and leads to parts that exist.
fn parts(book: &Map<String, Value>, workflow: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let kind_of = |id: &str| workflow.get(id).and_then(|step| step.get("type")).and_then(Value::as_str);
    let start = word(book, "workflow_start").unwrap_or_default();
    if kind_of(start) != Some("start") {
        faults.push(fault("workflow_start", "the workflow has no such `start` step"));
    }
    for (id, step) in workflow {
        let place = format!("workflow.{}", id.chars().take(80).collect::<String>());
        let Some(step) = step.as_object() else {
            faults.push(fault(place, "it is no object"));
            continue;
        };
        let kind = word(step, "type").unwrap_or_default();
        if !STEP_KINDS.contains(&kind) || !is_id(id, &[kind]) {
            faults.push(fault(place, "its name must be its `type`, two dashes and a UUID"));
            continue;
        }
        if step.contains_key("on_completion") && (step.contains_key("on_success") || step.contains_key("on_failure")) {
            faults.push(fault(&place, "`on_completion` stands beside `on_success` or `on_failure`"));
        }
        if kind != "end" && !step.contains_key("on_completion") && !step.contains_key("on_success") {
            faults.push(fault(&place, "nothing follows it: `on_completion` or `on_success` is missing"));
        }
        for (name, next) in leads(step) {
            if !next.is_some_and(|next| workflow.contains_key(next)) {
                faults.push(fault(format!("{place}.{name}"), "it leads to no step of the workflow"));
            }
        }
        faults.extend(needs(kind, step, book, &place));
    }
    faults
}

/// What a step leads to, with the property that says so; nothing where it says no name.
fn leads(step: &Map<String, Value>) -> Vec<(String, Option<&str>)> {
    const ONE: [&str; 5] = ["on_completion", "on_success", "on_failure", "on_true", "on_false"];
    let one = ONE.iter().filter_map(|name| Some(((*name).to_owned(), step.get(*name)?.as_str())));
    let branches = step.get("next_steps").and_then(Value::as_array).into_iter().flatten();
    let branches = branches.enumerate().map(|(at, next)| (format!("next_steps[{at}]"), next.as_str()));
    let cases = step.get("cases").and_then(Value::as_object).into_iter().flatten();
    let cases = cases.map(|(case, next)| (format!("cases.{case}"), next.as_str()));
    one.chain(branches).chain(cases).collect()
}

/// What a step of this kind must have.
fn needs(kind: &str, step: &Map<String, Value>, book: &Map<String, Value>, place: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    match kind {
        "action" => {
            let commands = step.get("commands").and_then(Value::as_array);
            if commands.is_none_or(Vec::is_empty) {
                faults.push(fault(format!("{place}.commands"), "there is none"));
            }
            let untyped = |(_, one): &(usize, &Value)| one.get("type").and_then(Value::as_str).is_none();
            for (at, _) in commands.into_iter().flatten().enumerate().filter(untyped) {
                faults.push(fault(format!("{place}.commands[{at}]"), "it has no `type`"));
            }
            let defined = |of: &str, id: &Value| {
                id.as_str().is_some_and(|id| book.get(of).and_then(|all| all.get(id)).is_some_and(Value::is_object))
            };
            match step.get("agent") {
                Some(agent) if defined("agent_definitions", agent) => {}
                _ => faults.push(fault(format!("{place}.agent"), "it is none of `agent_definitions`")),
            }
            let targets = step.get("targets").and_then(Value::as_array).into_iter().flatten().enumerate();
            for (at, _) in targets.filter(|(_, target)| !defined("target_definitions", target)) {
                faults.push(fault(format!("{place}.targets[{at}]"), "it is none of `target_definitions`"));
            }
        }
        "parallel" if step.get("next_steps").and_then(Value::as_array).is_none_or(|next| next.len() < 2) => {
            faults.push(fault(format!("{place}.next_steps"), "there are fewer than two"));
        }
        "if-condition" | "while-condition" if word(step, "condition").is_none() || !step.contains_key("on_true") => {
            faults.push(fault(place, "`condition` or `on_true` is missing"));
        }
        "switch-condition"
            if word(step, "switch").is_none() || step.get("cases").is_none_or(|one| !one.is_object()) =>
        {
            faults.push(fault(place, "`switch` or `cases` is missing"));
        }
        _ => {}
    }
    faults
}

/// The workflow, walked in its order.
struct Walk<'a> {
    workflow: &'a Map<String, Value>,
    known: &'a KnownActions,
    seen: BTreeSet<&'a str>,
    steps: Vec<Entry>,
    notes: Vec<Fault>,
    faults: Vec<Fault>,
}

impl<'a> Walk<'a> {
    /// From `start` on. `on` says under which condition a step stands, if under any.
    fn through(&mut self, start: &'a str) {
        let mut open: Vec<(&'a str, Option<String>)> = vec![(start, None)];
        while let Some((id, on)) = open.pop() {
            let Some(step) = self.workflow.get(id).and_then(Value::as_object) else { continue };
            if !self.seen.insert(id) {
                continue;
            }
            if self.steps.len() >= STEPS_MAX {
                self.faults.push(fault("workflow", format!("it has more than {STEPS_MAX} steps")));
                return;
            }
            self.take(id, step, on.as_deref());
            // What comes next is done last, so it goes to the bottom of the pile.
            for (name, next) in
                ["on_failure", "on_success", "on_completion"].iter().filter_map(|name| Some((*name, word(step, name)?)))
            {
                let failed = (name == "on_failure").then(|| format!("only if `{}` failed", title(step, id)));
                open.push((next, failed.or_else(|| on.clone())));
            }
            let branches = step.get("next_steps").and_then(Value::as_array).into_iter().flatten().rev();
            open.extend(branches.filter_map(|next| Some((next.as_str()?, on.clone()))));
            let condition = word(step, "condition").or(word(step, "switch")).unwrap_or_default();
            let cases = step.get("cases").and_then(Value::as_object).into_iter().flatten();
            let cases = cases.map(|(case, next)| (format!("only if `{condition}` is `{case}`"), next.as_str()));
            let truth = [("on_false", "is false"), ("on_true", "is true")];
            let truth = truth
                .iter()
                .filter_map(|(name, is)| Some((format!("only if `{condition}` {is}"), Some(word(step, name)?))));
            open.extend(cases.chain(truth).filter_map(|(when, next)| Some((next?, Some(when)))));
        }
    }

    fn take(&mut self, id: &str, step: &Map<String, Value>, on: Option<&str>) {
        let place = format!("workflow.{id}");
        match word(step, "type").unwrap_or_default() {
            "action" => {
                let own = step.get("step_extensions").and_then(|all| all.get(EXTENSION));
                match own.and_then(|own| own.get("firebreak_step")) {
                    Some(own) => self.ours(own, &place, step, id, on),
                    None => self.guided(title(step, id), commands(step), on, Place::of(own)),
                }
            }
            "playbook-action" => {
                let other = word(step, "playbook_id").unwrap_or_default();
                self.guided(title(step, id), format!("do what the playbook `{other}` says"), on, Place::default());
            }
            "if-condition" | "while-condition" | "switch-condition" => {
                let condition = word(step, "condition").or(word(step, "switch")).unwrap_or_default();
                self.guided(title(step, id), format!("decide: {condition}"), on, Place::default());
            }
            _ => {}
        }
    }

    /// A step of ours. Whoever edited it may have broken it: then it is a fault, and never another step.
    fn ours(&mut self, own: &Value, place: &str, step: &Map<String, Value>, id: &str, on: Option<&str>) {
        let place = format!("{place}.step_extensions.{EXTENSION}.firebreak_step");
        let read: Step = match serde_json::from_value(own.clone()) {
            Ok(read) => read,
            Err(error) => return self.faults.push(fault(place, format!("it is no step: {error}"))),
        };
        let whole = NodeKey::parse(read.action.target.as_str()).is_some() && read.key == StepKey::of(&read.action);
        let placed = read.phase == order::phase(&read.action) && (1..=crate::cost::MOST).contains(&read.cost.max(1));
        if !whole || !placed || read.undo_note.chars().count() > TEXT_CHARS_MAX {
            return self.faults.push(fault(place, "its key, phase or cost is not that of its action"));
        }
        let stood = Place { number: read.number, after: read.after.clone() };
        match self.known.get(&read.action.name) {
            _ if on.is_some() => self.guided(title(step, id), super::export::words(&read), on, stood),
            None => {
                self.notes.push(fault(place, format!("no responder does `{}`: a person does it", read.action.name)));
                self.guided(title(step, id), super::export::words(&read), on, stood);
            }
            Some(action) if milder(read.reversibility, action.reversibility) => {
                let reason = format!("it says that `{}` can be taken back, and it cannot", read.action.name);
                self.faults.push(fault(place, reason));
            }
            Some(_) => self.steps.push(Entry::Cut(Box::new(read))),
        }
    }

    fn guided(&mut self, title: String, text: String, on: Option<&str>, place: Place) {
        let text = match on {
            Some(on) => format!("{on}: {text}"),
            None => text,
        };
        let (title, text) = (shortened(&title), shortened(&text));
        let Place { number, after } = place;
        self.steps.push(Entry::Guided(Guided { number, title, text, after }));
    }
}

/// Where a step of ours stood; 0 for one of others, which nobody waits for by a number.
#[derive(Default, Deserialize)]
struct Place {
    number: u32,
    after: Vec<u32>,
}

impl Place {
    fn of(own: Option<&Value>) -> Place {
        let place = own.and_then(|own| own.get("firebreak_place"));
        place.and_then(|place| Place::deserialize(place).ok()).unwrap_or_default()
    }
}

/// Whether `said` promises more than `is`.
fn milder(said: Reversibility, is: Reversibility) -> bool {
    let permanent = |one| matches!(one, Reversibility::Irreversible | Reversibility::RecreateOnly);
    permanent(is) && !permanent(said)
}

fn title(step: &Map<String, Value>, id: &str) -> String {
    word(step, "name").filter(|name| !name.is_empty()).unwrap_or(id).to_owned()
}

/// The commands of a step as text, each with its kind where that is not a person's.
fn commands(step: &Map<String, Value>) -> String {
    let said = |command: &Value| {
        let field = |name: &str| command.get(name).and_then(Value::as_str);
        let kind = field("type").unwrap_or_default();
        let text = field("command").or(field("description"));
        let text = text
            .map(str::to_owned)
            .or_else(|| Some(format!("(base64) {}", field("command_b64").or(field("content_b64"))?)));
        let text = text.unwrap_or_else(|| command.to_string());
        if kind == "manual" { text } else { format!("[{kind}] {text}") }
    };
    let all = step.get("commands").and_then(Value::as_array).into_iter().flatten();
    all.map(said).collect::<Vec<_>>().join("\n")
}

/// The steps numbered in their order, with what they wait for led to the new numbers.
fn numbered(mut steps: Vec<Entry>, notes: &mut Vec<Fault>, faults: &mut Vec<Fault>) -> Vec<Entry> {
    let mut places: BTreeMap<u32, u32> = BTreeMap::new();
    for (entry, number) in steps.iter().zip(1..) {
        let stood = entry.number();
        if stood > 0 && places.insert(stood, number).is_some() {
            faults.push(fault("workflow", format!("two steps of ours have the number {stood}")));
        }
    }
    for (entry, number) in steps.iter_mut().zip(1..) {
        let (own, after) = match entry {
            Entry::Guided(guided) => (&mut guided.number, &mut guided.after),
            Entry::Cut(step) => (&mut step.number, &mut step.after),
        };
        *own = number;
        let gone: Vec<u32> = after.iter().filter(|before| !places.contains_key(*before)).copied().collect();
        notes.extend(
            gone.iter().map(|one| fault("workflow", format!("step {number} waited for step {one}, which is gone"))),
        );
        *after = after.iter().filter_map(|before| places.get(before)).copied().collect();
        if after.iter().any(|before| *before >= number) {
            faults.push(fault("workflow", format!("step {number} waits for one that comes after it")));
        }
    }
    steps
}
