//! Ordinary calls in the three accounts: services with fixed networks, people through the console, pipelines.

use super::{PIPELINES, within};
use crate::batch::Batch;
use crate::clock::{At, working};
use crate::estate::Estate;
use crate::estate::aws::{self, ARTIFACTS, CAREERS, CI, DATA, DOCUMENTS, PROD, Principal, RECORDINGS, TRAINING};
use crate::estate::names;
use crate::estate::pipelines::{Job, Pipeline};
use crate::people::Person;
use crate::random::{Random, access_key};
use crate::write::aws_cloudtrail::{Call, Caller, Minted, add_object, add_secret, record, user};

/// What a call of a service touches.
#[derive(Clone, Copy, Debug)]
enum Touch {
    /// Nothing that matters here.
    Plain(&'static str, &'static str),
    /// An object of a bucket: read or written, of about so many bytes.
    Read(&'static str, u64),
    Write(&'static str, u64),
    /// One of the production secrets, by the start of its name.
    Secret(&'static str),
}

struct Service {
    account: &'static str,
    role: &'static str,
    address: &'static str,
    agent: &'static str,
    calls_per_day: f64,
    /// Whether it works as long as people do, or all day alike.
    with_people: bool,
    touches: &'static [Touch],
}

const PYTHON: &str = "Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/linux#6.12.68 md/arch#x86_64 lang/python#3.12.12";
const JAVA: &str = "aws-sdk-java/2.41.9 ua/2.1 os/Linux#6.12.68 lang/java#21.0.9 md/OpenJDK_64-Bit_Server_VM";
const GO: &str = "aws-sdk-go-v2/1.41.1 ua/2.1 os/linux lang/go#1.26.0 md/GOOS#linux md/GOARCH#arm64";

const SERVICES: [Service; 8] = [
    Service {
        account: DATA,
        role: "transcoder",
        address: "10.30.4.12",
        agent: JAVA,
        calls_per_day: 190.0,
        with_people: true,
        touches: &[Touch::Read(RECORDINGS, 9_400_000), Touch::Write(RECORDINGS, 7_000_000)],
    },
    Service {
        account: DATA,
        role: "etl-batch",
        address: "10.40.6.22",
        agent: PYTHON,
        calls_per_day: 120.0,
        with_people: false,
        touches: &[
            Touch::Read(TRAINING, 24_000_000),
            Touch::Write(TRAINING, 12_000_000),
            Touch::Plain("sts", "GetCallerIdentity"),
        ],
    },
    Service {
        account: DATA,
        role: "payroll-export",
        address: "10.20.8.8",
        agent: JAVA,
        calls_per_day: 12.0,
        with_people: true,
        touches: &[Touch::Read(aws::PAYROLL, 310_000)],
    },
    Service {
        account: PROD,
        role: "api",
        address: "10.40.1.12",
        agent: GO,
        calls_per_day: 170.0,
        with_people: true,
        touches: &[Touch::Read(CAREERS, 180_000), Touch::Write(CAREERS, 220_000)],
    },
    Service {
        account: PROD,
        role: "document-intake",
        address: "10.20.8.6",
        agent: GO,
        calls_per_day: 110.0,
        with_people: true,
        touches: &[Touch::Write(DOCUMENTS, 1_600_000), Touch::Secret("prod/intake/"), Touch::Plain("kms", "Decrypt")],
    },
    Service {
        account: PROD,
        role: "payroll",
        address: "10.20.8.8",
        agent: JAVA,
        calls_per_day: 30.0,
        with_people: false,
        touches: &[Touch::Secret("prod/payroll/"), Touch::Plain("kms", "Decrypt")],
    },
    Service {
        account: PROD,
        role: "monitoring",
        address: "10.20.9.3",
        agent: PYTHON,
        calls_per_day: 260.0,
        with_people: false,
        touches: &[
            Touch::Plain("ec2", "DescribeInstances"),
            Touch::Plain("ecs", "DescribeServices"),
            Touch::Plain("monitoring", "GetMetricData"),
            Touch::Plain("monitoring", "DescribeAlarms"),
        ],
    },
    Service {
        account: PROD,
        role: "bastion",
        address: "10.20.0.4",
        agent: GO,
        calls_per_day: 24.0,
        with_people: false,
        touches: &[Touch::Plain("ssm", "UpdateInstanceInformation")],
    },
];

/// Adds what happens in `account` in the hour that begins at `hour`.
pub(crate) fn hour(estate: &Estate, account: &str, hour: At, random: &mut Random, batch: &mut Batch) {
    for service in SERVICES.iter().filter(|service| service.account == account) {
        run_service(estate, service, hour, random, batch);
    }
    for person in estate.technical() {
        let wanted = 7.0 * working(hour, person.offset) * estate.spec.volume();
        for _ in 0..random.around(wanted) {
            browse(estate, person, account, within(hour, random), random, batch);
        }
    }
    for _ in 0..random.around(1.5 * estate.spec.volume()) {
        service_linked(estate, account, within(hour, random), random, batch);
    }
    for job in estate.jobs.iter().filter(|job| job.started >= hour && job.started < hour.plus(3_600)) {
        pipeline(estate, job, account, random, batch);
    }
    if hour.hour_of_day() == 3 && account == DATA {
        labelling(estate, hour, random, batch);
    }
}

fn run_service(estate: &Estate, service: &Service, hour: At, random: &mut Random, batch: &mut Batch) {
    let Some(role) = aws::principal(service.account, service.role) else { return };
    let share = if service.with_people { working(hour, -5) } else { 1.0 / 24.0 };
    let caller = held(estate.spec.seed, role, service.role, hour);
    for _ in 0..random.around(service.calls_per_day * share * estate.spec.volume()) {
        let at = within(hour, random);
        let touch = service.touches.get(random.below(service.touches.len() as u64) as usize).copied();
        let client = (service.address, service.agent);
        touch_once(estate, service.account, &caller, client, touch, at, random, batch);
    }
}

/// The session that a service holds at `hour`: a new one every six hours.
fn held(seed: u64, role: &'static Principal, name: &str, hour: At) -> Caller {
    let turn = hour.seconds().div_euclid(6 * 3_600);
    let since = At(turn * 6 * 3_600 * 1_000_000);
    let key = access_key(seed, "ASIA", &role.arn(), turn as u64);
    Caller::Session { role, name: name.to_owned(), key, since }
}

#[allow(clippy::too_many_arguments)] // One call has this many sides, and a structure for it would be used here only.
fn touch_once(
    estate: &Estate,
    account: &str,
    caller: &Caller,
    client: (&str, &str),
    touch: Option<Touch>,
    at: At,
    random: &mut Random,
    batch: &mut Batch,
) {
    let seed = estate.spec.seed;
    let object = |bucket: &str, number: u64| match bucket {
        RECORDINGS => names::recording(number % 312_000),
        DOCUMENTS => names::document(number % 80_236),
        TRAINING => format!("sets/{:04}/shard-{:05}.parquet", number % 1_204, number % 640),
        aws::PAYROLL => format!("2025/w9-{:06}.pdf", number % 81_344),
        _ => format!("assets/{:05}.webp", number % 2_310),
    };
    match touch {
        Some(Touch::Plain(service, name)) => {
            let call = Call::new(account, service, name, caller, client);
            batch.add(at, |json| record(json, seed, at, &call, random));
        }
        Some(Touch::Read(bucket, size) | Touch::Write(bucket, size)) => {
            let name = if matches!(touch, Some(Touch::Read(..))) { "GetObject" } else { "PutObject" };
            let size = size / 2 + random.below(size);
            let key = object(bucket, random.below(1_000_000));
            // The caller's own account records the call, whoever owns the bucket.
            let call = Call::new(account, "s3", name, caller, client);
            add_object(batch, seed, at, &call, (bucket, &key, size), random);
        }
        Some(Touch::Secret(prefix)) => {
            let own: Vec<&str> = estate
                .production_secrets
                .iter()
                .filter(|secret| secret.name.starts_with(prefix))
                .map(|secret| secret.arn.as_str())
                .collect();
            let arn = random.pick(&own);
            let call = Call::new(account, "secretsmanager", "GetSecretValue", caller, client);
            add_secret(batch, seed, at, &call, arn, random);
        }
        None => {}
    }
}

/// What a person reads in the console.
const BROWSED: [(&str, &str); 12] = [
    ("ec2", "DescribeInstances"),
    ("ec2", "DescribeSecurityGroups"),
    ("ecs", "ListServices"),
    ("ecs", "DescribeTasks"),
    ("logs", "FilterLogEvents"),
    ("logs", "DescribeLogGroups"),
    ("monitoring", "GetMetricData"),
    ("s3", "ListBuckets"),
    ("cloudtrail", "LookupEvents"),
    ("iam", "ListRoles"),
    ("iam", "GetRole"),
    ("health", "DescribeEventAggregates"),
];

fn browse(estate: &Estate, person: &Person, account: &str, at: At, random: &mut Random, batch: &mut Batch) {
    let Some(role) =
        aws::PRINCIPALS.iter().find(|role| role.account == account && role.name.starts_with("AWSReservedSSO_Engineer"))
    else {
        return;
    };
    // Most people look at production; few at the others.
    let share = if account == PROD { 0.7 } else { 0.15 };
    if !random.chance(share) {
        return;
    }
    let day = At(at.seconds().div_euclid(86_400) * 86_400 * 1_000_000);
    let key = access_key(estate.spec.seed, "ASIA", &person.email, day.seconds() as u64 ^ role.account.len() as u64);
    let caller = Caller::Session { role, name: person.email.clone(), key, since: day.plus(8 * 3_600) };
    let (service, name) =
        BROWSED.get(random.below(BROWSED.len() as u64) as usize).copied().unwrap_or(("ec2", "DescribeInstances"));
    let denied = random.chance(0.02);
    let message = format!("User: {} is not authorized to perform: {service}:{name}", person.email);
    let error = denied.then_some(("AccessDenied", message.as_str()));
    let call = Call { error, ..Call::new(account, service, name, &caller, (person.address(at), person.agent)) };
    batch.add(at, |json| record(json, estate.spec.seed, at, &call, random));
}

fn service_linked(estate: &Estate, account: &str, at: At, random: &mut Random, batch: &mut Batch) {
    let service = random.pick(&["autoscaling.amazonaws.com", "ecs.amazonaws.com", "rds.amazonaws.com"]);
    let caller = Caller::Service(service);
    let role = format!("arn:aws:iam::{account}:role/aws-service-role/{service}/AWSServiceRole");
    let request = [("roleArn", role.as_str()), ("roleSessionName", "SLRManagement")];
    let resources = [("AWS::IAM::Role", role.as_str())];
    let call = Call {
        request: &request,
        resources: &resources,
        ..Call::new(account, "sts", "AssumeRole", &caller, (service, service))
    };
    batch.add(at, |json| record(json, estate.spec.seed, at, &call, random));
}

/// Adds what a pipeline does in `account`.
fn pipeline(estate: &Estate, job: &Job, account: &str, random: &mut Random, batch: &mut Batch) {
    match job.pipeline {
        Pipeline::EvalNightly => evaluate(estate, job, account, random, batch),
        Pipeline::BuildWorker | Pipeline::Node if account == CI => publish(estate, job, random, batch),
        Pipeline::Deploy => deploy(estate, job, account, random, batch),
        _ => {}
    }
}

/// The nightly evaluation becomes the data reader and reads six recordings.
fn evaluate(estate: &Estate, job: &Job, account: &str, random: &mut Random, batch: &mut Batch) {
    let seed = estate.spec.seed;
    let (Some(owner), Some(role)) = (aws::principal(CI, "eval-nightly"), aws::principal(DATA, "eval-data-reader"))
    else {
        return;
    };
    let at = job.started.plus(95);
    let name = format!("eval-nightly-{}", job.run);
    let key = access_key(seed, "ASIA", "eval", job.run);
    let minted = Minted { role, name: name.clone(), key: key.clone(), expires: at.plus(3_600) };
    assume(seed, at, (owner, &estate.keys.eval_nightly), &minted, (PIPELINES, PYTHON), account, random, batch);
    if account == DATA {
        let caller = Caller::Session { role, name, key, since: at };
        let call = Call::new(DATA, "s3", "GetObject", &caller, (PIPELINES, PYTHON));
        for turn in 0..6 {
            let recording = names::recording(random.below(312_000));
            let size = 5_000_000 + random.below(9_000_000);
            add_object(batch, seed, at.plus(2 + turn), &call, (RECORDINGS, &recording, size), random);
        }
    }
}

/// Adds a call of `AssumeRole` as `account` sees it: the caller's account knows the key, the role's only the account.
#[allow(clippy::too_many_arguments)] // One call between accounts has this many sides.
pub(crate) fn assume(
    seed: u64,
    at: At,
    owner: (&'static Principal, &str),
    minted: &Minted,
    client: (&str, &str),
    account: &str,
    random: &mut Random,
    batch: &mut Batch,
) {
    let arn = minted.role.arn();
    let request = [("roleArn", arn.as_str()), ("roleSessionName", minted.name.as_str()), ("durationSeconds", "3600")];
    let resources = [("AWS::IAM::Role", arn.as_str())];
    let shared = Random::of(seed, &minted.key, at.0 as u64).uuid();
    let own = account == owner.0.account;
    if !own && account != minted.role.account {
        return;
    }
    let caller = if own { user(owner.0, owner.1) } else { Caller::Foreign { principal: owner.0 } };
    let call = Call {
        request: &request,
        resources: &resources,
        minted: Some(minted),
        shared: Some(&shared),
        ..Call::new(account, "sts", "AssumeRole", &caller, client)
    };
    batch.add(at, |json| record(json, seed, at, &call, random));
}

fn publish(estate: &Estate, job: &Job, random: &mut Random, batch: &mut Batch) {
    let Some(owner) = aws::principal(CI, "artifact-publisher") else { return };
    let (seed, at) = (estate.spec.seed, job.started.plus(190));
    let caller = user(owner, &estate.keys.artifact_publisher);
    let client =
        (PIPELINES, "aws-cli/2.33.12 md/awscrt#0.31.1 ua/2.1 os/linux#6.14.0 md/arch#x86_64 lang/python#3.13.11");
    let call = Call::new(CI, "ecr", "GetAuthorizationToken", &caller, client);
    batch.add(at, |json| record(json, seed, at, &call, random));
    let key = format!("{}/{}.tar.gz", job.repository, job.run);
    let put = Call::new(CI, "s3", "PutObject", &caller, client);
    add_object(batch, seed, at.plus(9), &put, (ARTIFACTS, &key, 14_000_000 + random.below(9_000_000)), random);
}

fn deploy(estate: &Estate, job: &Job, account: &str, random: &mut Random, batch: &mut Batch) {
    let (seed, at) = (estate.spec.seed, job.started.plus(150));
    let client =
        (PIPELINES, "aws-cli/2.33.12 md/awscrt#0.31.1 ua/2.1 os/linux#6.14.0 md/arch#x86_64 lang/python#3.13.11");
    if account == CI {
        let Some(role) = aws::principal(CI, "github-actions-deploy") else { return };
        let caller = Caller::Web { subject: "repo:meridian/talent-api:ref:refs/heads/main".to_owned() };
        let minted = Minted {
            role,
            name: "GitHubActions".to_owned(),
            key: access_key(seed, "ASIA", "deploy", job.run),
            expires: at.plus(3_600),
        };
        let arn = role.arn();
        let request = [("roleArn", arn.as_str()), ("roleSessionName", "GitHubActions")];
        let resources = [("AWS::IAM::Role", arn.as_str())];
        let call = Call {
            request: &request,
            resources: &resources,
            minted: Some(&minted),
            ..Call::new(CI, "sts", "AssumeRoleWithWebIdentity", &caller, client)
        };
        batch.add(at, |json| record(json, seed, at, &call, random));
    }
    if account == PROD {
        let Some(owner) = aws::principal(PROD, "platform-deployer") else { return };
        let caller = user(owner, &estate.keys.platform_deployer);
        let request = [("cluster", "web"), ("service", "talent-api")];
        let change =
            Call { read_only: false, request: &request, ..Call::new(PROD, "ecs", "UpdateService", &caller, client) };
        batch.add(at.plus(20), |json| record(json, seed, at.plus(20), &change, random));
        let check = Call { request: &request, ..Call::new(PROD, "ecs", "DescribeServices", &caller, client) };
        for turn in 1..6 {
            let at = at.plus(20 + 15 * turn);
            batch.add(at, |json| record(json, seed, at, &check, random));
        }
    }
}

/// The nightly batch of the labelling team reads training data with a key of its own.
fn labelling(estate: &Estate, hour: At, random: &mut Random, batch: &mut Batch) {
    let Some(owner) = aws::principal(DATA, "labelling-batch") else { return };
    let caller = user(owner, &estate.keys.labelling_batch);
    let call = Call::new(DATA, "s3", "GetObject", &caller, ("10.30.7.21", PYTHON));
    for turn in 0..40 {
        let key = format!("sets/{:04}/shard-{turn:05}.parquet", random.below(1_204));
        let size = 20_000_000 + random.below(9_000_000);
        add_object(batch, estate.spec.seed, hour.plus(60 + 20 * turn), &call, (TRAINING, &key, size), random);
    }
}
