//! Closes the trust policy of an AWS role, so that nobody takes a new session of it, and puts the old one back.
//!
//! It does not end sessions that were taken before: `aws_role_sessions/deny` refuses those.

use crate::aws::{Aws, Keys, Kind, Principal, Service, effective, is_caller};
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

/// `[responder.aws_role_trust]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By role ARN: the keys of an identity of ours that may assume the role now, to try whether it still may.
    pub probes: BTreeMap<String, Keys>,
}

const ROLES: &str = "arn:aws:iam::{account}:role/*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_role_trust",
    verb: "close",
    targets: &["identity:aws/", "credential:aws/"],
    title: "Close an AWS role to new sessions",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[
        Call::reads("POST / Action=GetRole"),
        Call::changes("POST / Action=UpdateAssumeRolePolicy"),
        Call::reads("POST / Action=GetCallerIdentity"),
        // A session that may do nothing: see `may_assume`.
        Call::reads("POST / Action=AssumeRole"),
    ],
    permissions: &[
        Permission { action: "iam:GetRole", resource: ROLES, purpose: "read the trust before, read back" },
        Permission { action: "iam:UpdateAssumeRolePolicy", resource: ROLES, purpose: "close the trust, restore it" },
    ],
    rate_class: RateClass::AwsControlPlane,
    blast_radius: "nobody gets a new session of this role: hosts and functions that run as it stop when theirs ends",
};

/// Closes trusts.
#[derive(Debug)]
pub struct AwsRoleTrust;

/// The responder.
pub static RESPONDER: AwsRoleTrust = AwsRoleTrust;

/// The trust that nobody passes. It names each way to assume a role, since a trust takes no wildcard for them.
fn closed() -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "FirebreakClosed",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"],
        }],
    })
}

/// A session policy that leaves a session nothing.
const NOTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

impl AwsRoleTrust {
    async fn trust(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        let role = Principal::of_kind(action, Kind::Role)?;
        let answer = Aws::of(context, action)?.iam("GetRole", &[("RoleName", role.name())]).await?;
        answer.success(role.arn)?.policy("AssumeRolePolicyDocument")
    }

    async fn set(context: &Context<'_>, action: &Action, trust: &Value) -> Result<(), ActError> {
        let (role, text) = (Principal::of_kind(action, Kind::Role)?, trust.to_string());
        let fields = [("RoleName", role.name()), ("PolicyDocument", text.as_str())];
        Aws::of(context, action)?.iam("UpdateAssumeRolePolicy", &fields).await?.success(role.arn).map(|_| ())
    }

    /// Whether the configured identity is given a session of the role. What it is given may do nothing, for a quarter of an
    /// hour, and is forgotten at once.
    async fn may_assume(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let role = Principal::of_kind(action, Kind::Role)?;
        let Some(keys) = context.config.aws_role_trust.probes.get(role.arn) else { return Ok(None) };
        let fields = [
            ("RoleArn", role.arn),
            ("RoleSessionName", "firebreak-probe"),
            ("DurationSeconds", "900"),
            ("Policy", NOTHING),
        ];
        let answer =
            Aws::probing(context, action, keys)?.query(Service::Sts, "2011-06-15", "AssumeRole", &fields).await?;
        match answer.code().as_deref() {
            None => Ok(Some(true)),
            Some("AccessDenied" | "AccessDeniedException") => Ok(Some(false)),
            Some(_) => answer.success(role.arn).map(|_| None),
        }
    }
}

#[async_trait]
impl Responder for AwsRoleTrust {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let trust = Self::trust(context, action).await?;
        let admitted = Self::may_assume(context, action).await.unwrap_or(None);
        Ok(StateBefore { denied_already: trust == closed(), state: json!({"trust": trust}), admitted })
    }

    async fn drift(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<String>, ActError> {
        let trust = Self::trust(context, action).await?;
        let known = trust == before.state["trust"] || trust == closed();
        Ok((!known).then(|| format!("somebody changed the trust of `{}` since the step was prepared", action.target)))
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::set(context, action, &closed()).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::trust(context, action).await {
            Ok(trust) if trust == closed() => Evidence::declared(
                true,
                now,
                "the role's trust lets nobody in; sessions that were taken before live on",
            ),
            Ok(_) => Evidence::declared(false, now, "the role's trust is not the closed one"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let seen = Self::may_assume(context, action).await;
        vec![declared, effective(context, seen, before, "STS", "an identity that could assume the role")]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        if let Some(changed) = self.drift(context, action, before).await? {
            return Err(ActError::unusable(
                changed,
                "what it was before is in the ledger; set the trust by hand, and nothing of theirs is lost",
            ));
        }
        match &before.state["trust"] {
            trust @ Value::Object(_) => Self::set(context, action, trust).await,
            _ => Err(ActError::unusable("the state before has no trust", "set the trust by hand")),
        }
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
    fn the_closed_trust_allows_nobody_and_denies_every_way_in() {
        let closed = closed();
        let statements = closed["Statement"].as_array().unwrap();
        assert!(statements.iter().all(|statement| statement["Effect"] == "Deny"));
        assert_eq!(statements[0]["Principal"]["AWS"], "*");
        assert_eq!(statements[0]["Action"].as_array().unwrap().len(), 3);
    }
}
