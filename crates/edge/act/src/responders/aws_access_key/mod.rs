//! Sets an AWS access key inactive, and active again.
//!
//! It does not end sessions that were made from the key: `aws_role_sessions` does. Root keys are out of its reach.

use crate::aws::{Aws, Keys, Service};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// `[responder.aws_access_key]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By access key id: the leaked key itself, where its owner still has it, to try whether it is refused.
    pub probes: BTreeMap<String, Keys>,
}

static SPEC: ActionSpec = ActionSpec {
    name: "aws_access_key",
    verb: "deactivate",
    targets: &["credential:aws/"],
    title: "Deactivate an AWS access key",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(60),
    calls: &[
        Call::reads("POST / Action=ListAccessKeys"),
        Call::changes("POST / Action=UpdateAccessKey"),
        Call::reads("POST / Action=GetCallerIdentity"),
    ],
    permissions: &[
        Permission {
            action: "iam:ListAccessKeys",
            resource: "arn:aws:iam::{account}:user/*",
            purpose: "read the state before, read back",
        },
        Permission {
            action: "iam:UpdateAccessKey",
            resource: "arn:aws:iam::{account}:user/*",
            purpose: "set the key inactive, and active again",
        },
    ],
    rate_class: RateClass::AwsControlPlane,
    blast_radius: "everything that signs with this key fails from then on; sessions made from it go on until they expire",
};

/// Deactivates access keys.
#[derive(Debug)]
pub struct AwsAccessKey;

/// The responder.
pub static RESPONDER: AwsAccessKey = AwsAccessKey;

impl AwsAccessKey {
    /// `Active` or `Inactive`.
    async fn status(context: &Context<'_>, action: &Action) -> Result<String, ActError> {
        let aws = Aws::of(context, action)?;
        let (user, id) = (parameter(action, "user")?, action.target.name());
        let mut marker: Option<String> = None;
        loop {
            let mut fields = vec![("UserName", user)];
            if let Some(marker) = &marker {
                fields.push(("Marker", marker));
            }
            let answer = aws.iam("ListAccessKeys", &fields).await?.success(action.target.as_str())?;
            let keys = answer.rows("member", &["AccessKeyId", "Status"])?;
            let ours = keys.into_iter().find(|key| key.first().is_some_and(|found| found.as_deref() == Some(id)));
            if let Some(status) = ours.and_then(|key| key.into_iter().nth(1).flatten()) {
                return Ok(status);
            }
            marker = answer.first("Marker");
            if marker.is_none() || answer.first("IsTruncated").as_deref() != Some("true") {
                return Err(ActError::NotFound {
                    target: action.target.to_string(),
                    reason: format!("user `{user}` has no such key"),
                });
            }
        }
    }

    async fn set(context: &Context<'_>, action: &Action, status: &str) -> Result<(), ActError> {
        let aws = Aws::of(context, action)?;
        let fields =
            [("UserName", parameter(action, "user")?), ("AccessKeyId", action.target.name()), ("Status", status)];
        aws.iam("UpdateAccessKey", &fields).await?.success(action.target.as_str()).map(|_| ())
    }

    /// Tries the key itself. `GetCallerIdentity` is allowed to every working key whatever policies say, so a refusal
    /// means that the key does not work any more. `None` where nobody configured the key.
    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let Some(keys) = context.config.aws_access_key.probes.get(action.target.name()) else { return Ok(None) };
        let aws = Aws::probing(context, action, keys)?;
        if aws.access_key_id() != action.target.name() {
            return Err(ActError::unusable(
                format!("the probe for `{}` holds another key", action.target),
                "correct `[responder.aws_access_key.probes]`",
            ));
        }
        let answer = aws.query(Service::Sts, "2011-06-15", "GetCallerIdentity", &[]).await?;
        match answer.code().as_deref() {
            // Who is told that a policy forbids it was recognised: the key works.
            None | Some("AccessDenied" | "AccessDeniedException") => Ok(Some(true)),
            Some("InvalidClientTokenId" | "InvalidAccessKeyId") => Ok(Some(false)),
            Some(_) => answer.success(action.target.as_str()).map(|_| None),
        }
    }
}

#[async_trait]
impl Responder for AwsAccessKey {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let status = Self::status(context, action).await?;
        // A probe that fails must not keep the key alive.
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        Ok(StateBefore { denied_already: status == "Inactive", state: json!({"status": status}), admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::set(context, action, "Inactive").await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let declared = match Self::status(context, action).await {
            Ok(status) => {
                Evidence::declared(status == "Inactive", context.now(), format!("IAM lists the key as {status}"))
            }
            Err(ActError::NotFound { reason, .. }) => Evidence::declared(true, context.now(), reason),
            Err(error) => Evidence::unobservable(context.now(), error.to_string()),
        };
        let effective = match Self::admitted(context, action).await {
            Ok(Some(true)) => Evidence::effective(false, context.now(), "STS still accepts the key"),
            Ok(Some(false)) => Evidence::effective(true, context.now(), "STS refuses the key"),
            Ok(None) => Evidence::blind(context.now(), "nobody configured the key to try it with"),
            Err(error) => Evidence::unobservable(context.now(), error.to_string()),
        };
        vec![declared, effective]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        match before.state["status"].as_str() {
            Some(status @ ("Active" | "Inactive")) => Self::set(context, action, status).await,
            _ => Err(ActError::unusable("the state before has no status", "set the key by hand")),
        }
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(Aws::of(context, action)?.access_key_id() == action.target.name())
    }
}
