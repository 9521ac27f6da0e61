//! Denies an AWS user everything, by an inline policy of our own: all of its keys, its console and the sessions that it
//! took for itself.
//!
//! It does not end sessions of roles that the user assumed before: those are the role's.

use crate::aws::{self, Aws, Inline, Keys, Kind, Principal, is_caller};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.aws_user]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By user ARN: a key or session of the user, where its owner still has one, to try whether it is refused.
    pub probes: BTreeMap<String, Keys>,
}

/// The one policy that we write and remove.
pub const POLICY_NAME: &str = "FirebreakQuarantine";

const USERS: &str = "arn:aws:iam::{account}:user/*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_user",
    verb: "deny",
    title: "Deny an AWS user everything",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[
        Call::reads("POST / Action=GetUserPolicy"),
        Call::changes("POST / Action=PutUserPolicy"),
        Call::changes("POST / Action=DeleteUserPolicy"),
        Call::reads("POST / Action=GetCallerIdentity"),
        Call::reads("GET /"),
    ],
    permissions: &[
        Permission { action: "iam:GetUserPolicy", resource: USERS, purpose: "read the state before, read back" },
        Permission {
            action: "iam:PutUserPolicy",
            resource: USERS,
            purpose: "write the deny, restore what was there under its name",
        },
        Permission { action: "iam:DeleteUserPolicy", resource: USERS, purpose: "remove the deny" },
    ],
    rate_class: RateClass::AwsControlPlane,
    blast_radius: "everything that runs with a key of this user stops, and the person behind it cannot use the console",
};

/// Denies a user everything.
#[derive(Debug)]
pub struct AwsUser;

/// The responder.
pub static RESPONDER: AwsUser = AwsUser;

/// The deny, as IAM stores it. It has no condition: `aws:TokenIssueTime` is absent where a long-lived key signs, so a
/// condition on it would let the very keys through.
fn document() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Sid": POLICY_NAME, "Effect": "Deny", "Action": "*", "Resource": "*"}],
    })
}

impl AwsUser {
    fn policy<'a>(aws: &'a Aws<'a>, action: &'a Action) -> Result<Inline<'a>, ActError> {
        Ok(Inline { aws, principal: Principal::of_kind(action, Kind::User)?, name: POLICY_NAME })
    }

    async fn stored(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        Self::policy(&Aws::of(context, action)?, action)?.read().await
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

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let stored = Self::stored(context, action).await?;
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        Ok(StateBefore { denied_already: stored == document(), state: json!({"policy": stored}), admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::policy(&Aws::of(context, action)?, action)?.put(&document()).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::stored(context, action).await {
            Ok(stored) if stored == document() => Evidence::declared(
                true,
                now,
                "the user is denied everything; sessions of roles that it assumed before live on",
            ),
            Ok(_) => Evidence::declared(false, now, "the user has no deny of ours"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let seen = Self::admitted(context, action).await;
        vec![declared, aws::effective(context, seen, before, "S3", "the user's key")]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        Self::policy(&Aws::of(context, action)?, action)?.restore(&before.state["policy"]).await
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
    fn the_deny_has_no_condition_that_a_long_lived_key_would_escape() {
        let document = document();
        let statement = &document["Statement"][0];
        assert_eq!(statement["Effect"], "Deny");
        assert_eq!((&statement["Action"], &statement["Resource"]), (&json!("*"), &json!("*")));
        assert!(statement.get("Condition").is_none());
    }
}
