//! What is true of the scenario: verdicts, what was lost, what can be reached, which events are the attack. It is written
//! beside the scenario for scoring alone; nothing else may read it.

mod reach;
mod selectors;

use crate::attack::{Act, STOLEN_BYTES, STOLEN_DOCUMENTS, STOLEN_OBJECTS, setup_pod};
use crate::clock::At;
use crate::decoy;
use crate::estate::Estate;
use crate::estate::cluster::workload_key;
use crate::estate::environments::UNWATCHED;
use crate::estate::pipelines::{OWNER, T, TRIVY};
use crate::estate::stores::{Store, stores};
use crate::{Addresses, File, Size};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Verdict and reason of every environment, by its key.
fn verdicts(estate: &Estate) -> BTreeMap<String, (&'static str, &'static str)> {
    let mut all: BTreeMap<String, (&'static str, &'static str)> = BTreeMap::new();
    for job in &estate.jobs {
        all.insert(job.environment(), (job.verdict, job.why));
    }
    for found in &estate.environments {
        all.insert(found.key.clone(), (found.verdict, found.why));
    }
    let why = "in the litellm window, asked for litellm without a version, and nothing says what came";
    all.insert(format!("environment:host/mac-{}", UNWATCHED.to_lowercase()), ("suspect", why));
    for node in 0..3 {
        let why = "a pod of the intruder's own making; the audit log names it, and nothing says what ran in it";
        all.insert(workload_key("kube-system", &setup_pod(node)), ("unknown", why));
    }
    all
}

/// Adds up the records of the stores in `keys`, by class.
fn records(stores: &[Store], keys: &BTreeSet<String>) -> BTreeMap<&'static str, u64> {
    let mut records = BTreeMap::new();
    for holding in stores.iter().filter(|store| keys.contains(&store.resource)).flat_map(|store| &store.holdings) {
        *records.entry(holding.class).or_insert(0) += holding.records;
    }
    records
}

fn steps(estate: &Estate) -> Vec<Value> {
    let keys = &estate.keys;
    let key = format!("credential:aws/{}", keys.eval_nightly);
    let bot = format!("credential:github/{}", keys.bot_token);
    let session = |number| format!("credential:aws/{}", crate::attack::session_key(estate, number));
    let step = |at: At, what: &str, credential: Option<String>, actor: &str| json!({"at": at.iso(), "what": what, "credential": credential, "actor": actor});
    let after = |hours: i64| T.plus(hours * 3_600);
    let thief = "identity:aws/arn:aws:iam::111122223333:user/ci/eval-nightly";
    let reader = "identity:aws/arn:aws:iam::444455556666:role/data/eval-data-reader";
    let deployer = "identity:aws/arn:aws:iam::777788889999:user/deploy/platform-deployer";
    let runner = crate::estate::cluster::account_key(crate::estate::cluster::RUNNER);
    let slack = format!("identity:slack/{}", keys.slack_export_bot);
    vec![
        step(TRIVY, "a job downloads trivy-action@0.24.0 at a moved commit, with a registry token", None, ""),
        step(T, "eval-nightly runs pip install -U crewai; litellm 1.82.8 arrives", None, ""),
        step(
            T.plus(6),
            "every secret of the cluster is listed; three privileged pods follow",
            Some(crate::estate::credentials::runner_key()),
            &runner,
        ),
        step(after(4), "seven stolen access keys are tried, three of them dead", Some(key.clone()), thief),
        step(after(7), "180 calls in four minutes list what there is", Some(key), thief),
        step(
            after(9),
            "three shells in containers and a session on a host",
            Some(format!("credential:aws/{}", keys.platform_deployer)),
            deployer,
        ),
        step(
            after(11),
            "140 repositories are cloned; workflow runs are deleted with their logs",
            Some(bot),
            "identity:github/meridian-bot",
        ),
        step(after(14), "220 secrets are read", Some(session(1)), reader),
        step(after(15), "2.9 TB leave two buckets at 60 MB/s", Some(session(1)), reader),
        step(
            after(20),
            "4,100 files are downloaded from the shared drive",
            Some(format!("credential:oauth/oauth2.googleapis.com/{}", keys.drive_grant)),
            "identity:person/drive-sync@meridian.example",
        ),
        step(
            after(24),
            "9,000 files of the channels' history are downloaded",
            Some(format!("credential:slack/{}", keys.slack_export)),
            &slack,
        ),
    ]
}

/// `truth.json`.
pub(crate) fn file(estate: &Estate, acts: &[Act]) -> File {
    let verdicts: Vec<Value> = verdicts(estate)
        .into_iter()
        .map(|(key, (verdict, why))| json!({"environment": key, "verdict": verdict, "why": why}))
        .collect();
    let benign: Vec<Value> =
        decoy::benign(estate).into_iter().map(|(name, subjects)| json!({"name": name, "subjects": subjects})).collect();
    let lost = reach::lost(estate);
    let reached = reach::from(estate, &lost);
    let stores = stores(estate);
    let jewels: Vec<&str> =
        stores.iter().filter(|store| store.crown_jewel).map(|store| store.resource.as_str()).collect();
    let reachable: Vec<&str> = jewels.iter().copied().filter(|key| reached.contains(*key)).collect();
    let without = json!({
        "interview_recording": STOLEN_OBJECTS - STOLEN_DOCUMENTS,
        "identity_document": STOLEN_DOCUMENTS,
        "secret": 220,
        "source_code": 140,
        "file": 4_100,
        "message": 9_000,
    });
    let spec = &estate.spec;
    let mut value = json!({
        "about": "a fictional company; modelled on tactics seen across victims of March 2026. For scoring alone.",
        "spec": {
            "seed": spec.seed,
            "size": if spec.size == Size::Small { "small" } else { "large" },
            "addresses": if spec.addresses == Addresses::Published { "published" } else { "test_net" },
        },
        "organisation": OWNER,
        "verdicts": verdicts,
        "benign": benign,
        "attack": {
            "first_exposure": TRIVY.iso(),
            "first_malicious": T.plus(6).iso(),
            "first_use_of_a_stolen_key": T.plus(4 * 3_600).iso(),
            "steps": steps(estate),
        },
        "credentials_lost": lost,
        "credentials_dead": reach::dead(estate),
        "records_reachable": records(&stores, &reached),
        "crown_jewels": jewels,
        "crown_jewels_reachable": reachable,
        "bytes_without": STOLEN_BYTES,
        "records_without": without,
        "objects_per_event": spec.objects_per_event(),
    });
    let fields: Option<&mut Map<String, Value>> = value.as_object_mut();
    if let Some(fields) = fields {
        fields.insert("attack_events".to_owned(), selectors::selectors(estate, acts));
    }
    File { path: format!("{}/truth.json", crate::ROOT), bytes: format!("{value:#}\n").into_bytes() }
}
