//! Puts an AWS user or role behind the permissions boundary `AWSDenyAll`, and back behind the one it had.
//!
//! It adds no policy of its own and is bound to no quota of inline policies, but only one boundary fits: what undo restores
//! is the one from before.

use crate::aws::{self, Aws, DENY_ALL, Keys, Principal, is_caller};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Call, Condition, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.aws_boundary]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By ARN of a user or role: a key or session of it, where its owner still has one, to try whether it is refused.
    pub probes: BTreeMap<String, Keys>,
}

const USERS: &str = "arn:aws:iam::{account}:user/*";
const ROLES: &str = "arn:aws:iam::{account}:role/*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_boundary",
    verb: "quarantine",
    targets: &["identity:aws/", "credential:aws/"],
    title: "Put an AWS user or role behind a boundary that denies everything",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[
        Call::reads("POST / Action=GetUser"),
        Call::reads("POST / Action=GetRole"),
        Call::changes("POST / Action=PutUserPermissionsBoundary"),
        Call::changes("POST / Action=PutRolePermissionsBoundary"),
        Call::changes("POST / Action=DeleteUserPermissionsBoundary"),
        Call::changes("POST / Action=DeleteRolePermissionsBoundary"),
        Call::reads("POST / Action=GetCallerIdentity"),
        Call::reads("GET /"),
    ],
    permissions: &[
        Permission { action: "iam:GetUser", resource: USERS, purpose: "read a user's boundary" },
        Permission { action: "iam:GetRole", resource: ROLES, purpose: "read a role's boundary" },
        Permission { action: "iam:PutUserPermissionsBoundary", resource: USERS, purpose: "set a user's boundary" },
        Permission { action: "iam:PutRolePermissionsBoundary", resource: ROLES, purpose: "set a role's boundary" },
        Permission {
            action: "iam:DeleteUserPermissionsBoundary",
            resource: USERS,
            purpose: "remove the boundary of a user that had none",
        },
        Permission {
            action: "iam:DeleteRolePermissionsBoundary",
            resource: ROLES,
            purpose: "remove the boundary of a role that had none",
        },
    ],
    rate_class: RateClass::AwsControlPlane,
    blast_radius: "everything that runs as this user or role stops, sessions taken before included",
};

/// Only this boundary may be set, and only this one taken off. Taking it off is for undo alone.
const TERMS: Terms = Terms {
    conditions: &[
        only("iam:PutUserPermissionsBoundary"),
        only("iam:PutRolePermissionsBoundary"),
        only("iam:DeleteUserPermissionsBoundary"),
        only("iam:DeleteRolePermissionsBoundary"),
    ],
    for_undo: &["iam:DeleteUserPermissionsBoundary", "iam:DeleteRolePermissionsBoundary"],
};

const fn only(action: &'static str) -> Condition {
    Condition { action, operator: "ArnEquals", key: "iam:PermissionsBoundary", value: DENY_ALL }
}

/// Sets boundaries.
#[derive(Debug)]
pub struct AwsBoundary;

/// The responder.
pub static RESPONDER: AwsBoundary = AwsBoundary;

impl AwsBoundary {
    /// The ARN of the boundary, or null.
    async fn boundary(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        let principal = Principal::of(action)?;
        let word = principal.kind.word();
        let holder = format!("{word}Name");
        let answer =
            Aws::of(context, action)?.iam(&format!("Get{word}"), &[(holder.as_str(), principal.name())]).await?;
        Ok(json!(answer.success(principal.arn)?.first("PermissionsBoundaryArn")))
    }

    async fn set(context: &Context<'_>, action: &Action, boundary: Option<&str>) -> Result<(), ActError> {
        let principal = Principal::of(action)?;
        let word = principal.kind.word();
        let holder = format!("{word}Name");
        let mut fields = vec![(holder.as_str(), principal.name())];
        fields.extend(boundary.map(|boundary| ("PermissionsBoundary", boundary)));
        let verb = if boundary.is_some() { "Put" } else { "Delete" };
        let answer = Aws::of(context, action)?.iam(&format!("{verb}{word}PermissionsBoundary"), &fields).await?;
        match answer.code().as_deref() {
            // Removed already: that is what undo is for.
            Some("NoSuchEntity") if boundary.is_none() => Ok(()),
            _ => answer.success(principal.arn).map(|_| ()),
        }
    }

    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        aws::admitted(context, action, context.config.aws_boundary.probes.get(Principal::of(action)?.arn)).await
    }
}

#[async_trait]
impl Responder for AwsBoundary {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let boundary = Self::boundary(context, action).await?;
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        Ok(StateBefore { denied_already: boundary == DENY_ALL, state: json!({"boundary": boundary}), admitted })
    }

    async fn drift(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<String>, ActError> {
        let boundary = Self::boundary(context, action).await?;
        let known = boundary == before.state["boundary"] || boundary == DENY_ALL;
        Ok((!known)
            .then(|| format!("somebody changed the boundary of `{}` since the step was prepared", action.target)))
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::set(context, action, Some(DENY_ALL)).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::boundary(context, action).await {
            Ok(boundary) if boundary == DENY_ALL => Evidence::declared(true, now, "its boundary is `AWSDenyAll`"),
            Ok(boundary) => Evidence::declared(false, now, format!("its boundary is {boundary}")),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let seen = Self::admitted(context, action).await;
        vec![declared, aws::effective(context, seen, before, "S3", "the old key or session")]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        if let Some(changed) = self.drift(context, action, before).await? {
            return Err(ActError::unusable(changed, "what it was before is in the ledger; set the boundary by hand"));
        }
        match &before.state["boundary"] {
            Value::String(boundary) => Self::set(context, action, Some(boundary)).await,
            Value::Null => Self::set(context, action, None).await,
            _ => Err(ActError::unusable("the state before has no boundary", "set the boundary by hand")),
        }
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let principal = Principal::of(action)?;
        Ok(is_caller(&Aws::of(context, action)?.caller().await?, principal.arn))
    }
}
