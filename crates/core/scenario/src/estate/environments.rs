//! Environments that `firebreak snapshot` looked into: hosts, workloads, images, and those pipeline runs in which it ran.

use super::cluster::{GATEWAY_IMAGE, WORKER_IMAGE, WORKLOADS, workload_key};
use super::credentials::{Keys, registry_key, runner_key};
use super::pipelines::{Job, Log, Pipeline, Verdict, litellm_on};
use crate::clock::At;
use crate::people::{Person, Team};
use crate::random::Random;

/// A package as a snapshot lists it: name, version, SHA-256 where known.
pub(crate) type Package = (String, String, Option<&'static str>);

/// SHA-256 of the wheels and of the file that starts the theft.
pub(crate) const WHEEL_1_82_8: &str = "d2a0d5f564628773b6af7b9c11f6b86531a875bd2d186d7081ab62748a800ebb";
pub(crate) const WHEEL_1_82_6: &str = "164a3ef3e19f309e3cabc199bef3d2045212712fefdfa25fc7f75884a5b5b205";
pub(crate) const PTH: &str = "71e35aef03099cd1f2d6446734273025a163597de93912df321ef118bf135238";

/// One snapshot, and the verdict that is true of the environment.
#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub(crate) key: String,
    /// The name of its file, without `.json`.
    pub(crate) file: String,
    pub(crate) taken: At,
    /// When it ran, where the logs do not say: from, and to where it has ended.
    pub(crate) runs: Option<(At, Option<At>)>,
    pub(crate) complete: bool,
    pub(crate) packages: Vec<Package>,
    /// Where its packages lie, and when one was last put there or taken away.
    pub(crate) place: Option<(&'static str, At)>,
    pub(crate) images: Vec<(&'static str, &'static str, &'static str)>,
    pub(crate) files: Vec<(&'static str, &'static str)>,
    pub(crate) references: Vec<&'static str>,
    pub(crate) cool_down_days: Option<u32>,
    pub(crate) lockfile: bool,
    /// Credential key and where it can be read.
    pub(crate) credentials: Vec<(String, &'static str)>,
    pub(crate) runs_as: Vec<String>,
    pub(crate) verdict: Verdict,
    pub(crate) why: &'static str,
}

const TAKEN: At = At::civil(2026, 4, 2, 6, 0, 0);
/// When the hosts' packages were last updated: a listing of April says what was there in March only if nothing changed since.
const QUIET: At = At::civil(2026, 3, 16, 7, 30, 0);
const LONG_AGO: At = At::civil(2026, 2, 2, 9, 0, 0);

const COMMON: [(&str, &str); 14] = [
    ("certifi", "2026.2.25"),
    ("charset-normalizer", "3.4.4"),
    ("click", "8.3.1"),
    ("httpx", "0.28.1"),
    ("idna", "3.11"),
    ("jinja2", "3.1.6"),
    ("numpy", "2.4.2"),
    ("packaging", "26.0"),
    ("pandas", "3.0.1"),
    ("pip", "26.0.1"),
    ("pydantic", "2.12.5"),
    ("requests", "2.32.5"),
    ("tqdm", "4.67.3"),
    ("urllib3", "2.6.3"),
];

fn packages(litellm: Option<(&str, Option<&'static str>)>) -> Vec<Package> {
    let common = COMMON.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned(), None));
    let extra = litellm.map(|(version, sha256)| ("litellm".to_owned(), version.to_owned(), sha256));
    common.chain(extra).collect()
}

fn environment(key: String, file: String) -> Environment {
    Environment {
        key,
        file,
        taken: TAKEN,
        runs: Some((LONG_AGO, None)),
        complete: true,
        packages: packages(None),
        place: None,
        images: Vec::new(),
        files: Vec::new(),
        references: Vec::new(),
        cool_down_days: None,
        lockfile: false,
        credentials: Vec::new(),
        runs_as: Vec::new(),
        verdict: "clear",
        why: "the whole installed tree was read, holds nothing poisoned, and did not change since before the incident",
    }
}

fn host(name: &str) -> Environment {
    Environment {
        place: Some(("/opt/tools/lib/python3.12/site-packages", QUIET)),
        ..environment(format!("environment:host/{name}"), format!("host-{name}"))
    }
}

/// The name of a person's laptop.
pub(crate) fn laptop(person: &Person) -> String {
    format!("mac-{}", person.given.to_lowercase())
}

/// The host on which a researcher takes malware apart.
pub(crate) const SANDBOX: &str = "sandbox-mal-02";
/// The person who asked for litellm without a version on a laptop that no snapshot covers.
pub(crate) const UNWATCHED: &str = "Ines";

fn hosts(seed: u64, people: &[Person]) -> Vec<Environment> {
    let mut hosts: Vec<Environment> = people
        .iter()
        .filter(|person| person.technical() && person.given != UNWATCHED)
        .map(|person| {
            let litellm = (person.team == Team::Research || Random::of(seed, "laptop", person.number).chance(0.3))
                .then_some((litellm_on(QUIET), None));
            Environment { packages: packages(litellm), ..host(&laptop(person)) }
        })
        .collect();
    hosts.extend(["bastion-1", "backup-1", "package-mirror-1"].map(host));
    hosts.push(Environment {
        runs: Some((At::civil(2026, 3, 24, 12, 19, 30), Some(At::civil(2026, 3, 24, 15, 0, 0)))),
        packages: packages(Some(("1.82.8", Some(WHEEL_1_82_8)))),
        place: Some(("/opt/samples/venv/lib/python3.12/site-packages", At::civil(2026, 3, 24, 12, 19, 30))),
        files: vec![("/opt/samples/venv/lib/python3.12/site-packages/litellm_init.pth", PTH)],
        verdict: "exposed",
        why: "a researcher fetched litellm 1.82.8 on purpose; no credential can be read there",
        ..host(SANDBOX)
    });
    hosts
}

fn workloads(keys: &Keys) -> Vec<Environment> {
    let started = At::civil(2026, 3, 24, 11, 21, 9);
    WORKLOADS
        .iter()
        .map(|workload| {
            let file = format!("k8s-{}-{}", workload.namespace, workload.name);
            let key = workload_key(workload.namespace, workload.name);
            let mut found = environment(key, file);
            found.images = vec![(workload.image, workload.tag, workload.digest)];
            found.runs_as = vec![super::cluster::account_key((workload.namespace, workload.account))];
            if workload.digest == WORKER_IMAGE.2 {
                poison(&mut found, keys, started);
                found.why = "runs the image with the poisoned layer";
            }
            if workload.digest == GATEWAY_IMAGE.2 {
                found.packages = packages(Some(("1.82.3", None)));
                found.why = "the official gateway image pins what it contains";
            }
            found
        })
        .collect()
}

fn poison(found: &mut Environment, keys: &Keys, from: At) {
    found.runs = Some((from, None));
    found.packages = packages(Some(("1.82.8", Some(WHEEL_1_82_8))));
    found.files = vec![("/usr/local/lib/python3.12/site-packages/litellm_init.pth", PTH)];
    found.credentials = vec![(format!("credential:litellm/{}", keys.gateway_eval), "env LITELLM_API_KEY")];
    found.verdict = "exposed";
}

fn images(keys: &Keys) -> Vec<Environment> {
    let image = |(name, tag, digest): (&'static str, &'static str, &'static str), file: &str| Environment {
        images: vec![(name, tag, digest)],
        ..environment(format!("environment:image/{name}@{digest}"), file.to_owned())
    };
    let mut worker = image(WORKER_IMAGE, "image-evals-worker");
    poison(&mut worker, keys, At::civil(2026, 3, 24, 11, 5, 12));
    worker.why = "a layer built at 11:05 on 03-24 holds litellm 1.82.8, and the image still runs";
    let gateway = Environment {
        packages: packages(Some(("1.82.3", None))),
        why: "the official gateway image pins what it contains",
        ..image(GATEWAY_IMAGE, "image-litellm-gateway")
    };
    vec![worker, gateway]
}

/// What a job's process could read, for the jobs in which a snapshot was taken.
fn readable(keys: &Keys, pipeline: Pipeline) -> Vec<(String, &'static str)> {
    match pipeline {
        Pipeline::EvalNightly => {
            let mut all: Vec<(String, &'static str)> = keys
                .access_keys()
                .into_iter()
                .map(|(key, user, _)| {
                    let own = user.name == "eval-nightly";
                    (
                        format!("credential:aws/{key}"),
                        if own { "env AWS_ACCESS_KEY_ID" } else { "file ~/.aws/credentials" },
                    )
                })
                .collect();
            all.push((format!("credential:github/{}", keys.bot_token), "env GH_TOKEN"));
            all.push((format!("credential:litellm/{}", keys.gateway_eval), "env LITELLM_API_KEY"));
            all.push((runner_key(), "file /var/run/secrets/kubernetes.io/serviceaccount/token"));
            all
        }
        Pipeline::TrivyTag | Pipeline::AptTrivy | Pipeline::BuildWorker => {
            vec![(registry_key(keys), "env REGISTRY_TOKEN")]
        }
        Pipeline::Mirror => vec![(format!("credential:aws/{}", keys.labelling_batch), "env AWS_ACCESS_KEY_ID")],
        _ => Vec::new(),
    }
}

/// The snapshot that ran as a step of `job`, where one did.
fn in_job(keys: &Keys, job: &Job) -> Option<Environment> {
    let planned = matches!(job.pipeline, Pipeline::Locked | Pipeline::CoolDown);
    let told = planned && job.started.date() == "2026-03-24";
    if job.log != Log::Kept || !(job.verdict == "exposed" || told) {
        return None;
    }
    let litellm = match job.pipeline {
        Pipeline::EvalNightly | Pipeline::Mirror => Some(("1.82.8", Some(WHEEL_1_82_8))),
        Pipeline::Locked => Some((litellm_on(job.started), Some(WHEEL_1_82_6))),
        _ => None,
    };
    let file = format!("ci-{}-{}-{}", job.repository, job.name, job.run);
    let runner = super::cluster::account_key(super::cluster::RUNNER);
    Some(Environment {
        taken: job.started.plus(40),
        runs: None,
        // The step reads credentials and settings; what was installed is for the log to say.
        complete: planned,
        packages: if litellm.is_some() { packages(litellm) } else { Vec::new() },
        files: if job.pipeline == Pipeline::EvalNightly {
            vec![("/opt/hostedtoolcache/Python/3.12.12/x64/lib/python3.12/site-packages/litellm_init.pth", PTH)]
        } else {
            Vec::new()
        },
        references: if job.pipeline == Pipeline::CoolDown { vec!["crewai"] } else { Vec::new() },
        cool_down_days: (job.pipeline == Pipeline::CoolDown).then_some(3),
        lockfile: job.pipeline == Pipeline::Locked,
        credentials: readable(keys, job.pipeline),
        runs_as: if job.pipeline == Pipeline::EvalNightly { vec![runner] } else { Vec::new() },
        verdict: job.verdict,
        why: job.why,
        ..environment(job.environment(), file)
    })
}

/// Every snapshot.
pub(crate) fn environments(seed: u64, people: &[Person], keys: &Keys, jobs: &[Job]) -> Vec<Environment> {
    let mut all = hosts(seed, people);
    all.extend(workloads(keys));
    all.extend(images(keys));
    all.extend(jobs.iter().filter_map(|job| in_job(keys, job)));
    all
}
