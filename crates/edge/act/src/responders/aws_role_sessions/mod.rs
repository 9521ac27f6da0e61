//! Refuses every session of an AWS role that was issued before now, by an inline policy of our own on the role.
//!
//! It does not stop the role from being assumed anew: whoever may still assume it gets a session that works. Sessions of
//! service-linked roles and of roles made by permission sets are out of its reach.

use crate::aws::{self, Aws, Inline, Keys, Kind, Principal, is_caller, policy_time};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility, Time};
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
    targets: &["identity:aws/", "credential:aws/"],
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

/// Removing a policy serves undo alone. IAM has no condition on what an inline policy says.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["iam:DeleteRolePolicy"] };

/// Denies older sessions of a role.
#[derive(Debug)]
pub struct AwsRoleSessions;

/// The responder.
pub static RESPONDER: AwsRoleSessions = AwsRoleSessions;

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
    /// Our policy on the role.
    fn policy<'a>(aws: &'a Aws<'a>, action: &'a Action) -> Result<Inline<'a>, ActError> {
        Ok(Inline { aws, principal: Principal::of_kind(action, Kind::Role)?, name: POLICY_NAME })
    }

    async fn stored(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        Self::policy(&Aws::of(context, action)?, action)?.read().await
    }

    /// Tries an old session.
    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let role = Principal::of_kind(action, Kind::Role)?;
        aws::admitted(context, action, context.config.aws_role_sessions.probes.get(role.arn)).await
    }
}

#[async_trait]
impl Responder for AwsRoleSessions {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
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
        Self::policy(&Aws::of(context, action)?, action)?.put(&document(cut_off)).await
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
        let seen = Self::admitted(context, action).await;
        let effective = aws::effective(context, seen, before, "S3", "the old session");
        vec![declared, effective]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        Self::policy(&Aws::of(context, action)?, action)?.restore(&before.state["policy"]).await
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let role = Principal::of_kind(action, Kind::Role)?;
        Ok(is_caller(&Aws::of(context, action)?.caller().await?, role.arn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
