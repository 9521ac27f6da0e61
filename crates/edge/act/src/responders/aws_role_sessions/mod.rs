//! Refuses every session of an AWS role that was issued before now, by an inline policy of our own on the role.
//!
//! It does not stop the role from being assumed anew: whoever may still assume it gets a session that works. Sessions of
//! service-linked roles and of roles made by permission sets are out of its reach.

use crate::aws::{Aws, Keys, Service, policy_time};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, NodeKind, Reversibility, Time};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.aws_role_sessions]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How far AWS's clock may be ahead of ours: the cut-off lies so far in the future, rounded up to whole seconds.
    /// Sessions issued in that time are refused too and must be taken again.
    pub skew_seconds: u32,
    /// By role ARN: a session of the role from before, where its owner still has one, to try whether it is refused.
    pub probes: BTreeMap<String, Keys>,
}

impl Default for Config {
    fn default() -> Config {
        Config { skew_seconds: 5, probes: BTreeMap::new() }
    }
}

/// The one policy that we write and remove. Rights can be narrowed to it by no condition that IAM has, so the page says
/// how to guard them.
pub const POLICY_NAME: &str = "FirebreakRevokeOlderSessions";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_role_sessions",
    verb: "deny",
    title: "Refuse the older sessions of an AWS role",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[
        Call::reads("POST / Action=GetRolePolicy"),
        Call::changes("POST / Action=PutRolePolicy"),
        Call::changes("POST / Action=DeleteRolePolicy"),
        Call::reads("POST / Action=GetCallerIdentity"),
        Call::reads("GET /"),
    ],
    permissions: &[
        Permission {
            action: "iam:GetRolePolicy",
            resource: "arn:aws:iam::{account}:role/*",
            purpose: "read the state before, read back",
        },
        Permission {
            action: "iam:PutRolePolicy",
            resource: "arn:aws:iam::{account}:role/*",
            purpose: "write the deny, restore what was there under its name",
        },
        Permission {
            action: "iam:DeleteRolePolicy",
            resource: "arn:aws:iam::{account}:role/*",
            purpose: "remove the deny",
        },
    ],
    rate_class: RateClass::AwsControlPlane,
    blast_radius: "every workload that runs as this role loses its session and must take a new one",
};

/// Denies older sessions of a role.
#[derive(Debug)]
pub struct AwsRoleSessions;

/// The responder.
pub static RESPONDER: AwsRoleSessions = AwsRoleSessions;

/// ARN of the role that an action is about: the target itself, or the parameter `role` where the target is a session.
fn role_arn(action: &Action) -> Result<&str, ActError> {
    let named = action.parameters.get("role").map(|role| role.trim_start_matches("identity:aws/"));
    let arn = match action.target.kind() {
        NodeKind::Identity => action.target.name(),
        _ => named.unwrap_or_default(),
    };
    if arn.contains(":role/aws-service-role/") || arn.contains(":role/aws-reserved/") {
        return Err(ActError::unusable(
            format!("`{arn}` is a role that AWS made, which nobody in the account can change"),
            "cut what leads to it, or ask the service that it belongs to",
        ));
    }
    if arn.starts_with("arn:") && arn.contains(":role/") {
        return Ok(arn);
    }
    Err(ActError::unusable(
        format!("`{}` on `{}` names no role", action.name, action.target),
        "the target or the parameter `role` must be the ARN of a role",
    ))
}

/// The role's name: what follows the last slash, since IAM wants it without its path.
fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The deny, as IAM stores it.
fn document(cut_off: Time) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "FirebreakRevokeOlderSessions",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"DateLessThan": {"aws:TokenIssueTime": policy_time(cut_off)}},
        }],
    })
}

/// Until when a stored document of ours denies; `None` where it is not ours.
fn cut_off(stored: &Value) -> Option<Time> {
    let statement = stored.get("Statement")?.get(0)?;
    let time = statement.get("Condition")?.get("DateLessThan")?.get("aws:TokenIssueTime")?.as_str();
    let time = Time::parse(time?)?;
    (*stored == document(time)).then_some(time)
}

impl AwsRoleSessions {
    /// The document stored under our name, or null.
    async fn stored(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        let aws = Aws::of(context, action)?;
        let fields = [("RoleName", role_name(role_arn(action)?)), ("PolicyName", POLICY_NAME)];
        let answer = aws.iam("GetRolePolicy", &fields).await?;
        let unreadable = |reason: String| ActError::Unreadable { call: "GetRolePolicy".to_owned(), reason };
        if answer.code().as_deref() == Some("NoSuchEntity") {
            // The same code stands for a role that is not there; its message names what is missing.
            let missing = answer.first("Message").unwrap_or_default();
            return match missing.contains(POLICY_NAME) || missing.to_lowercase().contains("policy") {
                true => Ok(Value::Null),
                false => Err(ActError::NotFound { target: action.target.to_string(), reason: missing }),
            };
        }
        let answer = answer.success(action.target.as_str())?;
        let encoded = answer.first("PolicyDocument").ok_or_else(|| unreadable("it holds no document".to_owned()))?;
        let text = percent_decode_str(&encoded).decode_utf8().map_err(|error| unreadable(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))
    }

    async fn put(context: &Context<'_>, action: &Action, document: &Value) -> Result<(), ActError> {
        let aws = Aws::of(context, action)?;
        let text = document.to_string();
        let role = role_name(role_arn(action)?);
        let fields = [("RoleName", role), ("PolicyName", POLICY_NAME), ("PolicyDocument", text.as_str())];
        aws.iam("PutRolePolicy", &fields).await?.success(action.target.as_str()).map(|_| ())
    }

    /// Tries an old session. `GetCallerIdentity` is always allowed, so the probe lists buckets, which a deny on
    /// everything refuses. `None` where nobody configured a session.
    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let probes = &context.config.aws_role_sessions.probes;
        let Some(keys) = probes.get(role_arn(action)?) else { return Ok(None) };
        let answer = Aws::probing(context, action, keys)?.s3("GET /", "/", b"").await?;
        match answer.code().as_deref() {
            None => Ok(Some(true)),
            Some("AccessDenied" | "AccessDeniedException" | "ExpiredToken" | "InvalidToken" | "InvalidAccessKeyId") => {
                Ok(Some(false))
            }
            Some(_) => answer.success(action.target.as_str()).map(|_| None),
        }
    }
}

#[async_trait]
impl Responder for AwsRoleSessions {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let state = json!({"policy": Self::stored(context, action).await?});
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        // An older deny of ours does not cover sessions issued since, so it never counts as done already.
        Ok(StateBefore { state, denied_already: false, admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        // A session issued in the second of the cut-off escapes it: round up, and allow for a faster clock over there.
        let skew = i64::from(context.config.aws_role_sessions.skew_seconds);
        let cut_off = Time::from_seconds(context.now().seconds() + 1 + skew);
        Self::put(context, action, &document(cut_off)).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::stored(context, action).await {
            Ok(stored) => match cut_off(&stored) {
                Some(time) if time > context.since => {
                    Evidence::declared(true, now, format!("the role refuses sessions issued before {time}"))
                }
                Some(time) => Evidence::declared(false, now, format!("the role's deny is an older one, of {time}")),
                None => Evidence::declared(false, now, "the role has no deny of ours"),
            },
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let effective = match (Self::admitted(context, action).await, before.admitted) {
            (Ok(Some(true)), _) => Evidence::effective(false, now, "S3 still admits the old session"),
            (Ok(Some(false)), Some(true)) => Evidence::effective(true, now, "S3 refuses the old session"),
            (Ok(Some(false)), _) => Evidence::blind(now, "S3 refused the old session before the step too"),
            (Ok(None), _) => Evidence::blind(now, "nobody configured an old session to try"),
            (Err(error), _) => Evidence::unobservable(now, error.to_string()),
        };
        vec![declared, effective]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        match &before.state["policy"] {
            Value::Null => {
                let aws = Aws::of(context, action)?;
                let fields = [("RoleName", role_name(role_arn(action)?)), ("PolicyName", POLICY_NAME)];
                let answer = aws.iam("DeleteRolePolicy", &fields).await?;
                match answer.code().as_deref() {
                    // Removed already: that is what undo is for.
                    Some("NoSuchEntity") => Ok(()),
                    _ => answer.success(action.target.as_str()).map(|_| ()),
                }
            }
            document => Self::put(context, action, document).await,
        }
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let answer = Aws::of(context, action)?.query(Service::Sts, "2011-06-15", "GetCallerIdentity", &[]).await?;
        let answer = answer.success("our own identity")?;
        let ours = answer.first("Arn").unwrap_or_default();
        let arn = role_arn(action)?;
        // `arn:aws:sts::1:assumed-role/Name/session`: the role's name stands between the slashes, without its path.
        let mut parts = ours.split('/');
        let assumed = parts.next().is_some_and(|head| head.ends_with(":assumed-role"));
        let same_account = |arn: &str| arn.split(':').nth(4).map(str::to_owned);
        Ok(assumed && parts.next() == Some(role_name(arn)) && same_account(&ours) == same_account(arn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{NodeKey, Text};

    #[test]
    fn only_our_own_document_counts_as_our_deny() {
        let time = Time::from_seconds(1_774_349_921);
        assert_eq!(cut_off(&document(time)), Some(time));
        let mut narrower = document(time);
        narrower["Statement"][0]["Action"] = json!("s3:*");
        assert_eq!(cut_off(&narrower), None);
        let mut second = document(time);
        second["Statement"].as_array_mut().unwrap().push(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
        assert_eq!(cut_off(&second), None, "a policy of our name that allows is not ours");
        assert_eq!(cut_off(&Value::Null), None);
    }

    #[test]
    fn the_role_is_named_by_the_target_or_by_the_parameter_of_a_session() {
        let arn = "arn:aws:iam::123456789012:role/ci/Deploy";
        let mut action = Action {
            name: Text::new("aws_role_sessions/deny"),
            target: NodeKey::identity("aws", arn),
            parameters: BTreeMap::new(),
        };
        assert_eq!(role_arn(&action).map(role_name).unwrap(), "Deploy");
        action.target = NodeKey::credential("aws", "ASIA1");
        assert!(role_arn(&action).is_err());
        action.parameters.insert(Text::new("role"), Text::new(format!("identity:aws/{arn}")));
        assert_eq!(role_arn(&action).unwrap(), arn);
        action.target = NodeKey::identity("aws", "arn:aws:iam::123456789012:user/ci");
        assert!(role_arn(&action).is_err(), "a user has no sessions to deny this way");
    }
}
