//! A `.gitlab-ci.yml` with all that it includes from its own repository, as jobs: `extends` and `!reference` resolved, `default`
//! and top-level settings given to each job. What lies elsewhere is named and not read.

use crate::asked::{Asked, is_commit};
use crate::json::{text, texts};
use crate::report::{Report, shown};
use crate::scanner::ScanInput;
use serde_json::{Map, Value};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::Path;

/// The largest file that is read, in bytes, and how many files one configuration may include: GitLab's own limit is 150.
const MAX_BYTES: usize = 1 << 20;
const MAX_FILES: usize = 150;
/// GitLab follows at most 11 levels of `extends` and 10 of `!reference`.
const MAX_DEPTH: usize = 11;

/// How often one configuration may be laid over another or referred to, and how many jobs are read: what multiplies is cut
/// off, and told.
const MAX_STEPS: usize = 5_000;
const MAX_JOBS: usize = 500;

/// Keys at the top that are no jobs.
const GLOBAL: [&str; 12] = [
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "image",
    "services",
    "before_script",
    "after_script",
    "cache",
    "spec",
    "types",
];
/// What `default`, and the top of the file, give to a job that says nothing else.
const INHERITED: [&str; 7] = ["image", "services", "before_script", "after_script", "tags", "id_tokens", "hooks"];

/// A configuration, read.
pub(super) struct Config {
    /// The file and all that it includes, one over the other.
    top: Map<String, Value>,
    /// What all jobs get from elsewhere, and what cannot be told.
    pub(super) shared: Asked,
    /// What cannot be told of the job at hand.
    gaps: RefCell<Vec<String>>,
    steps: Cell<usize>,
}

/// Reads the file at hand and what it includes.
pub(super) fn read(input: &ScanInput<'_>, folder: &Path, host: &str, report: &mut Report) -> Option<Config> {
    let file = input.path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let document = parse(input.bytes, report)?;
    let mut config =
        Config { top: Map::new(), shared: Asked::default(), gaps: RefCell::default(), steps: Cell::default() };
    let mut seen = BTreeSet::from([file.clone()]);
    let mut reading = Including { input, folder, host, seen: &mut seen, report };
    reading.add(&mut config, document, &file);
    Some(config)
}

/// One document; where a head with inputs stands before it, the one behind.
fn parse(bytes: &[u8], report: &mut Report) -> Option<Map<String, Value>> {
    if bytes.len() > MAX_BYTES {
        report.add(format!("{} bytes are more than are read", bytes.len()), "is this a GitLab CI configuration?");
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    let body = match text.split_once("\n---") {
        Some((head, rest)) if head.trim_start_matches("---").trim_start().starts_with("spec:") => rest,
        _ => &text,
    };
    // A reference is a list of names; its tag is no value.
    let plain = body.replace("!reference ", "");
    match yaml_serde::from_slice::<Value>(plain.as_bytes()) {
        Ok(Value::Object(map)) => Some(map),
        Ok(_) => {
            report.add("it is not a mapping of jobs", "is this a GitLab CI configuration?");
            None
        }
        Err(error) => {
            let line = error.location().map_or(1, |location| location.line());
            let reason = format!("not valid YAML: {error}");
            report.at_line(line, reason.lines().next().unwrap_or_default(), "check the file");
            None
        }
    }
}

struct Including<'a> {
    input: &'a ScanInput<'a>,
    folder: &'a Path,
    host: &'a str,
    seen: &'a mut BTreeSet<String>,
    report: &'a mut Report,
}

impl Including<'_> {
    /// What is included comes first; the file itself is laid over it.
    fn add(&mut self, config: &mut Config, document: Map<String, Value>, file: &str) {
        let includes = document.get("include").cloned().unwrap_or(Value::Null);
        for include in as_list(&includes) {
            self.include(config, include, file);
        }
        for (key, value) in document {
            match config.top.get_mut(&key) {
                Some(before) => merge(before, value),
                None => {
                    config.top.insert(key, value);
                }
            }
        }
    }

    fn include(&mut self, config: &mut Config, include: &Value, file: &str) {
        let place = format!("{} include in {}", self.folder.display(), shown(file));
        let as_text = include.as_str();
        let remote = as_text.filter(|path| path.contains("://")).or_else(|| text(include, "remote"));
        if let Some(address) = remote {
            // What follows the path may hold a token.
            let address = address.split(['?', '#']).next().unwrap_or(address);
            let fixed = text(include, "integrity").is_some();
            if !fixed {
                config.shared.unpinned(
                    "GitLab CI",
                    address.split('?').next().unwrap_or(address),
                    &format!("remote: {address}"),
                    &place,
                );
            }
            return config.shared.gap(format!("what `{}` includes is not read", shown(address)));
        }
        if let Some(path) = as_text.or_else(|| text(include, "local")) {
            return self.local(config, path);
        }
        if let Some(project) = text(include, "project") {
            let reference = text(include, "ref").unwrap_or("HEAD");
            let written = format!("project: {project} ref: {reference}");
            let name = format!("{}/{project}", self.host);
            config.shared.repository("GitLab CI", &name, (&written, reference), &place);
            return config.shared.gap(format!("what `{}` includes is not read", shown(project)));
        }
        if let Some(component) = text(include, "component") {
            return component_of(config, component, self.host, &place);
        }
        if let Some(template) = text(include, "template") {
            config.shared.unpinned(
                "GitLab CI",
                &format!("template {template}"),
                &format!("template: {template}"),
                &place,
            );
            return config.shared.gap(format!("what GitLab's template `{}` includes is not read", shown(template)));
        }
        config.shared.gap(format!("an include of {} names nothing that is known", shown(file)));
    }

    fn local(&mut self, config: &mut Config, path: &str) {
        let relative = path.trim_start_matches('/');
        if relative.contains(['$', '*', '[']) {
            return config.shared.gap(format!("which files `{}` includes is not told by the file", shown(path)));
        }
        if self.seen.len() >= MAX_FILES {
            return config.shared.gap(format!("more than {MAX_FILES} files are included"));
        }
        if !self.seen.insert(relative.to_owned()) {
            return;
        }
        let bytes = self.input.sibling(&self.folder.join(relative));
        match bytes.and_then(|bytes| parse(&bytes, self.report)) {
            Some(document) => self.add(config, document, relative),
            None => {
                config.shared.gap(format!("the included file `{}` is not in the tree or cannot be read", shown(path)))
            }
        }
    }
}

/// `host/group/project/name@version`: a commit, or a tag, a branch, `~latest`.
fn component_of(config: &mut Config, component: &str, host: &str, place: &str) {
    let (name, version) = component.rsplit_once('@').unwrap_or((component, "~latest"));
    let own = ["$CI_SERVER_FQDN/", "$CI_SERVER_HOST/"].iter().find_map(|server| name.strip_prefix(server));
    let name = &own.map_or_else(|| name.to_owned(), |rest| format!("{host}/{rest}"));
    let commit = is_commit(version);
    if name.contains('$') {
        config.shared.gap(format!("which component `{}` is, is known only when it runs", shown(component)));
    } else if commit || !version.contains('$') {
        config.shared.repository("GitLab CI", name, (component, version), place);
    } else {
        config.shared.unpinned("GitLab CI", name, component, place);
    }
    config.shared.gap(format!("what the component `{}` does is not read", shown(name)));
}

impl Config {
    /// The names of the jobs that run.
    pub(super) fn names(&mut self) -> Vec<String> {
        let mut names: Vec<String> = self.top.keys().filter(|name| self.is_job(name)).cloned().collect();
        if names.len() > MAX_JOBS {
            self.shared.gap(format!("{MAX_JOBS} of {} jobs are read", names.len()));
            names.truncate(MAX_JOBS);
        }
        names
    }

    /// What could not be told since this was asked last.
    pub(super) fn take_gaps(&self) -> Vec<String> {
        self.gaps.take()
    }

    fn gap(&self, gap: String) {
        self.gaps.borrow_mut().push(gap);
    }

    /// Whether one more step may be done.
    fn may_step(&self) -> bool {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        if steps == MAX_STEPS {
            self.gap(format!("more than {MAX_STEPS} references and extensions"));
        }
        steps < MAX_STEPS
    }

    fn is_job(&self, name: &str) -> bool {
        let works = |job: &Value| {
            ["script", "trigger", "extends", "run", "needs", "before_script"].iter().any(|key| job.get(*key).is_some())
        };
        !name.starts_with('.') && !GLOBAL.contains(&name) && self.top.get(name).is_some_and(works)
    }

    /// The job with all that it extends and inherits.
    pub(super) fn job(&self, name: &str) -> Value {
        let mut job = self.extended(name, 0);
        let refuses = |key: &str| {
            let inherit = job.get("inherit").and_then(|inherit| inherit.get("default"));
            match inherit {
                Some(Value::Bool(all)) => !all,
                Some(Value::Array(only)) => !only.iter().any(|one| one.as_str() == Some(key)),
                _ => false,
            }
        };
        let mut inherited = Vec::new();
        for key in INHERITED {
            let default = self.top.get("default").and_then(|default| default.get(key)).or_else(|| self.top.get(key));
            if let Some(default) = default.filter(|_| job.get(key).is_none() && !refuses(key)) {
                inherited.push((key, default.clone()));
            }
        }
        if let Some(map) = job.as_object_mut() {
            map.extend(inherited.into_iter().map(|(key, value)| (key.to_owned(), value)));
        }
        job
    }

    /// The job laid over what it extends, the last named nearest.
    fn extended(&self, name: &str, depth: usize) -> Value {
        let own = self.top.get(name).cloned();
        let Some(own) = own else {
            self.gap(format!("`{}` is extended and stands in no file that is read", shown(name)));
            return Value::Object(Map::new());
        };
        if depth >= MAX_DEPTH || !self.may_step() {
            self.gap(format!("`{}` extends more than {MAX_DEPTH} levels", shown(name)));
            return own;
        }
        let parents: Vec<String> = texts(own.get("extends")).into_iter().map(str::to_owned).collect();
        let mut whole = Value::Object(Map::new());
        for parent in parents {
            let parent = self.extended(&parent, depth + 1);
            merge(&mut whole, parent);
        }
        merge(&mut whole, own);
        whole
    }

    /// The lines of a script: texts, lists of texts, and references to others' scripts.
    pub(super) fn lines(&self, script: Option<&Value>, depth: usize) -> Vec<String> {
        match script {
            Some(Value::String(line)) => vec![line.clone()],
            Some(Value::Array(items)) => {
                if let Some(lines) = self.referenced(items, depth) {
                    return lines;
                }
                items.iter().flat_map(|item| self.lines(Some(item), depth)).collect()
            }
            // A line with a colon is a mapping for YAML.
            Some(Value::Object(map)) => {
                map.iter().map(|(key, value)| format!("{key}: {}", value.as_str().unwrap_or_default())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// `!reference [.setup, script]`, whose tag was dropped: the names lead to something.
    fn referenced(&self, items: &[Value], depth: usize) -> Option<Vec<String>> {
        let names: Vec<&str> = items.iter().map(Value::as_str).collect::<Option<_>>()?;
        let (first, rest) = names.split_first().filter(|(_, rest)| (1..=3).contains(&rest.len()))?;
        let start = self.top.get(*first)?;
        let end = rest.iter().try_fold(start, |value, name| value.get(name))?;
        Some(if depth < MAX_DEPTH && self.may_step() { self.lines(Some(end), depth + 1) } else { Vec::new() })
    }

    /// A text with the variables that the file itself fixes; the job's own before those of the whole file.
    pub(super) fn resolved(&self, written: &str, job: &Value) -> String {
        const MAX_NAME: usize = 1_000;
        let mut resolved = written.to_owned();
        let tables = [job.get("variables"), self.top.get("variables")];
        for (name, value) in tables.into_iter().flatten().filter_map(Value::as_object).flatten() {
            let value = value.as_str().or_else(|| text(value, "value"));
            let short = |value: &&str| !value.contains('$') && value.len() + resolved.len() < MAX_NAME;
            if let Some(value) = value.filter(short) {
                resolved = resolved.replace(&format!("${{{name}}}"), value);
                if resolved.ends_with(&format!("${name}"))
                    || resolved.contains(&format!("${name}:"))
                    || resolved.contains(&format!("${name}/"))
                {
                    resolved = resolved.replace(&format!("${name}"), value);
                }
            }
        }
        resolved
    }

    /// The names of variables that the files themselves define.
    pub(super) fn defined(&self, job: &Value) -> BTreeSet<String> {
        let tables = [job.get("variables"), self.top.get("variables")];
        let maps = tables.into_iter().flatten().filter_map(Value::as_object);
        maps.flat_map(|map| map.keys().cloned()).collect()
    }

    /// What the whole pipeline says of when it runs.
    pub(super) fn workflow(&self) -> &Value {
        self.top.get("workflow").unwrap_or(&Value::Null)
    }
}

/// One value or a list of them.
pub(super) fn as_list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// Lays `over` on `under`: mappings key by key, anything else whole.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                match under.get_mut(&key) {
                    Some(before) => merge(before, value),
                    None => {
                        under.insert(key, value);
                    }
                }
            }
        }
        (under, over) => *under = over,
    }
}
