//! On what the call acted, and how much data it read.

use super::actor::Identity;
use super::{Fields, arn};
use crate::{json, names};
use firebreak_model::{Json, NodeKey, NodeKind, joined};

/// What the call acted on: what its parameters name, else the first resource that the event lists.
pub(super) fn target(event: &Fields<'_>, identity: &Identity<'_>, name: &str) -> Option<NodeKey> {
    let place = Place::of(event, identity);
    let service = event.service;
    let named = event.request.and_then(|parameters| match service {
        "s3" | "s3express" => bucket(parameters, &place),
        "secretsmanager" => secret(parameters, &place),
        "ssm" => parameter(parameters, &place).or_else(|| instance(parameters, &place)),
        "sts" => json::text(parameters, &["roleArn"]).and_then(arn::key),
        "iam" => principal(event, parameters, &place),
        "dynamodb" => one(parameters, "tableName", |name| place.key("dynamodb", "table/", name)),
        "kms" => one(parameters, "keyId", |id| place.key("kms", "key/", id)),
        "lambda" => one(parameters, "functionName", |name| place.key("lambda", "function:", name)),
        "rds" => one(parameters, "dBInstanceIdentifier", |id| place.key("rds", "db:", id))
            .or_else(|| one(parameters, "dBSnapshotIdentifier", |id| place.key("rds", "snapshot:", id))),
        "ecs" => one(parameters, "task", |id| place.key("ecs", "task/", id))
            .or_else(|| one(parameters, "cluster", |name| place.key("ecs", "cluster/", name))),
        "ec2" => instance(parameters, &place),
        "cloudtrail" => one(parameters, "name", |name| place.key("cloudtrail", "trail/", name)),
        _ => None,
    });
    // IAM calls without a user name are about the caller.
    let own = || (service == "iam" && OWN.contains(&name)).then(|| identity.actor()).flatten();
    named.or_else(|| event.resources.and_then(listed)).or_else(own)
}

const OWN: [&str; 4] = ["CreateAccessKey", "ChangePassword", "CreateLoginProfile", "ListAccessKeys"];

/// How many records a successful call read, where it is one that reads data.
pub(super) fn records(event: &Fields<'_>, name: &str) -> Option<u64> {
    let asked = |list: &str| {
        let count = event.request.map_or(0, |parameters| json::list(parameters, &[list]).len()) as u64;
        Some(count.max(1))
    };
    match (event.service, name) {
        ("s3" | "s3express", "GetObject" | "SelectObjectContent" | "GetObjectTorrent")
        | ("secretsmanager", "GetSecretValue")
        | ("ssm", "GetParameter" | "GetParametersByPath" | "GetParameterHistory")
        | ("dynamodb", "GetItem") => Some(1),
        ("secretsmanager", "BatchGetSecretValue") => asked("secretIdList"),
        ("ssm", "GetParameters") => asked("names"),
        _ => None,
    }
}

/// In which partition, region and account the call was made, for names that are written without.
struct Place<'e> {
    partition: &'e str,
    region: &'e str,
    account: &'e str,
}

impl<'e> Place<'e> {
    fn of(event: &Fields<'e>, identity: &Identity<'e>) -> Place<'e> {
        let region = json::as_text(event.region).unwrap_or_default();
        let partition = match region {
            region if region.starts_with("us-gov-") => "aws-us-gov",
            region if region.starts_with("cn-") => "aws-cn",
            _ => "aws",
        };
        let account = json::as_text(event.account).or(identity.account).unwrap_or_default();
        Place { partition, region, account }
    }

    /// The key of the ARN that `kind` and `name` end, where `kind` ends with what the service puts between the two and its
    /// ARNs name resources.
    fn key(&self, service: &str, kind: &str, name: &str) -> Option<NodeKey> {
        let arn = ["arn:", self.partition, ":", service, ":", self.region, ":", self.account, ":", kind, name];
        Some(names::key(NodeKind::Resource, "aws", &arn))
    }

    fn bucket(&self, name: &str) -> Option<NodeKey> {
        let arn = ["arn:", self.partition, ":s3:::", arn::before(name, b'/')];
        Some(names::key(NodeKind::Resource, "aws", &arn))
    }

    fn iam(&self, kind: &str, name: &str) -> Option<NodeKey> {
        arn::key(&joined(&["arn:", self.partition, ":iam::", self.account, ":", kind, "/", name]))
    }
}

/// What one parameter names: an ARN, or a name of which `key` makes one.
fn one(parameters: &Json, field: &str, key: impl Fn(&str) -> Option<NodeKey>) -> Option<NodeKey> {
    named(json::text(parameters, &[field])?, key)
}

fn named(written: &str, key: impl Fn(&str) -> Option<NodeKey>) -> Option<NodeKey> {
    if written.starts_with("arn:") { arn::key(written) } else { key(written) }
}

fn bucket(parameters: &Json, place: &Place<'_>) -> Option<NodeKey> {
    one(parameters, "bucketName", |name| place.bucket(name))
}

fn secret(parameters: &Json, place: &Place<'_>) -> Option<NodeKey> {
    let key = |name: &str| place.key("secretsmanager", "secret:", name);
    let first = || named(json::first(parameters, &["secretIdList"])?, key);
    one(parameters, "secretId", key).or_else(first)
}

/// A parameter of the parameter store; the first where several are asked for.
fn parameter(parameters: &Json, place: &Place<'_>) -> Option<NodeKey> {
    let written = json::text(parameters, &["name"])
        .or_else(|| json::first(parameters, &["names"]))
        .or_else(|| json::text(parameters, &["path"]))?;
    named(written, |name| place.key("ssm", "parameter/", name.trim_start_matches('/')))
}

fn instance(parameters: &Json, place: &Place<'_>) -> Option<NodeKey> {
    let listed = || json::list(parameters, &["instancesSet", "items"]).first();
    let id = json::text(parameters, &["instanceId"])
        .or_else(|| json::text(parameters, &["target"]))
        .or_else(|| json::first(parameters, &["instanceIds"]))
        .or_else(|| listed().and_then(|item| json::text(item, &["instanceId"])))?;
    place.key("ec2", "instance/", id)
}

/// Whom or what an IAM call is about: the key before the user who has it, the user or role before the policy.
fn principal(event: &Fields<'_>, parameters: &Json, place: &Place<'_>) -> Option<NodeKey> {
    if let Some(id) = json::text(parameters, &["accessKeyId"]) {
        return Some(names::credential("aws", id));
    }
    for made in ["user", "role"] {
        if let Some(arn) = event.response.and_then(|response| json::text(response, &[made, "arn"])) {
            return arn::key(arn);
        }
    }
    one(parameters, "userName", |name| place.iam("user", name))
        .or_else(|| one(parameters, "roleName", |name| place.iam("role", name)))
        .or_else(|| one(parameters, "groupName", |name| place.iam("group", name)))
        .or_else(|| json::text(parameters, &["policyArn"]).and_then(arn::key))
        .or_else(|| one(parameters, "instanceProfileName", |name| place.iam("instance-profile", name)))
}

fn listed(resources: &Json) -> Option<NodeKey> {
    json::list(resources, &[]).iter().find_map(|resource| {
        let written = json::text(resource, &["ARN"]).or_else(|| json::text(resource, &["arn"]))?;
        arn::key(written)
    })
}
