//! Collecting from an AWS that enforces IAM. `FIREBREAK_LAB` names the directory that `lab/prepare` filled; without it
//! these tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code, reason = "a test")]

#[path = "../../act/tests/lab/aws.rs"]
mod aws;
#[path = "../../act/tests/lab/server.rs"]
mod server;

use aws::{ACCOUNT, Fakecloud, Keys};
use firebreak_inventory::collect::{Collected, Patience, Settings, keep};
use firebreak_inventory::scanners::SCANNERS;
use firebreak_inventory::{Found, scan_directory};
use firebreak_model::{EdgeFact, Fact, Time};
use firebreak_world::{RustlsHttp, Secrets, SecretsError, SystemClock, World};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{Server, free_port};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const FOREIGN: &str = "999988887777";

/// What whoever collects may do.
const AUDITOR: [&str; 25] = [
    // As this emulator calls two actions.
    "s3:ListBuckets",
    "s3:GetPublicAccessBlock",
    "sts:GetCallerIdentity",
    "iam:GetAccountAuthorizationDetails",
    "organizations:DescribeOrganization",
    "organizations:DescribePolicy",
    "organizations:ListRoots",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListAccountsForParent",
    "organizations:ListPolicies",
    "organizations:ListTargetsForPolicy",
    "s3:ListAllMyBuckets",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "kms:ListKeys",
    "kms:GetKeyPolicy",
    "kms:ListGrants",
    "sqs:ListQueues",
    "sqs:GetQueueAttributes",
    "sns:ListTopics",
    "sns:GetTopicAttributes",
    "secretsmanager:ListSecrets",
    "secretsmanager:GetResourcePolicy",
    "lambda:ListFunctions",
    "ecr:DescribeRepositories",
];

struct Secret(Keys);

impl Secrets for Secret {
    fn secret(&self, reference: &str) -> Result<SecretString, SecretsError> {
        let value = if reference == "env:ID" { &self.0.id } else { &self.0.secret };
        Ok(SecretString::from(value.clone()))
    }
}

fn allow(actions: &[&str], resource: &str) -> String {
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

fn user(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:user/{name}")
}

async fn told(cloud: &Fakecloud, service: &str, target: &str, body: Value) -> Value {
    let response = cloud.as_administrator(service, ("POST", "/"), Some(target), &body.to_string()).await;
    let text = String::from_utf8(response.body).unwrap();
    assert!(response.status < 300, "{target}: {} {text}", response.status);
    serde_json::from_str(&text).unwrap_or_default()
}

/// A small account: who may read the payroll, and who may not. Gives the ARN of its key.
async fn furnish(cloud: &Fakecloud) -> String {
    cloud.s3("PUT", "/payroll", "").await;
    let own = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": user("carl")}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::payroll/*"}]});
    cloud.user("ann", &allow(&["s3:GetObject"], "arn:aws:s3:::payroll/*")).await;
    cloud.user("carl", &allow(&["ec2:DescribeInstances"], "*")).await;
    let (status, answer) = cloud.s3("PUT", "/payroll?policy", &own.to_string()).await;
    assert!(status < 300, "{status} {answer}");
    let block = "<PublicAccessBlockConfiguration><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";
    cloud.s3("PUT", "/payroll?publicAccessBlock", block).await;
    // By a group.
    cloud.query("iam", "CreateGroup", &[("GroupName", "readers")]).await;
    let reads = allow(&["secretsmanager:GetSecretValue"], "*");
    let fields = [("GroupName", "readers"), ("PolicyName", "reads"), ("PolicyDocument", reads.as_str())];
    cloud.query("iam", "PutGroupPolicy", &fields).await;
    cloud.user("bob", &allow(&["ec2:DescribeInstances"], "*")).await;
    cloud.query("iam", "AddUserToGroup", &[("GroupName", "readers"), ("UserName", "bob")]).await;
    // By a role.
    cloud.role("deploy", &allow(&["s3:GetObject"], "arn:aws:s3:::payroll/*")).await;
    let assumes = allow(&["sts:AssumeRole"], &format!("arn:aws:iam::{ACCOUNT}:role/deploy"));
    cloud.user("dora", &assumes).await;
    // By a managed policy that makes an administrator; and the same within a boundary.
    for (name, document) in [("governs", allow(&["*"], "*")), ("bound", allow(&["ec2:*"], "*"))] {
        cloud.query("iam", "CreatePolicy", &[("PolicyName", name), ("PolicyDocument", &document)]).await;
    }
    let policy = |name: &str| format!("arn:aws:iam::{ACCOUNT}:policy/{name}");
    for name in ["eve", "fred"] {
        cloud.query("iam", "CreateUser", &[("UserName", name)]).await;
        cloud.query("iam", "AttachUserPolicy", &[("UserName", name), ("PolicyArn", &policy("governs"))]).await;
    }
    let fields = [("UserName", "fred"), ("PermissionsBoundary", &*policy("bound"))];
    cloud.query("iam", "PutUserPermissionsBoundary", &fields).await;
    resources(cloud).await
}

async fn resources(cloud: &Fakecloud) -> String {
    told(cloud, "secretsmanager", "secretsmanager.CreateSecret", json!({"Name": "db", "SecretString": "x"})).await;
    told(cloud, "sqs", "AmazonSQS.CreateQueue", json!({"QueueName": "jobs"})).await;
    let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:jobs");
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{FOREIGN}:root")},
        "Action": "sqs:ReceiveMessage", "Resource": arn});
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let body = json!({"QueueUrl": format!("{}/{ACCOUNT}/jobs", cloud.endpoint), "Attributes": {"Policy": policy}});
    told(cloud, "sqs", "AmazonSQS.SetQueueAttributes", body).await;
    cloud.query("sns", "CreateTopic", &[("Name", "news")]).await;
    told(cloud, "ecr", "AmazonEC2ContainerRegistry_V20150921.CreateRepository", json!({"repositoryName": "images"}))
        .await;
    let key = told(cloud, "kms", "TrentService.CreateKey", json!({})).await;
    let key = key["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let grant = json!({"KeyId": key, "GranteePrincipal": user("ann"), "Operations": ["Decrypt"]});
    told(cloud, "kms", "TrentService.CreateGrant", grant).await;
    key
}

async fn collected(cloud: &Fakecloud, keys: Keys) -> (World, Collected) {
    let world = World {
        http: Arc::new(RustlsHttp::new().unwrap()),
        clock: Arc::new(SystemClock),
        secrets: Arc::new(Secret(keys)),
        ..World::simulated(1)
    };
    let values = [("access_key_id", "env:ID"), ("regions", "us-east-1")];
    let settings = Settings {
        scanner: "aws_authorization_details".to_owned(),
        url: cloud.endpoint.clone(),
        credential: Some("env:SECRET".to_owned()),
        values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    let scanner = SCANNERS.iter().find(|scanner| scanner.name() == settings.scanner).unwrap();
    let collected = scanner.collector().unwrap().collect(&world, &Patience, &settings).await.unwrap();
    (world, collected)
}

fn scanned(world: &World, collected: &Collected) -> Found {
    let inventory = Path::new("/inventory");
    keep(world, inventory, collected).unwrap();
    scan_directory(world, inventory, Time(0))
}

/// The edges from a user of the account to a key.
fn edges<'f>(found: &'f Found, from: &str, to: &str) -> Vec<&'f EdgeFact> {
    let edge = |fact: &'f Fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None };
    let all = found.facts.iter().filter_map(edge);
    all.filter(|edge| edge.from.as_str() == from && edge.to.as_str() == to).collect()
}

fn gaps(collected: &Collected) -> BTreeMap<&str, &str> {
    collected.incomplete.iter().map(|gap| (gap.call.as_str(), gap.reason.as_str())).collect()
}

#[tokio::test]
async fn a_live_account_says_who_may_read_what() {
    let Some(lab) = server::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let key = furnish(&cloud).await;
    let auditor = cloud.user("auditor", &allow(&AUDITOR, "*")).await;
    let secret = auditor.secret.clone();
    let (world, collected) = collected(&cloud, auditor).await;
    // This emulator does not tell of the whole account's block; nothing else is missing.
    let gaps = gaps(&collected);
    assert_eq!(gaps.keys().collect::<Vec<_>>(), [&"s3 GetPublicAccessBlock of the account"], "{gaps:?}");
    assert_eq!(collected.file, format!("aws/{ACCOUNT}/authorization-details.json"));
    let whole = serde_json::to_string(&collected).unwrap();
    assert!(!whole.contains(&secret) && collected.document["incomplete"].is_null());

    let found = scanned(&world, &collected);
    assert!(!found.complete, "a gap retires nothing");
    let who = |name: &str| format!("identity:aws/{}", user(name));
    let payroll = "resource:aws/arn:aws:s3:::payroll";
    for name in ["ann", "carl"] {
        let read = edges(&found, &who(name), payroll);
        assert!(read.iter().any(|edge| edge.may.is_empty()), "{name}: {read:?}");
    }
    let deploy = format!("identity:aws/arn:aws:iam::{ACCOUNT}:role/deploy");
    assert!(edges(&found, &who("dora"), &deploy).iter().any(|edge| edge.may.is_empty()));
    assert!(edges(&found, &who("dora"), payroll).is_empty() && !edges(&found, &deploy, payroll).is_empty());
    assert_eq!(edges(&found, &who("bob"), &format!("group:aws/arn:aws:iam::{ACCOUNT}:group/readers")).len(), 1);
    let administrators = format!("group:aws/{ACCOUNT}/administrators");
    assert!(edges(&found, &who("eve"), &administrators).iter().any(|edge| edge.may.is_empty()));
    // This emulator takes a boundary and leaves it out of its answer, so that nobody can know of it.
    assert!(!collected.document.to_string().contains("PermissionsBoundary"));
    let key = format!("resource:aws/{key}");
    assert_eq!(edges(&found, &who("ann"), &key)[0].actions, ["kms:Decrypt"]);
    assert!(edges(&found, &who("carl"), &key).is_empty());
    let queue = format!("resource:aws/arn:aws:sqs:us-east-1:{ACCOUNT}:jobs");
    let foreign = edges(&found, &format!("identity:aws/arn:aws:iam::{FOREIGN}:root"), &queue);
    assert!(foreign[0].may.iter().any(|may| may.contains(FOREIGN)), "{foreign:?}");
    assert!(edges(&found, "identity:aws/*", payroll).is_empty());
}

#[tokio::test]
async fn what_is_refused_is_a_gap_and_retires_nothing() {
    let Some(lab) = server::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let key = furnish(&cloud).await;
    let less: Vec<&str> =
        AUDITOR.into_iter().filter(|action| !matches!(*action, "kms:GetKeyPolicy" | "sqs:ListQueues")).collect();
    let auditor = cloud.user("auditor", &allow(&less, "*")).await;
    let (world, collected) = collected(&cloud, auditor).await;
    let gaps = gaps(&collected);
    assert!(gaps["sqs ListQueues in us-east-1"].contains("may not read this"), "{gaps:?}");
    assert!(gaps[&*format!("kms GetKeyPolicy of {key}")].contains("AccessDenied"), "{gaps:?}");
    let found = scanned(&world, &collected);
    assert!(!found.complete);
    assert!(found.problems.iter().any(|problem| problem.reason.contains("sqs ListQueues")), "{:?}", found.problems);
    // Nobody is certain on a key whose policy was not read.
    let key = format!("resource:aws/{key}");
    let edge = |fact: &Fact| if let Fact::Edge(edge) = fact { Some(edge.clone()) } else { None };
    let direct = found.facts.iter().filter_map(edge).filter(|edge| edge.to.as_str() == key);
    let administrators = format!("group:aws/{ACCOUNT}/administrators");
    for edge in direct.filter(|edge| edge.from.as_str() != administrators) {
        assert!(!edge.may.is_empty(), "{edge:?}");
    }
    // Who may not even list the account gets nothing that would replace what was known.
    let nobody = cloud.user("nobody", &allow(&["sts:GetCallerIdentity"], "*")).await;
    let world = World {
        http: Arc::new(RustlsHttp::new().unwrap()),
        clock: Arc::new(SystemClock),
        secrets: Arc::new(Secret(nobody)),
        ..World::simulated(1)
    };
    let values = [("access_key_id", "env:ID"), ("regions", "us-east-1")];
    let settings = Settings {
        scanner: "aws_authorization_details".to_owned(),
        url: cloud.endpoint.clone(),
        credential: Some("env:SECRET".to_owned()),
        values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    let scanner = SCANNERS.iter().find(|scanner| scanner.name() == settings.scanner).unwrap();
    let refused = scanner.collector().unwrap().collect(&world, &Patience, &settings).await.unwrap_err().to_string();
    assert!(refused.contains("GetAccountAuthorizationDetails") && refused.contains("may not read this"), "{refused}");
}
