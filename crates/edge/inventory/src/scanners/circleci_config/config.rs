//! A CircleCI configuration as jobs: commands and executors of its own resolved, orbs named.
//!
//! It is not CircleCI's compiler: parameters are filled in where the file gives their values, and what is left is a gap.

use crate::asked::Asked;
use crate::json::{list, text};
use crate::report::shown;
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeSet;

/// How deep commands may call each other, how many steps are followed in one file, and how long a text may grow by what is
/// filled in: what multiplies is cut off, and told.
const MAX_DEPTH: usize = 10;
const MAX_STEPS: usize = 5_000;
const MAX_TEXT: usize = 64 << 10;

/// A configuration, read.
pub(super) struct Config<'a> {
    /// The document.
    pub(super) value: &'a Value,
    /// What all jobs have in common.
    pub(super) shared: Asked,
    steps: Cell<usize>,
}

/// A job as some workflow calls it.
#[derive(Clone, Copy)]
pub(super) struct Called<'a> {
    /// Its name as runs show it.
    pub(super) name: &'a str,
    /// The job in the file, or in an orb, that it is.
    pub(super) job: &'a str,
    /// What the workflow gives it.
    pub(super) with: &'a Value,
}

impl<'a> Config<'a> {
    /// The document with its orbs.
    pub(super) fn new(value: &'a Value, evidence: &str) -> Config<'a> {
        let mut shared = Asked::default();
        for (alias, orb) in value.get("orbs").and_then(Value::as_object).into_iter().flatten() {
            let Some(written) = orb.as_str() else { continue };
            let (name, version) = written.rsplit_once('@').unwrap_or((written, "volatile"));
            // A whole version is never published twice; `dev:` and shorter ones move.
            let whole = version.split('.').count() == 3 && version.split('.').all(is_number);
            if whole {
                shared.locked("CircleCI Orbs", name, version, evidence);
            } else {
                shared.unpinned("CircleCI Orbs", name, written, evidence);
            }
            shared.gap(format!("what the orb `{}` ({}) does is not read", shown(alias), shown(name)));
        }
        if value.get("setup").and_then(Value::as_bool) == Some(true) {
            shared.gap("the configuration that runs is made while the setup workflow runs");
        }
        Config { value, shared, steps: Cell::default() }
    }

    /// The jobs that workflows call, each with what it is given; without workflows the job `build`.
    pub(super) fn called(&self) -> Vec<Called<'a>> {
        let workflows = self.value.get("workflows").and_then(Value::as_object).into_iter().flatten();
        let mut found = Vec::new();
        for (_, workflow) in workflows {
            for item in list(workflow, "jobs") {
                if let Some(name) = item.as_str() {
                    found.push(Called { name, job: name, with: &Value::Null });
                }
                for (job, with) in item.as_object().into_iter().flatten() {
                    found.push(Called { name: text(with, "name").unwrap_or(job), job, with });
                }
            }
        }
        let jobs = self.value.get("jobs").and_then(Value::as_object).into_iter().flatten();
        if found.is_empty() {
            found.extend(jobs.map(|(name, _)| Called { name, job: name, with: &Value::Null }));
        }
        // An approval is no job: it waits for a person.
        found.retain(|called| text(called.with, "type") != Some("approval"));
        found
    }

    /// The job in the file.
    pub(super) fn job(&self, called: &Called<'_>) -> &'a Value {
        self.value.get("jobs").and_then(|jobs| jobs.get(called.job)).unwrap_or(&Value::Null)
    }

    /// The executor of a job: the job itself, or the one that it names.
    pub(super) fn executor(&self, job: &'a Value) -> &'a Value {
        let named = job.get("executor").and_then(|named| named.as_str().or_else(|| text(named, "name")));
        let executor = named.and_then(|name| self.value.get("executors")?.get(name));
        executor.unwrap_or(job)
    }

    /// What the job asks for.
    pub(super) fn asks(&self, called: &Called<'a>, evidence: &str) -> Asked {
        let mut asked = self.shared.clone();
        let job = self.job(called);
        if job.is_null() && !called.job.contains('/') {
            asked.gap(format!("the job `{}` stands in no file that is read", shown(called.job)));
        }
        let mut filled = vec![defaults(job)];
        filled[0].extend(pairs(called.with));
        let executor = self.executor(job);
        if !std::ptr::eq(executor, job) {
            let given = job.get("executor").unwrap_or(&Value::Null);
            filled.push(defaults(executor));
            filled[1].extend(pairs(given));
        } else if job.get("executor").is_some() {
            asked.gap("the job's executor stands in no file that is read");
        }
        for image in list(executor, "docker").iter().filter_map(|image| text(image, "image")) {
            asked.image(&fill(image, filled.last().unwrap_or(&Vec::new())), evidence);
        }
        let mut walk = Walk { config: self, asked: &mut asked, evidence, open: BTreeSet::new() };
        for key in ["pre-steps", "post-steps"] {
            walk.steps(list(called.with, key), &[], 0);
        }
        let own = filled.swap_remove(0);
        walk.steps(list(job, "steps"), &own, 0);
        asked
    }

    /// Every script of the job, with its commands' own.
    pub(super) fn scripts(&self, called: &Called<'a>) -> Vec<String> {
        let mut found = Vec::new();
        self.collect(list(self.job(called), "steps"), 0, &mut found);
        found
    }

    fn collect(&self, steps: &[Value], depth: usize, found: &mut Vec<String>) {
        for step in steps.iter().filter(|_| depth < MAX_DEPTH) {
            if !self.may_step() {
                return;
            }
            if let Some(name) = step.as_str() {
                self.collect(self.command(name), depth + 1, found);
            }
            for (name, with) in step.as_object().into_iter().flatten() {
                match name.as_str() {
                    "run" => found.extend(with.as_str().or_else(|| text(with, "command")).map(str::to_owned)),
                    "when" | "unless" => self.collect(list(with, "steps"), depth + 1, found),
                    _ => self.collect(self.command(name), depth + 1, found),
                }
            }
        }
    }

    /// Whether one more step may be followed.
    fn may_step(&self) -> bool {
        self.steps.set(self.steps.get() + 1);
        self.steps.get() < MAX_STEPS
    }

    fn command(&self, name: &str) -> &'a [Value] {
        let command = self.value.get("commands").and_then(|commands| commands.get(name));
        command.map(|command| list(command, "steps")).unwrap_or_default()
    }
}

struct Walk<'w, 'a> {
    config: &'w Config<'a>,
    asked: &'w mut Asked,
    evidence: &'w str,
    /// Commands that are being followed.
    open: BTreeSet<String>,
}

/// Names of parameters and what they hold.
type Filled = Vec<(String, String)>;

impl Walk<'_, '_> {
    fn steps(&mut self, steps: &[Value], filled: &[(String, String)], depth: usize) {
        if depth >= MAX_DEPTH {
            return self.asked.gap(format!("commands call each other more than {MAX_DEPTH} deep"));
        }
        for step in steps {
            if !self.config.may_step() {
                return self.asked.gap(format!("more than {MAX_STEPS} steps"));
            }
            if let Some(name) = step.as_str() {
                self.step(name, &Value::Null, filled, depth);
            }
            for (name, with) in step.as_object().into_iter().flatten() {
                self.step(name, with, filled, depth);
            }
        }
    }

    fn step(&mut self, name: &str, with: &Value, filled: &[(String, String)], depth: usize) {
        const BUILT_IN: [&str; 9] = [
            "checkout",
            "save_cache",
            "restore_cache",
            "store_artifacts",
            "store_test_results",
            "persist_to_workspace",
            "attach_workspace",
            "add_ssh_keys",
            "setup_remote_docker",
        ];
        match name {
            "run" => {
                if let Some(script) = with.as_str().or_else(|| text(with, "command")) {
                    self.asked.script(&fill(script, filled), self.evidence);
                }
            }
            "when" | "unless" => self.steps(list(with, "steps"), filled, depth + 1),
            _ if BUILT_IN.contains(&name) => {}
            // What an orb's command does is told once, with the orb.
            _ if name.contains('/') => {}
            _ => self.call(name, with, depth),
        }
    }

    fn call(&mut self, name: &str, with: &Value, depth: usize) {
        let command = self.config.value.get("commands").and_then(|commands| commands.get(name));
        let Some(command) = command else {
            return self.asked.gap(format!("the command `{}` stands in no file that is read", shown(name)));
        };
        if self.open.insert(name.to_owned()) {
            let mut filled = defaults(command);
            filled.extend(pairs(with));
            self.steps(list(command, "steps"), &filled, depth + 1);
            self.open.remove(name);
        }
    }
}

fn defaults(of: &Value) -> Filled {
    let parameters = of.get("parameters").and_then(Value::as_object).into_iter().flatten();
    parameters.filter_map(|(name, says)| Some((name.clone(), scalar(says.get("default")?)?))).collect()
}

fn pairs(with: &Value) -> Filled {
    let given = with.as_object().into_iter().flatten();
    given.filter_map(|(name, value)| Some((name.clone(), scalar(value)?))).collect()
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The text with the parameters that are known: `<< parameters.tag >>`. The last value of a name is the nearest.
fn fill(written: &str, filled: &[(String, String)]) -> String {
    let mut text = written.to_owned();
    for (name, value) in filled.iter().rev() {
        for form in [format!("<< parameters.{name} >>"), format!("<<parameters.{name}>>")] {
            let count = text.matches(&form).count();
            if count > 0 && text.len().saturating_add(count.saturating_mul(value.len())) < MAX_TEXT {
                text = text.replace(&form, value);
            }
        }
    }
    text
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_value_of_a_parameter_counts() {
        let filled = [("tag".to_owned(), "3.11".to_owned()), ("tag".to_owned(), "3.12".to_owned())];
        assert_eq!(fill("cimg/python:<< parameters.tag >>", &filled), "cimg/python:3.12");
        assert_eq!(fill("<< pipeline.parameters.tag >>", &filled), "<< pipeline.parameters.tag >>");
    }
}
