//! Whom and what a finding is about.

use crate::json;
use crate::sources::aws_cloudtrail::arn;
use firebreak_model::{Json, NodeKey};

/// The user or role whose key was used.
pub(super) fn actor(finding: &Json) -> Option<NodeKey> {
    let detail = |name: &str| json::text(finding, &["resource", "accessKeyDetails", name]);
    let account = json::text(finding, &["accountId"])?;
    let partition = json::text(finding, &["partition"]).unwrap_or("aws");
    let name = detail("userName")?;
    let arn = match detail("userType")? {
        "Root" => format!("arn:{partition}:iam::{account}:root"),
        "IAMUser" => format!("arn:{partition}:iam::{account}:user/{name}"),
        "Role" | "AssumedRole" => format!("arn:{partition}:iam::{account}:role/{name}"),
        _ => return None,
    };
    Some(NodeKey::identity("aws", &arn))
}

/// The access key. Findings about an instance's role name none.
pub(super) fn credential(finding: &Json) -> Option<NodeKey> {
    let id = json::text(finding, &["resource", "accessKeyDetails", "accessKeyId"])?;
    Some(NodeKey::credential("aws", id))
}

/// The bucket or cluster.
pub(super) fn target(finding: &Json) -> Option<NodeKey> {
    let bucket = json::list(finding, &["resource", "s3BucketDetails"]).first();
    let bucket = bucket.and_then(|bucket| json::text(bucket, &["arn"]));
    let others: [&[&str]; 4] = [
        &["resource", "eksClusterDetails", "arn"],
        &["resource", "ecsClusterDetails", "arn"],
        &["resource", "lambdaDetails", "functionArn"],
        &["resource", "rdsDbInstanceDetails", "dbInstanceArn"],
    ];
    bucket.or_else(|| json::text_of(finding, &others)).and_then(arn::key)
}

/// The instance.
pub(super) fn environment(finding: &Json) -> Option<NodeKey> {
    let id = json::text(finding, &["resource", "instanceDetails", "instanceId"])?;
    Some(NodeKey::environment("host", id))
}

/// The other side's address.
pub(super) fn address(finding: &Json) -> Option<&str> {
    const ACTIONS: [&str; 5] = [
        "awsApiCallAction",
        "networkConnectionAction",
        "kubernetesApiCallAction",
        "rdsLoginAttemptAction",
        "dnsRequestAction",
    ];
    let one = |action: &&str| json::text(finding, &["service", "action", action, "remoteIpDetails", "ipAddressV4"]);
    ACTIONS.iter().find_map(one).or_else(|| {
        let probes = json::list(finding, &["service", "action", "portProbeAction", "portProbeDetails"]);
        json::text(probes.first()?, &["remoteIpDetails", "ipAddressV4"])
    })
}
