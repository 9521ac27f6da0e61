//! Denies an AWS user everything, by AWS's own policy `AWSDenyAll`: all of its keys, its console and the sessions that it
//! took for itself.
//!
//! It does not end sessions of roles that the user assumed before: those are the role's.

use crate::aws::{self, Aws, DENY_ALL, DenyAll, Keys, Kind, Principal, is_caller};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Call, Condition, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// `[responder.aws_user]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By user ARN: a key or session of the user, where its owner still has one, to try whether it is refused.
    pub probes: BTreeMap<String, Keys>,
}

const USERS: &str = "arn:aws:iam::{account}:user/*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_user",
    verb: "deny",
    targets: &["identity:aws/", "credential:aws/"],
    title: "Deny an AWS user everything",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[
        Call::reads("POST / Action=ListAttachedUserPolicies"),
        Call::changes("POST / Action=AttachUserPolicy"),
        Call::changes("POST / Action=DetachUserPolicy"),
        Call::reads("POST / Action=GetCallerIdentity"),
        Call::reads("GET /"),
    ],
    permissions: &[
        Permission {
            action: "iam:ListAttachedUserPolicies",
            resource: USERS,
            purpose: "read the state before, read back",
        },
        Permission { action: "iam:AttachUserPolicy", resource: USERS, purpose: "attach the deny" },
        Permission { action: "iam:DetachUserPolicy", resource: USERS, purpose: "take the deny off" },
    ],
    rate_class: RateClass::AwsControlPlane,
    blast_radius: "everything that runs with a key of this user stops, and the person behind it cannot use the console",
};

/// No policy but the one that denies everything may be attached or taken off.
const TERMS: Terms = Terms {
    conditions: &[only("iam:AttachUserPolicy"), only("iam:DetachUserPolicy")],
    for_undo: &["iam:DetachUserPolicy"],
};

const fn only(action: &'static str) -> Condition {
    Condition { action, operator: "ArnEquals", key: "iam:PolicyARN", value: DENY_ALL }
}

/// Denies a user everything.
#[derive(Debug)]
pub struct AwsUser;

/// The responder.
pub static RESPONDER: AwsUser = AwsUser;

impl AwsUser {
    fn policy<'a>(aws: &'a Aws<'a>, action: &'a Action) -> Result<DenyAll<'a>, ActError> {
        Ok(DenyAll { aws, principal: Principal::of_kind(action, Kind::User)? })
    }

    async fn attached(context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Self::policy(&Aws::of(context, action)?, action)?.is_attached().await
    }

    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let user = Principal::of_kind(action, Kind::User)?;
        aws::admitted(context, action, context.config.aws_user.probes.get(user.arn)).await
    }
}

#[async_trait]
impl Responder for AwsUser {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let attached = Self::attached(context, action).await?;
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        Ok(StateBefore { denied_already: attached, state: json!({"attached": attached}), admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::policy(&Aws::of(context, action)?, action)?.attach().await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::attached(context, action).await {
            Ok(true) => Evidence::declared(
                true,
                now,
                "the user is denied everything; sessions of roles that it assumed before live on",
            ),
            Ok(false) => Evidence::declared(false, now, "`AWSDenyAll` is not attached to the user"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let seen = Self::admitted(context, action).await;
        vec![declared, aws::effective(context, seen, before, "S3", "the user's key")]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        match before.state["attached"].as_bool() {
            Some(true) => Self::policy(&Aws::of(context, action)?, action)?.attach().await,
            Some(false) => Self::policy(&Aws::of(context, action)?, action)?.detach().await,
            None => Err(ActError::unusable(
                "the state before is one of the inline policy `FirebreakQuarantine`, as steps of former versions wrote it",
                "remove that inline policy of the user by hand, or put back what the ledger says stood there",
            )),
        }
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let user = Principal::of_kind(action, Kind::User)?;
        Ok(is_caller(&Aws::of(context, action)?.caller().await?, user.arn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_a_user_is_limited_to_the_policy_that_denies() {
        let changing = SPEC.permissions.iter().filter(|right| !right.action.starts_with("iam:List"));
        for right in changing {
            let limits: Vec<_> = TERMS.of(right.action).map(|one| (one.key, one.value)).collect();
            assert_eq!(limits, [("iam:PolicyARN", DENY_ALL)], "{}", right.action);
        }
    }
}
