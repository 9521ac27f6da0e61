//! Has AWS Secrets Manager rotate a secret by the function that its owner set up for it.
//!
//! It reads no secret value and makes none. There is no undo: the old value is what somebody stole.

use crate::aws::{Aws, Service, region_in};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Call, Condition, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const SECRETS: &str = "arn:aws:secretsmanager:*:{account}:secret:*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_secret",
    verb: "rotate",
    targets: &["resource:aws/"],
    title: "Rotate a secret of AWS Secrets Manager",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::NativeToken,
    convergence: Convergence::Bounded(900),
    calls: &[
        Call::reads("POST / X-Amz-Target=secretsmanager.DescribeSecret"),
        Call::changes("POST / X-Amz-Target=secretsmanager.RotateSecret"),
    ],
    permissions: &[
        Permission {
            action: "secretsmanager:DescribeSecret",
            resource: SECRETS,
            purpose: "read whether it can be rotated, read back which version is current",
        },
        Permission { action: "secretsmanager:RotateSecret", resource: SECRETS, purpose: "start the rotation" },
    ],
    rate_class: RateClass::AwsRegional,
    blast_radius: "whoever keeps the old value instead of asking for the current one is refused by what it opens",
};

/// The secret's own function rotates it: a request that names another one is refused.
const TERMS: Terms = Terms {
    conditions: &[Condition {
        action: "secretsmanager:RotateSecret",
        operator: "Null",
        key: "secretsmanager:RotationLambdaARN",
        value: "true",
    }],
    for_undo: &[],
};

/// Rotates secrets.
#[derive(Debug)]
pub struct AwsSecret;

/// The responder.
pub static RESPONDER: AwsSecret = AwsSecret;

/// What a version of a secret is called while it is the current one.
const CURRENT: &str = "AWSCURRENT";

/// The version with the stage `AWSCURRENT`.
fn current(secret: &Value) -> Option<&str> {
    let staged = |stages: &Value| stages.as_array().is_some_and(|stages| stages.iter().any(|stage| stage == CURRENT));
    let versions = secret["VersionIdsToStages"].as_object()?;
    versions.iter().find(|(_, stages)| staged(stages)).map(|(version, _)| version.as_str())
}

/// The new version's id: the service takes the same one twice for one rotation. It wants at most 64 characters.
fn token<'a>(context: &Context<'a>) -> &'a str {
    context.step_key.get(..64).unwrap_or(context.step_key)
}

impl AwsSecret {
    async fn call(context: &Context<'_>, action: &Action, call: &str, mut body: Value) -> Result<Value, ActError> {
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        body["SecretId"] = json!(action.target.name());
        let answer = aws.json(Service::SecretsManager, &format!("secretsmanager.{call}"), &body).await?;
        answer.success(action.target.as_str())?.json()
    }
}

#[async_trait]
impl Responder for AwsSecret {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let secret = Self::call(context, action, "DescribeSecret", json!({})).await?;
        if secret.get("DeletedDate").is_some_and(|date| !date.is_null()) {
            return Err(ActError::NotFound {
                target: action.target.to_string(),
                reason: "it is marked for deletion".to_owned(),
            });
        }
        let by = ["RotationLambdaARN", "OwningService"].into_iter().find_map(|name| secret[name].as_str());
        if by.is_none() {
            return Err(ActError::unusable(
                format!("`{}` has no rotation function", action.target),
                "rotate it by hand where it is made; AWS can only rotate what it has a function for",
            ));
        }
        let version = current(&secret);
        let state = json!({"current": version});
        Ok(StateBefore { denied_already: version == Some(token(context)), state, admitted: None })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let body = json!({"ClientRequestToken": token(context), "RotateImmediately": true});
        Self::call(context, action, "RotateSecret", body).await.map(|_| ())
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::call(context, action, "DescribeSecret", json!({})).await {
            Ok(secret) if current(&secret) == Some(token(context)) => {
                Evidence::declared(true, now, "the version that this step asked for is the current one")
            }
            Ok(secret) if secret["VersionIdsToStages"].get(token(context)).is_some() => Evidence::declared(
                false,
                now,
                "the new version is there and not current: the function has not finished",
            ),
            Ok(_) => Evidence::declared(false, now, "the version that this step asked for is not there"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let why = "whether the old value is refused shows only where it is used; the version before stays readable as AWSPREVIOUS";
        vec![declared, Evidence::blind(now, why)]
    }

    async fn undo(&self, _context: &Context<'_>, action: &Action, _before: &StateBefore) -> Result<(), ActError> {
        Err(ActError::Irreversible {
            action: action.name.to_string(),
            hint: "the old value is in the intruder's hands; rotate again if the new one does not work".to_owned(),
        })
    }

    async fn would_cut_ourselves(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // Our own credentials come from the configuration's references. A secret that feeds one of them belongs in `own`.
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_version_is_the_one_with_that_stage() {
        let secret = json!({"VersionIdsToStages": {"a": ["AWSPREVIOUS"], "b": ["AWSPENDING", "AWSCURRENT"]}});
        assert_eq!(current(&secret), Some("b"));
        assert_eq!(current(&json!({"VersionIdsToStages": {"a": ["AWSPENDING"]}})), None);
        assert_eq!(current(&json!({})), None);
    }
}
