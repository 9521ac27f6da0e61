//! Puts narrower policies in place of those that an AWS user or role has, and the old ones back.
//!
//! The new ones stand beside the old ones before the first old one goes, so that nothing that stays granted is ever refused. What it
//! narrows to is decided elsewhere and written out in the action; what stood there must be what the proposal was made of.

mod held;
mod wanted;

use crate::aws::{Aws, Principal, is_caller};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use held::{Held, Own};
use serde::Deserialize;
use std::time::Duration;
use wanted::Wanted;

/// `[responder.aws_policy]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How many managed policies AWS lets one user or role have: 10, or more where AWS has raised the quota.
    pub attached_max: usize,
    /// For how many seconds old and new policies stand side by side: IAM does not spread changes in their order.
    pub overlap_seconds: u32,
}

impl Default for Config {
    fn default() -> Config {
        Config { attached_max: 10, overlap_seconds: 15 }
    }
}

const USERS: &str = "arn:aws:iam::{account}:user/*";
const ROLES: &str = "arn:aws:iam::{account}:role/*";
const OWN: &str = "arn:aws:iam::{account}:policy/FirebreakNarrow-*";

const fn right(action: &'static str, resource: &'static str, purpose: &'static str) -> Permission {
    Permission { action, resource, purpose }
}

static SPEC: ActionSpec = ActionSpec {
    name: "aws_policy",
    verb: "narrow",
    targets: &["identity:aws/"],
    title: "Put narrower policies in place of those of an AWS user or role",
    level: Level::EffectTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[
        Call::reads("POST / Action=ListAttachedUserPolicies"),
        Call::reads("POST / Action=ListAttachedRolePolicies"),
        Call::reads("POST / Action=ListUserPolicies"),
        Call::reads("POST / Action=ListRolePolicies"),
        Call::reads("POST / Action=GetUserPolicy"),
        Call::reads("POST / Action=GetRolePolicy"),
        Call::reads("POST / Action=GetPolicy"),
        Call::reads("POST / Action=GetPolicyVersion"),
        Call::changes("POST / Action=CreatePolicy"),
        Call::changes("POST / Action=DeletePolicy"),
        Call::changes("POST / Action=AttachUserPolicy"),
        Call::changes("POST / Action=AttachRolePolicy"),
        Call::changes("POST / Action=DetachUserPolicy"),
        Call::changes("POST / Action=DetachRolePolicy"),
        Call::changes("POST / Action=PutUserPolicy"),
        Call::changes("POST / Action=PutRolePolicy"),
        Call::changes("POST / Action=DeleteUserPolicy"),
        Call::changes("POST / Action=DeleteRolePolicy"),
        Call::reads("POST / Action=GetCallerIdentity"),
    ],
    permissions: &[
        right("iam:ListAttachedUserPolicies", USERS, "read which managed policies a user has"),
        right("iam:ListAttachedRolePolicies", ROLES, "read which managed policies a role has"),
        right("iam:ListUserPolicies", USERS, "read which inline policies a user has"),
        right("iam:ListRolePolicies", ROLES, "read which inline policies a role has"),
        right("iam:GetUserPolicy", USERS, "read an inline policy before it goes"),
        right("iam:GetRolePolicy", ROLES, "read an inline policy before it goes"),
        right("iam:GetPolicy", OWN, "read our own policies back"),
        right("iam:GetPolicyVersion", OWN, "read our own policies back"),
        right("iam:CreatePolicy", OWN, "write the narrower policies"),
        right("iam:DeletePolicy", OWN, "remove them once they are taken back"),
        right("iam:AttachUserPolicy", USERS, "put ours in place, put the old ones back"),
        right("iam:AttachRolePolicy", ROLES, "put ours in place, put the old ones back"),
        right("iam:DetachUserPolicy", USERS, "take the old ones away, take ours back"),
        right("iam:DetachRolePolicy", ROLES, "take the old ones away, take ours back"),
        right("iam:PutUserPolicy", USERS, "put an old inline policy back"),
        right("iam:PutRolePolicy", ROLES, "put an old inline policy back"),
        right("iam:DeleteUserPolicy", USERS, "take an old inline policy away"),
        right("iam:DeleteRolePolicy", ROLES, "take an old inline policy away"),
    ],
    rate_class: RateClass::AwsControlPlane,
    blast_radius: "whatever runs as this user or role and needs an action that the new policies lack",
};

/// Narrows policies.
#[derive(Debug)]
pub struct AwsPolicy;

/// The responder.
pub static RESPONDER: AwsPolicy = AwsPolicy;

impl AwsPolicy {
    async fn held(context: &Context<'_>, action: &Action) -> Result<Held, ActError> {
        Held::read(&Aws::of(context, action)?, Principal::of(action)?).await
    }

    /// What somebody else changed since `before` was read; nothing where what differs is our own doing.
    fn changed(now: &Held, before: &Held, wanted: &Wanted) -> Option<String> {
        let foreign =
            now.attached.iter().find(|arn| !before.attached.contains(*arn) && !wanted.own_arns().contains(*arn));
        if let Some(arn) = foreign {
            return Some(format!("somebody attached `{arn}` since the step was prepared"));
        }
        let rewritten = now.inline.iter().find(|(name, document)| before.inline.get(*name) != Some(*document));
        rewritten.map(|(name, _)| format!("somebody wrote the inline policy `{name}` since the step was prepared"))
    }
}

#[async_trait]
impl Responder for AwsPolicy {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let wanted = Wanted::of(action)?;
        let held = Self::held(context, action).await?;
        let denied_already = held.is(&wanted);
        if !denied_already {
            wanted.must_replace(&held, action.target.name())?;
            wanted.must_fit(&held, context.config.aws_policy.attached_max)?;
        }
        Ok(StateBefore { state: held.json(), denied_already, admitted: None })
    }

    async fn drift(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<String>, ActError> {
        let now = Self::held(context, action).await?;
        Ok(Self::changed(&now, &Held::of(&before.state)?, &Wanted::of(action)?))
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let (aws, principal, wanted) = (Aws::of(context, action)?, Principal::of(action)?, Wanted::of(action)?);
        let held = Held::read(&aws, principal).await?;
        for own in &wanted.own {
            own.make(&aws).await?;
        }
        let missing: Vec<&Own> = wanted.own.iter().filter(|own| !held.attached.contains(&own.arn)).collect();
        for own in &missing {
            principal.attach(&aws, &own.arn).await?;
        }
        if !missing.is_empty() {
            context.sleep.sleep(Duration::from_secs(context.config.aws_policy.overlap_seconds.into())).await;
        }
        for arn in held.attached.iter().filter(|arn| wanted.replaces.attached.contains(*arn)) {
            principal.detach(&aws, arn).await?;
        }
        for name in held.inline.keys().filter(|name| wanted.replaces.inline.contains_key(*name)) {
            principal.delete_inline(&aws, name).await?;
        }
        Ok(())
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let looked = async {
            let (aws, wanted) = (Aws::of(context, action)?, Wanted::of(action)?);
            let stands = Held::read(&aws, Principal::of(action)?).await?.is(&wanted);
            for own in wanted.own.iter().filter(|_| stands) {
                if !own.is_written(&aws).await? {
                    return Ok::<_, ActError>(Evidence::declared(
                        false,
                        now,
                        format!("`{}` has another text", own.arn),
                    ));
                }
            }
            let words = if stands { "it has the narrower policies alone" } else { "it has other policies" };
            Ok(Evidence::declared(stands, now, words))
        };
        let declared = looked.await.unwrap_or_else(|error| Evidence::unobservable(now, error.to_string()));
        vec![declared, Evidence::blind(now, "nobody tries what was taken away; refusals are watched for in the log")]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        let (aws, principal, wanted) = (Aws::of(context, action)?, Principal::of(action)?, Wanted::of(action)?);
        let (held, before) = (Held::read(&aws, principal).await?, Held::of(&before.state)?);
        let other = |(name, document): &(&String, &serde_json::Value)| {
            held.inline.get(*name).is_some_and(|now| now != *document)
        };
        if let Some((name, _)) = before.inline.iter().find(other) {
            return Err(ActError::unusable(
                format!(
                    "somebody wrote the inline policy `{name}` since, and putting the old one back would lose that"
                ),
                "the old text is in the ledger; put it back by hand",
            ));
        }
        for arn in before.attached.difference(&held.attached) {
            principal.attach(&aws, arn).await?;
        }
        for (name, document) in before.inline.iter().filter(|(name, _)| !held.inline.contains_key(*name)) {
            principal.put_inline(&aws, name, document).await?;
        }
        for own in wanted.own.iter().filter(|own| !before.attached.contains(&own.arn)) {
            if held.attached.contains(&own.arn) {
                principal.detach(&aws, &own.arn).await?;
            }
            own.remove(&aws).await?;
        }
        Ok(())
    }

    async fn is_undone(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<bool>, ActError> {
        let (aws, wanted) = (Aws::of(context, action)?, Wanted::of(action)?);
        let (held, before) = (Held::read(&aws, Principal::of(action)?).await?, Held::of(&before.state)?);
        // What others added since is theirs.
        let back = before.attached.is_subset(&held.attached)
            && before.inline.iter().all(|(name, document)| held.inline.get(name) == Some(document));
        for own in wanted.own.iter().filter(|own| back && !before.attached.contains(&own.arn)) {
            if held.attached.contains(&own.arn) || own.is_left_over(&aws).await? {
                return Ok(Some(false));
            }
        }
        Ok(Some(back))
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let principal = Principal::of(action)?;
        Ok(is_caller(&Aws::of(context, action)?.caller().await?, principal.arn))
    }
}
