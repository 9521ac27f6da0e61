//! What events say about exposure: CI log lines, package-install records, and the images that a cluster was asked to run.
//!
//! It is not intake: events arrive parsed. It keeps no state: what several events say together is the
//! [`EvidenceBook`](crate::EvidenceBook)'s to see.

use crate::line::image_named;
use crate::line::{self, Statement};
use firebreak_model::{Event, Json, NodeKey, Observation, ObservationKind, Text, Time};
use firebreak_package::Ecosystem;
use firebreak_package::version;
use sonic_rs::{JsonContainerTrait, JsonValueTrait};

/// What an event says of the life of an environment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mark {
    /// The log of its run begins here.
    LogStart(Time),
    /// The log of its run ends here, and not because it was cut.
    LogEnd(Time),
    /// A line of the log of its run.
    LogLine {
        /// When it was written.
        time: Time,
        /// Its number, from 1, where the record has one.
        number: Option<u64>,
    },
    /// Something ran there.
    Alive(Time),
}

/// One thing that an event says about one environment.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    /// Which environment.
    pub environment: NodeKey,
    /// What it says of the environment's life, if anything.
    pub mark: Option<Mark>,
    /// What was seen, if anything.
    pub observation: Option<Observation>,
    /// What a command prints by itself, as if it had been seen: so many lines of that kind prove nothing.
    pub printed: Option<Observation>,
    /// Whether a rehearsal prints the line of `observation` as well.
    pub shown: bool,
    /// A command that rehearses an install or only downloads, which may print such lines.
    pub rehearsal: Option<Observation>,
}

impl Seen {
    /// That `environment` is there, and nothing more.
    fn of(environment: &NodeKey) -> Seen {
        let environment = environment.clone();
        Seen { environment, mark: None, observation: None, printed: None, shown: false, rehearsal: None }
    }

    /// What a statement of a line says, at its place; `None` for the ends of a log.
    fn said(environment: &NodeKey, statement: &Statement, time: Option<Time>, evidence: Text) -> Option<Seen> {
        let observation =
            |what: &ObservationKind| Some(Observation { time, what: what.clone(), evidence: evidence.clone() });
        let seen = Seen::of(environment);
        Some(match statement {
            Statement::Saw(what) => Seen { observation: observation(what), ..seen },
            Statement::Shows(what) => Seen { observation: observation(what), shown: true, ..seen },
            Statement::Prints(what) => Seen { printed: observation(what), ..seen },
            Statement::Rehearses(what) => Seen { rehearsal: observation(what), ..seen },
            Statement::Start | Statement::End => return None,
        })
    }
}

/// The sources whose events say something about exposure.
pub const SOURCES: [&str; 5] = ["ci_log", "gitlab_ci_log", "circleci_log", "package_install", "kubernetes_audit"];

/// All that `event` says. Nothing for a source that says nothing about exposure.
pub fn observe(event: &Event) -> Vec<Seen> {
    match event.source {
        "ci_log" | "gitlab_ci_log" | "circleci_log" => ci_log(event),
        "package_install" => package_install(event),
        "kubernetes_audit" => kubernetes_audit(event),
        _ => Vec::new(),
    }
}

fn text<'a>(body: &'a Json, field: &str) -> Option<&'a str> {
    body.get(field).and_then(|value| value.as_str()).filter(|text| !text.is_empty())
}

/// Where in the input this is, for a person who wants to look: the source and its own id of the record.
fn place(event: &Event) -> Text {
    Text::new(format!("{} {}", event.source, event.native_id))
}

fn ci_log(event: &Event) -> Vec<Seen> {
    let body = &event.body;
    let from_body = || {
        let (owner, repository) = (text(body, "owner")?, text(body, "repository")?);
        let (run, job) = (text(body, "run")?, text(body, "job")?);
        Some(NodeKey::environment("ci", &format!("{owner}/{repository}/{run}/{job}")))
    };
    let Some(environment) = event.keys.environment.clone().or_else(from_body) else { return Vec::new() };
    let number = body.get("number").and_then(|number| number.as_u64());
    let seen = |mark| Seen { mark, ..Seen::of(&environment) };
    let mut all = Vec::new();
    let mut time = event.time;
    // CircleCI's job tells itself when it began and ended.
    match text(body, "mark") {
        Some("start") => all.push(seen(Some(Mark::LogStart(time)))),
        Some("end") => all.push(seen(Some(Mark::LogEnd(time)))),
        _ => {}
    }
    // An empty line is a line too: without it the log would seem to have a hole.
    let Some(written) = body.get("line").and_then(|line| line.as_str()) else { return all };
    // Lines without a time of their own continue the one before them, and are part of its record.
    for (place_in_record, written) in (0u64..).zip(written.split('\n')) {
        let (stamp, said) = line::split(written);
        time = stamp.unwrap_or(time);
        let number = number.and_then(|number| number.checked_add(place_in_record));
        all.push(seen(Some(Mark::LogLine { time, number })));
        let mut whole = Vec::new();
        for statement in line::statements(&said) {
            match Seen::said(&environment, &statement, Some(time), place_of_line(event, place_in_record)) {
                Some(seen) => all.push(seen),
                None if event.source == "ci_log" => whole.push(statement),
                None => {}
            }
        }
        if event.source == "gitlab_ci_log" {
            whole.extend(line::runner_of_gitlab(written));
        }
        all.extend(whole.into_iter().map(|statement| match statement {
            Statement::Start => seen(Some(Mark::LogStart(time))),
            _ => seen(Some(Mark::LogEnd(time))),
        }));
    }
    all
}

/// The same of one line of a record that holds several: its number, where the record's own id ends with that of its first.
fn place_of_line(event: &Event, place_in_record: u64) -> Text {
    let counted = || {
        let (before, first) = event.native_id.rsplit_once('#')?;
        let number = first.parse::<u64>().ok()?.checked_add(place_in_record)?;
        Some(Text::new(format!("{} {before}#{number}", event.source)))
    };
    match (place_in_record, counted()) {
        (0, _) => place(event),
        (_, Some(counted)) => counted,
        _ => Text::new(format!("{}:{}", place(event), place_in_record.saturating_add(1))),
    }
}

/// All that a text log says that no source reads: the output of an installer, a job's log saved by hand. `path` is where it
/// lies. Lines without a time of their own have none.
pub fn observe_text(environment: &NodeKey, path: &str, text: &str) -> Vec<Seen> {
    let mut all = Vec::new();
    for (number, written) in (1_u64..).zip(text.lines()) {
        let (time, said) = line::split(written);
        let seen = |mark| Seen { mark, ..Seen::of(environment) };
        for statement in line::statements(&said) {
            let evidence = Text::new(format!("{path}:{number}"));
            all.push(match (Seen::said(environment, &statement, time, evidence), statement) {
                (Some(said), _) => said,
                (None, Statement::Start) => seen(time.map(Mark::LogStart)),
                (None, _) => seen(time.map(Mark::LogEnd)),
            });
        }
        if let Some(time) = time {
            all.push(seen(Some(Mark::LogLine { time, number: Some(number) })));
        }
    }
    // Times alone make no log of a run.
    let says =
        |seen: &Seen| seen.observation.is_some() || matches!(seen.mark, Some(Mark::LogStart(_) | Mark::LogEnd(_)));
    if all.iter().any(says) { all } else { Vec::new() }
}

fn package_install(event: &Event) -> Vec<Seen> {
    let body = &event.body;
    let named = || text(body, "environment").and_then(NodeKey::parse);
    let host = || text(body, "host").map(|host| NodeKey::environment("host", host));
    let Some(environment) = event.keys.environment.clone().or_else(named).or_else(host) else { return Vec::new() };
    let action = text(body, "action").unwrap_or("install").to_ascii_lowercase();
    let mark = Some(Mark::Alive(event.time));
    if action.contains("remove") || action.contains("uninstall") || action.contains("purge") {
        return vec![Seen { mark, ..Seen::of(&environment) }];
    }
    let executable = text(body, "executable").unwrap_or_default();
    let program = executable.rsplit('/').next().unwrap_or(executable);
    let targets = body.get("targets").and_then(|targets| targets.as_array());
    let mut all = vec![Seen { mark, ..Seen::of(&environment) }];
    for target in targets.into_iter().flatten().filter_map(|target| target.as_str()) {
        let what = installed(program, &action, target);
        let observation = what.map(|what| Observation { time: Some(event.time), what, evidence: place(event) });
        all.push(Seen { observation, ..Seen::of(&environment) });
    }
    all
}

/// What installing `target` with `program` means.
fn installed(program: &str, action: &str, target: &str) -> Option<ObservationKind> {
    if target.is_empty() || target.starts_with('-') {
        return None;
    }
    let ecosystem = match program.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.') {
        "pip" | "uv" | "uvx" | "pipx" | "poetry" | "pdm" | "python" | "conda" | "mamba" => Ecosystem::PyPI,
        "npm" | "npx" | "yarn" | "pnpm" | "bun" => Ecosystem::Npm,
        "apt" | "apt-get" | "aptitude" | "dpkg" | "unattended-upgrade" => Ecosystem::Debian,
        "dnf" | "yum" | "rpm" | "microdnf" | "zypper" => Ecosystem::Rpm,
        "docker" | "podman" | "nerdctl" | "crictl" | "containerd" => return image_named(target),
        "go" => Ecosystem::Go,
        "code" | "code-server" | "codium" | "cursor" | "ovsx" => Ecosystem::OpenVsx,
        other => Ecosystem::Other(Text::new(other)),
    };
    if let Some(Statement::Saw(kind) | Statement::Shows(kind)) =
        line::statements(&format!("Downloading {target}")).into_iter().next()
        && matches!(kind, ObservationKind::Installed { .. })
    {
        return Some(kind);
    }
    if ecosystem == Ecosystem::Rpm {
        return Some(rpm(program, action, target));
    }
    let signs: &[&str] = match ecosystem {
        Ecosystem::PyPI => &["==", "@"],
        Ecosystem::Debian => &["=", "_"],
        _ => &["@", "=="],
    };
    let split = signs.iter().find_map(|sign| {
        let (name, version) = target.rsplit_once(sign).filter(|(name, _)| !name.is_empty())?;
        // A file of a package: `trivy_0.69.4_amd64.deb`.
        let (name, version) = match name.split_once('_').filter(|_| *sign == "_") {
            Some((name, version)) => (name, version),
            None => (name, version),
        };
        version::is_exact(&ecosystem, version).then_some((name, version))
    });
    Some(match split {
        Some((name, version)) => ObservationKind::Installed {
            ecosystem: Text::new(ecosystem.word()),
            name: Text::new(ecosystem.canonical(name)),
            version: Text::new(version),
            sha256: None,
        },
        None => ObservationKind::Unpinned {
            ecosystem: Text::new(ecosystem.word()),
            name: if ecosystem.brings_dependencies() { Text::new("*") } else { Text::new(target) },
            reference: Text::new(format!("{program} {action} {}", quoted(target))),
        },
    })
}

/// As a shell would have to be given it: the record holds arguments, where `<` and `>` are no redirections.
fn quoted(target: &str) -> String {
    if target.contains(['<', '>']) { format!("'{target}'") } else { target.to_owned() }
}

/// `name[-version[-release]][.architecture][.rpm]`: a version is what begins with a digit after a hyphen.
fn rpm(program: &str, action: &str, target: &str) -> ObservationKind {
    let file = target.rsplit('/').next().unwrap_or(target);
    let whole = file.strip_suffix(".rpm").unwrap_or(file);
    let architectures = [".x86_64", ".aarch64", ".noarch", ".i686", ".ppc64le", ".s390x", ".src"];
    let whole = architectures.iter().find_map(|end| whole.strip_suffix(end)).unwrap_or(whole);
    let numbered = |text: &str| text.starts_with(|letter: char| letter.is_ascii_digit());
    let last = whole.rsplit_once('-').filter(|(_, last)| numbered(last));
    let split = last.map(|(before, release)| match before.rsplit_once('-').filter(|(_, version)| numbered(version)) {
        Some((name, version)) => (name, format!("{version}-{release}")),
        None => (before, release.to_owned()),
    });
    let ecosystem = Text::new(Ecosystem::Rpm.word());
    match split.filter(|(name, version)| !name.is_empty() && version::is_exact(&Ecosystem::Rpm, version)) {
        Some((name, version)) => ObservationKind::Installed {
            ecosystem,
            name: Text::new(Ecosystem::Rpm.canonical(name)),
            version: Text::new(version),
            sha256: None,
        },
        None => ObservationKind::Unpinned {
            ecosystem,
            name: Text::new(whole),
            reference: Text::new(format!("{program} {action} {target}")),
        },
    }
}

fn kubernetes_audit(event: &Event) -> Vec<Seen> {
    let keys = [&event.keys.environment, &event.keys.target, &event.keys.actor];
    let cluster = keys.into_iter().flatten().find(|key| key.system() == "k8s");
    let Some(cluster) = cluster.and_then(|key| key.name().split('/').next()) else { return Vec::new() };
    let body = &event.body;
    let Some(object) = body.get("objectRef") else { return Vec::new() };
    let kind = text(object, "resource").unwrap_or_default();
    let verb = text(body, "verb").unwrap_or_default();
    if !matches!(verb, "create" | "update" | "patch")
        || !matches!(kind, "pods" | "deployments" | "daemonsets" | "statefulsets" | "jobs" | "cronjobs" | "replicasets")
        || !matches!(text(object, "subresource"), None | Some("status"))
    {
        return Vec::new();
    }
    let mut all: Vec<Seen> = Vec::new();
    for record in ["requestObject", "responseObject"].into_iter().filter_map(|field| body.get(field)) {
        let Some(name) = workload(kind, object, record) else { continue };
        let namespace = text(object, "namespace").unwrap_or("default");
        let environment = NodeKey::environment("k8s", &format!("{cluster}/{namespace}/{name}"));
        for what in images(record) {
            let observation = Some(Observation { time: Some(event.time), what, evidence: place(event) });
            let mark = Some(Mark::Alive(event.time));
            let seen = Seen { mark, observation, ..Seen::of(&environment) };
            if !all.contains(&seen) {
                all.push(seen);
            }
        }
    }
    all
}

/// The name that outlives one pod: of what owns it, without the suffixes that controllers add.
fn workload(kind: &str, object: &Json, record: &Json) -> Option<String> {
    let meta = record.get("metadata");
    let owner = meta.and_then(|meta| meta.get("ownerReferences")).and_then(|owners| owners.get(0));
    let own = || text(object, "name").or_else(|| meta.and_then(|meta| text(meta, "name")));
    let Some(owner) = owner.filter(|_| matches!(kind, "pods" | "replicasets" | "jobs")) else {
        let generated = || meta.and_then(|meta| text(meta, "generateName")).map(|name| name.trim_end_matches('-'));
        return own().or_else(generated).map(str::to_owned);
    };
    let name = text(owner, "name")?;
    let shortened = match (text(owner, "kind"), name.rsplit_once('-')) {
        (Some("ReplicaSet" | "Job"), Some((rest, suffix)))
            if suffix.len() >= 5 && suffix.bytes().any(|byte| byte.is_ascii_digit()) =>
        {
            rest
        }
        _ => name,
    };
    Some(shortened.to_owned())
}

/// The images of a pod, or of the pods that a workload makes; with their digests where the cluster says which it pulled.
fn images(record: &Json) -> Vec<ObservationKind> {
    let mut found = Vec::new();
    let spec = record.get("spec");
    let template = spec.and_then(|spec| spec.get("jobTemplate")).and_then(|job| job.get("spec")).or(spec);
    let pod = template.and_then(|spec| spec.get("template")).and_then(|template| template.get("spec")).or(spec);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        let containers = pod.and_then(|pod| pod.get(list)).and_then(|containers| containers.as_array());
        found.extend(containers.into_iter().flatten().filter_map(|one| image_named(text(one, "image")?)));
    }
    let status = record.get("status");
    for list in ["initContainerStatuses", "containerStatuses"] {
        let statuses = status.and_then(|status| status.get(list)).and_then(|statuses| statuses.as_array());
        for one in statuses.into_iter().flatten() {
            let pulled = text(one, "imageID").map(|id| id.trim_start_matches("docker-pullable://"));
            let digest = pulled.and_then(|id| id.rsplit_once("sha256:")).map(|(_, hex)| format!("sha256:{hex}"));
            if let (Some(ObservationKind::Image { name, tag, .. }), Some(digest)) =
                (text(one, "image").and_then(image_named), digest)
            {
                found.push(ObservationKind::Image { name, tag, digest: Some(Text::new(digest)) });
            }
        }
    }
    found
}
