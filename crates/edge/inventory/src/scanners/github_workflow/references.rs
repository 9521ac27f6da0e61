//! What jobs and actions refer to: actions, images and the install commands of scripts, through local actions and called
//! workflows.

use super::yaml;
use crate::asked::Asked;
use crate::dockerfile;
use crate::json::{list, text};
use crate::report::{Report, shown};
use crate::scanner::{ScanInput, inside};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each job asks for, by the job's id, with the name under which runs show it.
pub(crate) type Stated = BTreeMap<String, (String, Asked)>;

/// How many files one job may lead to.
const MAX_FOLLOWED: usize = 100;

/// Where the files lie that jobs lead to, below the scanned directory.
pub(crate) struct Tree {
    /// What `./` is.
    root: PathBuf,
    /// Where the workflows lie that `./.github/workflows/` names.
    workflows: PathBuf,
    /// Whether what is said is evidence at the file that says it, not at the job that leads there.
    by_file: bool,
}

impl Tree {
    /// An inventory: a repository's workflows and actions lie in one folder.
    pub(crate) fn given(file: &Path) -> Tree {
        let root = file.parent().unwrap_or(Path::new("")).to_owned();
        Tree { workflows: root.clone(), root, by_file: false }
    }

    /// A checkout of a repository whose top is `root`.
    pub(crate) fn checkout(root: &Path) -> Tree {
        Tree { root: root.to_owned(), workflows: root.join(".github/workflows"), by_file: true }
    }
}

/// What each job of a workflow asks for.
pub(crate) fn stated(workflow: &Value, tree: &Tree, input: &ScanInput<'_>, report: &mut Report) -> Stated {
    let mut stated = Stated::new();
    for (id, job) in workflow.get("jobs").and_then(Value::as_object).into_iter().flatten() {
        let job_of = format!("{} job {}", input.path.display(), shown(id));
        let mut reading = Reading::new(tree, input, job_of, report);
        reading.job(job);
        stated.insert(id.clone(), (text(job, "name").unwrap_or(id).to_owned(), reading.asked));
    }
    if stated.is_empty() {
        report.add("it has no jobs", "is this a workflow file?");
    }
    stated
}

/// What an action asks for when it is used.
pub(crate) fn of_action(action: &Value, tree: &Tree, input: &ScanInput<'_>, report: &mut Report) -> Asked {
    let mut reading = Reading::new(tree, input, input.path.display().to_string(), report);
    reading.runs(action, input.path.parent().unwrap_or(Path::new("")));
    reading.asked
}

struct Reading<'a> {
    tree: &'a Tree,
    input: &'a ScanInput<'a>,
    /// Where what is read stands.
    evidence: String,
    asked: Asked,
    /// Files that were read for this job.
    resolved: BTreeSet<PathBuf>,
    report: &'a mut Report,
}

impl<'a> Reading<'a> {
    fn new(tree: &'a Tree, input: &'a ScanInput<'a>, job: String, report: &'a mut Report) -> Reading<'a> {
        let evidence = if tree.by_file { input.path.display().to_string() } else { job };
        Reading { tree, input, evidence, asked: Asked::default(), resolved: BTreeSet::new(), report }
    }

    fn job(&mut self, job: &Value) {
        // A reusable workflow is called like an action.
        if let Some(uses) = text(job, "uses") {
            self.uses(uses);
        }
        let container = job.get("container");
        let services = job.get("services").and_then(Value::as_object).into_iter().flatten().map(|(_, service)| service);
        for container in container.into_iter().chain(services) {
            let image = container.as_str().or_else(|| text(container, "image"));
            image.into_iter().for_each(|image| self.image(image));
        }
        self.steps(list(job, "steps"));
    }

    /// The steps of a job or of an action.
    fn steps(&mut self, steps: &[Value]) {
        for step in steps {
            if let Some(uses) = text(step, "uses") {
                self.uses(uses);
            }
            if let Some(script) = text(step, "run") {
                self.asked.script(script, &self.evidence);
            }
        }
    }

    fn image(&mut self, image: &str) {
        self.asked.image(image.strip_prefix("docker://").unwrap_or(image), &self.evidence);
    }

    fn uses(&mut self, uses: &str) {
        if uses.starts_with("docker://") {
            return self.image(uses);
        }
        if let Some(local) = uses.strip_prefix("./") {
            return self.local(local);
        }
        let Some((action, reference)) = uses.split_once('@') else {
            let reason = format!("`{}` names no version of the action", shown(uses));
            return self.report.add(reason, "write owner/repository@commit");
        };
        if uses.contains("${{") {
            return self.asked.gap(format!("which action `{}` is, is known only when it runs", shown(uses)));
        }
        // `owner/repository/path`: the repository is what is fetched.
        let mut parts = action.splitn(3, '/');
        let repository = parts.by_ref().take(2).collect::<Vec<_>>().join("/");
        self.asked.repository("GitHub Actions", &repository, (uses, reference), &self.evidence);
        // What it calls in turn is known where its files are given at this very reference.
        let given = Path::new("actions").join(&repository).join(reference);
        self.action(&given.join(parts.next().unwrap_or_default()));
    }

    /// What lies in the repository itself: an action's folder, or a reusable workflow's file.
    fn local(&mut self, local: &str) {
        let found = match local.strip_prefix(".github/workflows/") {
            Some(file) => self.called(&self.tree.workflows.join(file)),
            None => self.action(&self.tree.root.join(local)),
        };
        if !found {
            self.asked.gap(format!("`./{}` is not in the tree or cannot be read", shown(local)));
        }
    }

    /// The jobs of a workflow that is called; whether there is one.
    fn called(&mut self, path: &Path) -> bool {
        if self.is_known(path) {
            return true;
        }
        let bytes = self.input.sibling(path);
        let Some(workflow) = bytes.and_then(|bytes| yaml(&bytes, self.report)) else { return false };
        self.within(path, |reading| {
            let jobs = workflow.get("jobs").and_then(Value::as_object).into_iter().flatten();
            jobs.for_each(|(_, job)| reading.job(job));
        });
        true
    }

    /// Whether a file was read for this job before, or may not be read because it is one too many.
    fn is_known(&mut self, path: &Path) -> bool {
        if self.resolved.len() >= MAX_FOLLOWED {
            self.asked.gap(format!("the job leads to more than {MAX_FOLLOWED} actions and workflows"));
            return true;
        }
        !self.resolved.insert(path.to_owned())
    }

    /// An action whose file lies in `folder`; whether there is one.
    fn action(&mut self, folder: &Path) -> bool {
        // Once is enough, and the only way out of actions that call each other.
        if self.is_known(folder) {
            return true;
        }
        let files = ["action.yml", "action.yaml"].map(|name| folder.join(name));
        let found = files.iter().find_map(|file| Some((file, self.input.sibling(file)?)));
        let Some((file, action)) = found.and_then(|(file, bytes)| Some((file, yaml(&bytes, self.report)?))) else {
            return false;
        };
        self.within(file, |reading| reading.runs(&action, folder));
        true
    }

    /// What an action in `folder` does.
    fn runs(&mut self, action: &Value, folder: &Path) {
        let runs = action.get("runs").unwrap_or(&Value::Null);
        match text(runs, "image") {
            Some(image) if image.starts_with("docker://") => self.image(image),
            Some(file) => self.dockerfile(&folder.join(file)),
            None => {}
        }
        self.steps(list(runs, "steps"));
    }

    fn dockerfile(&mut self, path: &Path) {
        let Some(bytes) = self.input.sibling(path) else {
            return self.asked.gap(format!("`{}` is not in the tree", shown(&path.display().to_string())));
        };
        let text = String::from_utf8_lossy(&bytes);
        self.within(path, |reading| dockerfile::asks(&text, &mut reading.asked, &reading.evidence));
    }

    /// Reads on in another file.
    fn within(&mut self, file: &Path, read: impl FnOnce(&mut Self)) {
        if !self.tree.by_file {
            return read(self);
        }
        // What was read lies inside: no other file is.
        let file = inside(file).unwrap_or_default();
        let before = std::mem::replace(&mut self.evidence, file.display().to_string());
        read(self);
        self.evidence = before;
    }
}
