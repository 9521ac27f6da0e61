//! Denies one principal, or all but named ones, an S3 bucket: one statement of ours in the bucket's own policy.
//!
//! It leaves the other statements as they are, and undo takes out ours alone, whatever others wrote meanwhile.

use crate::aws::{self, Aws, Keys, encoded, is_caller};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// `[responder.aws_bucket_policy]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// ARNs of users and roles that a deny on everyone spares: Firebreak's own, and the one for emergencies.
    pub spare: Vec<String>,
    /// By ARN of a principal, or `*`: a key or session of it, to try whether the bucket refuses it.
    pub probes: BTreeMap<String, Keys>,
}

const READ: &str = "GET /{bucket}?policy";
const PUT: &str = "PUT /{bucket}?policy";
const DELETE: &str = "DELETE /{bucket}?policy";
const LIST: &str = "GET /{bucket}?list-type&max-keys";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_bucket_policy",
    verb: "deny",
    targets: &["resource:aws/"],
    title: "Deny an S3 bucket to a principal",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[
        Call::reads(READ),
        Call::changes(PUT),
        Call::changes(DELETE),
        Call::reads(LIST),
        Call::reads("POST / Action=GetCallerIdentity"),
    ],
    permissions: &[
        Permission { action: "s3:GetBucketPolicy", resource: "arn:aws:s3:::*", purpose: "read the policy, read back" },
        Permission {
            action: "s3:PutBucketPolicy",
            resource: "arn:aws:s3:::*",
            purpose: "add our statement, take it out again",
        },
        Permission {
            action: "s3:DeleteBucketPolicy",
            resource: "arn:aws:s3:::*",
            purpose: "remove a policy that holds nothing but our statement",
        },
    ],
    rate_class: RateClass::S3Control,
    blast_radius: "whoever is named, or everyone but those spared, is refused this bucket",
};

/// Denies buckets.
#[derive(Debug)]
pub struct AwsBucketPolicy;

/// The responder.
pub static RESPONDER: AwsBucketPolicy = AwsBucketPolicy;

/// The parameter that names whom the bucket is denied to: the ARN of a user or role, or `*`.
const PRINCIPAL: &str = "principal";

/// Our statement's id: one for each principal, so that two denies on one bucket do not meet.
fn sid(principal: &str) -> String {
    let digest = Sha256::digest(principal.as_bytes());
    format!("FirebreakDeny{}", hex::encode(&digest[..8]))
}

/// Our statement. It asks for the caller's ARN instead of naming a principal: a principal that is deleted would make the
/// whole policy one that S3 refuses, and for a session the ARN asked for is that of its role.
fn statement(bucket: &str, principal: &str, spare: &[String]) -> Value {
    let condition = match principal {
        "*" => json!({"ArnNotLike": {"aws:PrincipalArn": spare}}),
        one => json!({"ArnEquals": {"aws:PrincipalArn": one}}),
    };
    json!({
        "Sid": sid(principal),
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        "Condition": condition,
    })
}

/// The statements of a policy: S3 takes one alone without its list.
fn statements(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(statements) => statements.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// `policy` with `ours` under the id `sid`, or without it; null where nothing is left.
fn with(policy: &Value, sid: &str, ours: &Value) -> Value {
    let mut kept = statements(policy);
    let place = kept.iter().position(|statement| statement["Sid"] == sid).unwrap_or(kept.len());
    kept.retain(|statement| statement["Sid"] != sid);
    if !ours.is_null() {
        kept.insert(place.min(kept.len()), ours.clone());
    }
    if kept.is_empty() {
        return Value::Null;
    }
    let mut policy = if policy.is_object() { policy.clone() } else { json!({"Version": "2012-10-17"}) };
    policy["Statement"] = Value::Array(kept);
    policy
}

/// What stands under our id, or null.
fn ours(policy: &Value, sid: &str) -> Value {
    statements(policy).into_iter().find(|statement| statement["Sid"] == sid).unwrap_or_default()
}

/// Whom the action denies: the ARN of a user or role, or `*`.
fn principal(action: &Action) -> Result<&str, ActError> {
    let named = parameter(action, PRINCIPAL)?.trim_start_matches("identity:aws/");
    let arn = named.starts_with("arn:") && (named.contains(":user/") || named.contains(":role/"));
    if named == "*" || (arn && !named.contains(['*', '?'])) {
        return Ok(named);
    }
    Err(ActError::unusable(
        format!("`{named}` is neither a user nor a role nor everyone"),
        "the parameter `principal` must be an ARN, or `*` for everyone but those that `spare` names",
    ))
}

impl AwsBucketPolicy {
    fn path(action: &Action) -> Result<String, ActError> {
        Ok(format!("/{}?policy", encoded(parameter(action, "bucket")?)))
    }

    fn wanted(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        Ok(statement(parameter(action, "bucket")?, principal(action)?, &context.config.aws_bucket_policy.spare))
    }

    /// The bucket's policy, or null.
    async fn policy(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        let answer = Aws::of(context, action)?.s3(READ, &Self::path(action)?, b"").await?;
        match answer.code().as_deref() {
            Some("NoSuchBucketPolicy") => Ok(Value::Null),
            _ => answer.success(action.target.as_str())?.json(),
        }
    }

    /// Reads the policy and writes it with `ours` under our id. S3 has no condition on what was read: a change by somebody
    /// else between the two calls is lost. Our own steps on one bucket wait for one another.
    async fn write(context: &Context<'_>, action: &Action, ours: &Value) -> Result<(), ActError> {
        let _alone = context.alone(action.target.as_str()).await;
        let policy = with(&Self::policy(context, action).await?, &sid(principal(action)?), ours);
        let aws = Aws::of(context, action)?;
        let answer = match &policy {
            Value::Null => aws.s3(DELETE, &Self::path(action)?, b"").await?,
            policy => aws.s3(PUT, &Self::path(action)?, policy.to_string().as_bytes()).await?,
        };
        answer.success(action.target.as_str()).map(|_| ())
    }

    /// Whether the configured key of the principal may list the bucket.
    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let Some(keys) = context.config.aws_bucket_policy.probes.get(principal(action)?) else { return Ok(None) };
        let path = format!("/{}?list-type=2&max-keys=1", encoded(parameter(action, "bucket")?));
        let answer = Aws::probing(context, action, keys)?.s3(LIST, &path, b"").await?;
        match answer.code().as_deref() {
            None => Ok(Some(true)),
            Some("AccessDenied" | "AccessDeniedException" | "InvalidAccessKeyId") => Ok(Some(false)),
            Some(_) => answer.success(action.target.as_str()).map(|_| None),
        }
    }
}

#[async_trait]
impl Responder for AwsBucketPolicy {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let stored = ours(&Self::policy(context, action).await?, &sid(principal(action)?));
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        let denied_already = stored == Self::wanted(context, action)?;
        Ok(StateBefore { denied_already, state: json!({"statement": stored}), admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::write(context, action, &Self::wanted(context, action)?).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let stored = async {
            let stored = ours(&Self::policy(context, action).await?, &sid(principal(action)?));
            Ok::<_, ActError>(stored == Self::wanted(context, action)?)
        };
        let declared = match stored.await {
            Ok(true) => Evidence::declared(
                true,
                now,
                "the bucket's policy holds our deny; links that were signed with another authority live on",
            ),
            Ok(false) => Evidence::declared(false, now, "the bucket's policy does not hold our deny"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let seen = Self::admitted(context, action).await;
        vec![declared, aws::effective(context, seen, before, "the bucket", "the principal's key")]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        Self::write(context, action, &before.state["statement"]).await
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let ours = Aws::of(context, action)?.caller().await?;
        Ok(match principal(action)? {
            "*" => !context.config.aws_bucket_policy.spare.iter().any(|arn| is_caller(&ours, arn)),
            one => is_caller(&ours, one),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CI: &str = "arn:aws:iam::123456789012:user/ci";

    #[test]
    fn our_statement_comes_and_goes_and_the_others_stay_where_they_are() {
        let theirs = json!({"Version": "2008-10-17", "Id": "x", "Statement": {"Sid": "Web", "Effect": "Allow"}});
        let deny = statement("tapes", CI, &[]);
        let both = with(&theirs, &sid(CI), &deny);
        assert_eq!(both["Version"], "2008-10-17");
        assert_eq!(statements(&both).len(), 2);
        assert_eq!(ours(&both, &sid(CI)), deny);
        assert_eq!(with(&both, &sid(CI), &deny), both, "twice is once");
        // Somebody adds one meanwhile.
        let more = with(&both, "Later", &json!({"Sid": "Later", "Effect": "Deny"}));
        let left = with(&more, &sid(CI), &Value::Null);
        let sids: Vec<_> = statements(&left).iter().map(|one| one["Sid"].clone()).collect();
        assert_eq!(sids, ["Web", "Later"]);
        assert_eq!(with(&with(&Value::Null, &sid(CI), &deny), &sid(CI), &Value::Null), Value::Null);
    }

    #[test]
    fn two_principals_have_two_statements_and_everyone_is_all_but_those_spared() {
        assert_ne!(sid(CI), sid("*"));
        let all = statement("tapes", "*", &["arn:aws:iam::1:role/Firebreak".to_owned()]);
        assert_eq!(all["Condition"]["ArnNotLike"]["aws:PrincipalArn"][0], "arn:aws:iam::1:role/Firebreak");
        assert!(statement("tapes", CI, &[])["Condition"].get("ArnNotLike").is_none());
    }
}
