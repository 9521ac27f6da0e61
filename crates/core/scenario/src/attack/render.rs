//! The intruder's acts as the platforms record them.

use super::{Act, What};
use crate::batch::Batch;
use crate::clock::HOUR;
use crate::estate::Estate;
use crate::estate::aws::{self, CI, DATA, DOCUMENTS, PROD, RECORDINGS, REGION};
use crate::estate::cluster::RUNNER;
use crate::estate::credentials::{BOT, DRIVE_SYNC};
use crate::estate::names;
use crate::estate::pipelines::{Log, T};
use crate::json::Json;
use crate::random::{Random, access_key};
use crate::traffic::aws_cloudtrail::assume;
use crate::traffic::github_audit::bot_token;
use crate::traffic::{google_workspace as documents, slack_audit as files};
use crate::write;
use crate::write::aws_cloudtrail::{Call, Caller, Minted, add_object, add_secret, record, user};

/// How the thief's tool describes itself while it tries keys, and afterwards.
const TRYING: &str = "TruffleHog";
const TAKING: &str = "Boto3/1.42.73 md/Botocore#1.42.73 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.3";
/// How the payload describes itself.
pub(crate) const PAYLOAD: &str = "Python-urllib/3.12";
/// The address of the runner's pod, in which the payload runs.
pub(crate) const RUNNER_ADDRESS: &str = "10.40.9.40";

/// The calls of the burst that lists what there is: service and name, and whether the data account is asked.
const LOOKS: [(&str, &str, bool); 9] = [
    ("iam", "ListUsers", false),
    ("iam", "ListRoles", false),
    ("iam", "ListAttachedUserPolicies", false),
    ("s3", "ListBuckets", false),
    ("ec2", "DescribeInstances", false),
    ("secretsmanager", "ListSecrets", false),
    ("s3", "ListBuckets", true),
    ("secretsmanager", "ListSecrets", true),
    ("secretsmanager", "DescribeSecret", true),
];

/// The key of the session that the thief makes with the `number`th `AssumeRole`.
pub(crate) fn session_key(estate: &Estate, number: u8) -> String {
    access_key(estate.spec.seed, "ASIA", "thief", u64::from(number))
}

/// The sessions made: number, hours after T.
pub(crate) const SESSIONS: [(u8, i64); 4] = [(0, 7), (1, 14), (2, 23), (3, 32)];

fn session(estate: &Estate, number: u8) -> Option<Minted> {
    let role = aws::principal(DATA, "eval-data-reader")?;
    let (_, hours) = SESSIONS.iter().find(|(session, _)| *session == number)?;
    let expires = T.plus((hours + 12) * HOUR);
    Some(Minted { role, name: "botocore-session".to_owned(), key: session_key(estate, number), expires })
}

fn reader(estate: &Estate, number: u8) -> Option<Caller> {
    let minted = session(estate, number)?;
    let Minted { role, name, key, expires } = minted;
    Some(Caller::Session { role, name, key, since: expires.plus(-12 * HOUR - 30) })
}

/// Adds the record that `account` keeps of `act`, where it keeps one.
pub(crate) fn aws_cloudtrail(estate: &Estate, account: &str, act: &Act, random: &mut Random, batch: &mut Batch) {
    let [address, ..] = estate.spec.intruder_addresses();
    let (seed, at) = (estate.spec.seed, act.at);
    match act.what {
        What::TryKey(number) => try_key(estate, account, act, usize::from(number), address, random, batch),
        What::Assume(number) => {
            let (Some(owner), Some(minted)) = (aws::principal(CI, "eval-nightly"), session(estate, number)) else {
                return;
            };
            assume(seed, at, (owner, &estate.keys.eval_nightly), &minted, (address, TAKING), account, random, batch);
        }
        What::Look(number) => look(estate, account, act, number, address, random, batch),
        What::Execute(_) | What::StartSession if account == PROD => shell(estate, act, address, random, batch),
        What::ReadSecret(number) if account == DATA => {
            let Some(caller) = reader(estate, 1) else { return };
            let Some(secret) = estate.secrets.get(usize::from(number)) else { return };
            let call = Call::new(DATA, "secretsmanager", "GetSecretValue", &caller, (address, TAKING));
            add_secret(batch, seed, at, &call, &secret.arn, random);
        }
        What::Take { document, number, bytes } if account == DATA => {
            let current = if at < T.plus(23 * HOUR) { 1 } else { 2 };
            let Some(caller) = reader(estate, current) else { return };
            let scale = estate.spec.objects_per_event();
            let (bucket, key) = if document {
                (DOCUMENTS, names::document(u64::from(number) * scale))
            } else {
                (RECORDINGS, names::recording(u64::from(number) * scale))
            };
            let call = Call::new(DATA, "s3", "GetObject", &caller, (address, TAKING));
            add_object(batch, seed, at, &call, (bucket, &key, bytes), random);
        }
        _ => {}
    }
}

fn try_key(
    estate: &Estate,
    account: &str,
    act: &Act,
    number: usize,
    address: &str,
    random: &mut Random,
    batch: &mut Batch,
) {
    let keys = estate.keys.access_keys();
    let Some((key, owner, end)) = keys.get(number).copied() else { return };
    if owner.account != account {
        return;
    }
    let caller = if end.is_some() { Caller::Dead { key: key.to_owned() } } else { user(owner, key) };
    let dead = ("InvalidClientTokenId", "The security token included in the request is invalid.");
    let call =
        Call { error: end.map(|_| dead), ..Call::new(account, "sts", "GetCallerIdentity", &caller, (address, TRYING)) };
    batch.add(act.at, |json| record(json, estate.spec.seed, act.at, &call, random));
}

fn look(estate: &Estate, account: &str, act: &Act, number: u16, address: &str, random: &mut Random, batch: &mut Batch) {
    let Some((service, name, in_data)) = LOOKS.get(usize::from(number) % LOOKS.len()).copied() else { return };
    if account != if in_data { DATA } else { CI } {
        return;
    }
    let caller = if in_data {
        reader(estate, 0)
    } else {
        aws::principal(CI, "eval-nightly").map(|owner| user(owner, &estate.keys.eval_nightly))
    };
    let Some(caller) = caller else { return };
    let call = Call::new(account, service, name, &caller, (address, TAKING));
    batch.add(act.at, |json| record(json, estate.spec.seed, act.at, &call, random));
}

fn shell(estate: &Estate, act: &Act, address: &str, random: &mut Random, batch: &mut Batch) {
    let Some(owner) = aws::principal(PROD, "platform-deployer") else { return };
    let caller = user(owner, &estate.keys.platform_deployer);
    let task = format!("arn:aws:ecs:{REGION}:{PROD}:task/web/{}", random.hex(32));
    let container = [
        ("cluster", "web"),
        ("task", task.as_str()),
        ("container", "web"),
        ("command", "/bin/sh"),
        ("interactive", "true"),
    ];
    let host = [("target", "i-0b5e0000ba5710123")];
    let in_container = matches!(act.what, What::Execute(_));
    let (service, name) = if in_container { ("ecs", "ExecuteCommand") } else { ("ssm", "StartSession") };
    let call = Call {
        read_only: false,
        request: if in_container { &container } else { &host },
        ..Call::new(PROD, service, name, &caller, (address, TAKING))
    };
    batch.add(act.at, |json| record(json, estate.spec.seed, act.at, &call, random));
}

/// Adds the audit record of an act in the cluster.
pub(crate) fn kubernetes_audit(act: &Act, random: &mut Random, batch: &mut Batch) {
    let groups = write::kubernetes_audit::groups_of(RUNNER.0);
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let user = format!("system:serviceaccount:{}:{}", RUNNER.0, RUNNER.1);
    let base = write::kubernetes_audit::Request {
        user: &user,
        groups: &groups,
        address: RUNNER_ADDRESS,
        agent: PAYLOAD,
        verb: "list",
        group: "",
        resource: "secrets",
        namespace: "",
        name: "",
        code: 200,
        body: None,
    };
    let name;
    let request = match act.what {
        What::ListClusterSecrets => base,
        What::NodeSetup(node) => {
            name = setup_pod(node);
            write::kubernetes_audit::Request {
                verb: "create",
                resource: "pods",
                namespace: "kube-system",
                name: &name,
                code: 201,
                body: Some(privileged),
                ..base
            }
        }
        _ => return,
    };
    batch.add(act.at, |json| write::kubernetes_audit::record(json, act.at, &request, random));
}

/// The name of the pod that the payload starts on a node.
pub(crate) fn setup_pod(node: u8) -> String {
    format!("node-setup-ip-10-40-{node}-7")
}

/// The body of a request for a privileged pod with the node's disk.
fn privileged(json: &mut Json, name: &str) {
    json.text("kind", "Pod");
    json.text("apiVersion", "v1");
    json.nested("metadata", |json| {
        json.text("name", name);
        json.text("namespace", "kube-system");
    });
    json.nested("spec", |json| {
        json.flag("hostPID", true);
        json.flag("hostNetwork", true);
        json.list("volumes", |json| {
            json.object(|json| {
                json.text("name", "host");
                json.nested("hostPath", |json| json.text("path", "/"));
            });
        });
        json.list("containers", |json| {
            json.object(|json| {
                json.text("name", "setup");
                json.text("image", "alpine:latest");
                json.nested("securityContext", |json| json.flag("privileged", true));
            });
        });
    });
}

/// Adds the audit log entry of an act in GitHub.
pub(crate) fn github_audit(estate: &Estate, act: &Act, random: &mut Random, batch: &mut Batch) {
    let [_, address, _] = estate.spec.intruder_addresses();
    let base = write::github_audit::Entry {
        action: "git.clone",
        actor: BOT,
        address,
        agent: "git/2.43.0",
        repository: None,
        token: Some(bot_token(estate)),
        more: &[],
        numbers: &[],
    };
    let (repository, numbers);
    let entry = match act.what {
        What::Clone(number) => {
            let name = estate.repositories.get(usize::from(number)).map_or("", String::as_str);
            repository = format!("meridian/{name}");
            write::github_audit::Entry { repository: Some(&repository), ..base }
        }
        What::Push => write::github_audit::Entry {
            action: "git.push",
            repository: Some("meridian/evals"),
            more: &[("ref", "refs/heads/dev_remote_ea5Eu/test/v1")],
            ..base
        },
        What::DeleteRun(number) => {
            let mut deleted = estate.jobs.iter().filter(|job| job.log == Log::Deleted);
            let Some(job) = deleted.nth(usize::from(number)) else { return };
            repository = job.full_name();
            numbers = [("workflow_run_id", job.run as i64), ("run_number", job.number as i64)];
            write::github_audit::Entry {
                action: "workflows.delete_workflow_run",
                repository: Some(&repository),
                agent: "python-requests/2.32.5",
                numbers: &numbers,
                ..base
            }
        }
        _ => return,
    };
    batch.add(act.at, |json| write::github_audit::record(json, act.at, &entry, random));
}

/// Adds the activity of a download from Drive.
pub(crate) fn google_workspace(estate: &Estate, act: &Act, random: &mut Random, batch: &mut Batch) {
    let What::Download(number) = act.what else { return };
    let [_, _, address] = estate.spec.intruder_addresses();
    let (id, title) = documents::document(u64::from(number), random);
    let document = write::google_workspace::Document {
        id: &id,
        title: &title,
        kind: "pdf",
        owner: None,
        app: Some(crate::decoy::DRIVE_APP),
    };
    let actor = (DRIVE_SYNC, crate::decoy::DRIVE_SYNC_PROFILE);
    batch.add(act.at, |json| {
        write::google_workspace::drive(json, act.at, "download", actor, address, &document, random)
    });
}

/// Adds the audit log entry of a download from Slack.
pub(crate) fn slack_audit(estate: &Estate, act: &Act, random: &mut Random, batch: &mut Batch) {
    let What::SlackFile(number) = act.what else { return };
    let [_, address, _] = estate.spec.intruder_addresses();
    let (id, name, kind) = files::file(u64::from(number));
    let bot = write::slack_audit::Actor { id: &estate.keys.slack_export_bot, name: "export-bot", email: None };
    let entity = write::slack_audit::Entity::File(&id, &name, kind);
    let client = (address, files::EXPORT_AGENT);
    batch
        .add(act.at, |json| write::slack_audit::record(json, act.at, "file_downloaded", &bot, &entity, client, random));
}
