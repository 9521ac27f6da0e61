//! The answer of `GetAccountAuthorizationDetails` for each account.

use super::document;
use crate::File;
use crate::estate::Estate;
use crate::estate::aws::{ACCOUNTS, Allow, Kind, PRINCIPALS, Principal, REGION, Trust};
use serde_json::{Value, json};

/// The identity provider of the cluster, without `https://`.
const CLUSTER_ISSUER: &str = "oidc.eks.us-east-1.amazonaws.com/id/4D0E1F6A7B2C4938A5B6C7D8E9F00112";
const ACTIONS_ISSUER: &str = "token.actions.githubusercontent.com";

/// One file an account.
pub(super) fn files(estate: &Estate) -> Vec<File> {
    ACCOUNTS
        .iter()
        .map(|(account, _)| {
            let of = |kind| PRINCIPALS.iter().filter(move |p| p.account == *account && p.kind == kind);
            let value = json!({
                "UserDetailList": of(Kind::User).map(|user| entry(estate, user)).collect::<Vec<_>>(),
                "GroupDetailList": [],
                "RoleDetailList": of(Kind::Role).map(|role| entry(estate, role)).collect::<Vec<_>>(),
                "Policies": managed(account),
            });
            document(&format!("aws/{account}/authorization-details.json"), &value)
        })
        .collect()
}

fn inline(principal: &Principal) -> Vec<Value> {
    let statement = |(actions, resources): &Allow| json!({"Effect": "Allow", "Action": actions, "Resource": resources});
    if principal.allow.is_empty() {
        return Vec::new();
    }
    let statements: Vec<Value> = principal.allow.iter().map(statement).collect();
    vec![json!({
        "PolicyName": format!("{}-access", principal.name),
        "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
    })]
}

fn attached(principal: &Principal) -> Vec<Value> {
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    principal.managed.iter().map(|arn| json!({"PolicyArn": arn, "PolicyName": name(arn)})).collect()
}

fn entry(estate: &Estate, principal: &Principal) -> Value {
    let id = principal.id(estate.spec.seed);
    if principal.kind == Kind::User {
        return json!({
            "Path": principal.path,
            "UserName": principal.name,
            "UserId": id,
            "Arn": principal.arn(),
            "CreateDate": "2025-06-02T08:00:00+00:00",
            "UserPolicyList": inline(principal),
            "GroupList": [],
            "AttachedManagedPolicies": attached(principal),
            "Tags": [],
        });
    }
    let on_instances = principal.trust.contains(&Trust::Service("ec2.amazonaws.com"));
    let profile = format!("arn:aws:iam::{}:instance-profile/{}", principal.account, principal.name);
    let profiles = if on_instances {
        vec![json!({
            "Path": "/",
            "InstanceProfileName": principal.name,
            "Arn": profile,
            "Roles": [{"RoleName": principal.name, "Arn": principal.arn()}],
        })]
    } else {
        Vec::new()
    };
    json!({
        "Path": principal.path,
        "RoleName": principal.name,
        "RoleId": id,
        "Arn": principal.arn(),
        "CreateDate": "2025-05-12T10:30:00+00:00",
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": principal.trust.iter().map(|trust| trusted(principal.account, trust)).collect::<Vec<_>>(),
        },
        "InstanceProfileList": profiles,
        "RolePolicyList": inline(principal),
        "AttachedManagedPolicies": attached(principal),
        "Tags": [],
        "RoleLastUsed": {"LastUsedDate": "2026-04-01T22:10:00+00:00", "Region": REGION},
    })
}

fn trusted(account: &str, trust: &Trust) -> Value {
    match trust {
        Trust::Principal(owner, rest) => json!({
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{owner}:{rest}")},
            "Action": "sts:AssumeRole",
        }),
        Trust::PrincipalWithMfa(owner, rest) => json!({
            "Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{owner}:{rest}")},
            "Action": "sts:AssumeRole",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        }),
        Trust::Service(service) => json!({
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }),
        Trust::Actions(repository) => json!({
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::{account}:oidc-provider/{ACTIONS_ISSUER}")},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {format!("{ACTIONS_ISSUER}:aud"): "sts.amazonaws.com"},
                "StringLike": {format!("{ACTIONS_ISSUER}:sub"): format!("repo:{repository}:*")},
            },
        }),
        Trust::Cluster(service_account) => json!({
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::{account}:oidc-provider/{CLUSTER_ISSUER}")},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {
                format!("{CLUSTER_ISSUER}:aud"): "sts.amazonaws.com",
                format!("{CLUSTER_ISSUER}:sub"): format!("system:serviceaccount:{service_account}"),
            }},
        }),
        Trust::People => json!({
            "Effect": "Allow",
            "Principal": {"Federated": format!("arn:aws:iam::{account}:saml-provider/AWSSSO_6b1d0c9e7f2a4835_DO_NOT_DELETE")},
            "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
            "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
        }),
    }
}

/// The policies of AWS itself that are attached in `account`.
fn managed(account: &str) -> Vec<Value> {
    let mut arns: Vec<&str> = PRINCIPALS
        .iter()
        .filter(|principal| principal.account == account)
        .flat_map(|p| p.managed.iter().copied())
        .collect();
    arns.sort_unstable();
    arns.dedup();
    arns.iter()
        .map(|arn| {
            let administrator = arn.ends_with("AdministratorAccess");
            let actions = if administrator {
                json!(["*"])
            } else {
                json!([
                    "ec2:Describe*",
                    "ecs:List*",
                    "ecs:Describe*",
                    "logs:Describe*",
                    "iam:List*",
                    "s3:ListAllMyBuckets"
                ])
            };
            json!({
                "PolicyName": arn.rsplit('/').next().unwrap_or_default(),
                "PolicyId": "ANPA4EXAMPLE0MANAGED0",
                "Arn": arn,
                "Path": "/",
                "DefaultVersionId": "v1",
                "AttachmentCount": 1,
                "IsAttachable": true,
                "PolicyVersionList": [{
                    "VersionId": "v1",
                    "IsDefaultVersion": true,
                    "Document": {
                        "Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
                    },
                }],
            })
        })
        .collect()
}
