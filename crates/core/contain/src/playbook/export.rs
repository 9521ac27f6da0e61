//! A playbook written as CACAO 2.0. The same playbook always gives the same bytes: ids are digests of what they name.
//!
//! Steps of one phase are branches of a parallel step, phases follow one another. What we would do stands in our extension of
//! the step, and in words for a person in its command: a tool that does not know the extension has a person do it.

use super::{CREATED_BY, EXTENSION, Entry, Guided, Playbook, SPEC_VERSION};
use crate::canonical::{canonical, digest_of_parts};
use crate::plan::Step;
use firebreak_model::{NodeKey, Reversibility, Time};
use serde_json::{Map, Value, json};

/// The name of Firebreak among the agents, and that of a person.
const FIREBREAK: &str = "organization--5a0c7e18-2d94-5f3b-b6c7-9e1f4a8d2c30";
const PERSON: &str = "group--c4e2b791-6f08-5a1d-8b35-0d7a9f3e6c42";

/// The playbook as JSON.
///
/// # Errors
/// In words, where a step has no JSON form. No step that this crate makes is like that.
pub fn export(playbook: &Playbook) -> Result<Value, String> {
    let content = canonical(playbook)?;
    let names = Names { content: &content };
    let mut workflow = Map::new();
    let (start, end) = (names.of("start", "start"), names.of("end", "end"));
    let groups: Vec<&[Entry]> = playbook.steps.chunk_by(|a, b| a.phase().is_some() && a.phase() == b.phase()).collect();
    let heads: Vec<String> = groups.iter().map(|group| names.head(group)).collect();
    let next = |at: usize| heads.get(at).cloned().unwrap_or_else(|| end.clone());
    workflow.insert(start.clone(), json!({"type": "start", "on_completion": next(0)}));
    for (at, group) in groups.iter().enumerate() {
        match group {
            [one] => drop(workflow.insert(names.entry(one), action(one, &next(at + 1), &names)?)),
            several => {
                for one in *several {
                    let branch = names.of("end", &format!("branch {}", one.number()));
                    workflow.insert(names.entry(one), action(one, &branch, &names)?);
                    workflow.insert(branch, json!({"type": "end"}));
                }
                let branches: Vec<String> = several.iter().map(|one| names.entry(one)).collect();
                let parallel = json!({"type": "parallel", "next_steps": branches, "on_completion": next(at + 1)});
                workflow.insert(names.head(several), parallel);
            }
        }
    }
    workflow.insert(end, json!({"type": "end"}));
    let at = stamp(playbook.at);
    let mut book = json!({
        "type": "playbook",
        "spec_version": SPEC_VERSION,
        "id": names.of("playbook", "playbook"),
        "name": playbook.name,
        "description": playbook.description,
        "playbook_types": ["mitigation", "remediation"],
        "playbook_activities": ["restrict-access"],
        "created_by": CREATED_BY,
        "created": at,
        "modified": at,
        "workflow_start": start,
        "workflow": workflow,
    });
    if let Some(fields) = book.as_object_mut() {
        fields.extend(definitions(playbook, &names));
    }
    Ok(book)
}

/// Agents, targets and our extension, as far as the steps refer to them.
fn definitions(playbook: &Playbook, names: &Names<'_>) -> Map<String, Value> {
    let cuts = || {
        playbook.steps.iter().filter_map(|entry| match entry {
            Entry::Cut(step) => Some(step),
            Entry::Guided(_) => None,
        })
    };
    let (mut all, mut agents) = (Map::new(), Map::new());
    if cuts().next().is_some() {
        agents.insert(FIREBREAK.to_owned(), json!({"type": "organization", "name": "Firebreak"}));
        let targets: Map<String, Value> = cuts().map(|step| target(&step.action.target, names)).collect();
        all.insert("target_definitions".to_owned(), targets.into());
    }
    if !playbook.steps.is_empty() {
        let extension = json!({
            "type": "extension-definition",
            "name": "Firebreak step",
            "description": "What a responder of Firebreak does, so that Firebreak reads it again as it was.",
            "created_by": CREATED_BY,
            "schema": "step_extensions: firebreak_step is a step of a plan and firebreak_place the place of a step for a person, as docs/playbooks.md describes them; agent_target_extensions: target_key is the key of the thing",
            "version": "1.0.0",
        });
        all.insert("extension_definitions".to_owned(), json!({EXTENSION: extension}));
    }
    if playbook.steps.iter().any(|entry| matches!(entry, Entry::Guided(_))) {
        agents.insert(PERSON.to_owned(), json!({"type": "group", "name": "People who answer for the system"}));
    }
    if !agents.is_empty() {
        all.insert("agent_definitions".to_owned(), agents.into());
    }
    all
}

fn target(key: &NodeKey, names: &Names<'_>) -> (String, Value) {
    let body = json!({
        "type": "security-category",
        "name": key.as_str(),
        "category": ["aaa"],
        "agent_target_extensions": {EXTENSION: {"target_key": key.as_str()}},
    });
    (names.target(key), body)
}

fn action(entry: &Entry, next: &str, names: &Names<'_>) -> Result<Value, String> {
    match entry {
        Entry::Cut(step) => cut(step, next, names),
        Entry::Guided(Guided { number, title, text, after }) => Ok(json!({
            "type": "action",
            "name": title,
            "on_completion": next,
            "commands": [{"type": "manual", "command": text}],
            "agent": PERSON,
            "step_extensions": {EXTENSION: {"firebreak_place": {"number": number, "after": after}}},
        })),
    }
}

fn cut(step: &Step, next: &str, names: &Names<'_>) -> Result<Value, String> {
    let body = serde_json::to_value(step).map_err(|error| format!("step {} has no JSON form: {error}", step.number))?;
    Ok(json!({
        "type": "action",
        "name": format!("{} on {}", step.action.name, step.action.target),
        "description": step.undo_note,
        "on_completion": next,
        "commands": [{"type": "manual", "command": words(step), "playbook_activity": "restrict-access"}],
        "agent": FIREBREAK,
        "targets": [names.target(&step.action.target)],
        "step_extensions": {EXTENSION: {"firebreak_step": body}},
    }))
}

/// What the step does, for a person who does it by hand.
pub(super) fn words(step: &Step) -> String {
    let parameters: Vec<String> =
        step.action.parameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let with = if parameters.is_empty() { String::new() } else { format!(" ({})", parameters.join(", ")) };
    let back = match step.reversibility {
        Reversibility::Reversible | Reversibility::ReversibleReissuesAccess => "it can be taken back",
        Reversibility::RecreateOnly => "it can only be made anew",
        Reversibility::Irreversible => "it cannot be taken back",
    };
    let verb = step.action.verb().replace('_', " ");
    format!("{verb} `{}`{with}, as the responder {} does; {back}", step.action.target, step.action.responder())
}

/// A time as CACAO wants it: UTC with exactly three digits of a second.
pub(super) fn stamp(time: Time) -> String {
    let whole = Time::from_seconds(time.0.div_euclid(1_000_000)).to_string();
    let milliseconds = time.0.rem_euclid(1_000_000) / 1_000;
    format!("{}.{milliseconds:03}Z", whole.trim_end_matches('Z'))
}

/// Names within one playbook: each is a digest of the whole content and of what it names, in the form of a UUID.
struct Names<'a> {
    content: &'a str,
}

impl Names<'_> {
    fn of(&self, kind: &str, what: &str) -> String {
        format!("{kind}--{}", uuid(&[self.content, what]))
    }

    fn entry(&self, entry: &Entry) -> String {
        self.of("action", &format!("step {}", entry.number()))
    }

    /// The name of a thing is the same in every playbook.
    fn target(&self, key: &NodeKey) -> String {
        format!("security-category--{}", uuid(&[EXTENSION, key.as_str()]))
    }

    /// The step at which a group of entries begins.
    fn head(&self, group: &[Entry]) -> String {
        match group {
            [one] => self.entry(one),
            several => self.of("parallel", &format!("from {}", several.first().map_or(0, Entry::number))),
        }
    }
}

/// The first 122 bits of the SHA-256 of `parts` in the form of a UUID that is made from a name (version 5).
fn uuid(parts: &[&str]) -> String {
    let hex = digest_of_parts(parts.iter().copied());
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let variant = match part(16, 17) {
        "0" | "4" | "8" | "c" => "8",
        "1" | "5" | "9" | "d" => "9",
        "2" | "6" | "a" | "e" => "a",
        _ => "b",
    };
    format!("{}-{}-5{}-{variant}{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
