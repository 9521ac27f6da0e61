//! Stops an AWS Lambda function: its reserved concurrency is set to nothing, and back to what it was.
//!
//! It ends no invocation that runs, and deletes nothing.

use crate::aws::{Aws, encoded, is_session_of, region_in};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET /2019-09-30/functions/{function}/concurrency";
const PUT: &str = "PUT /2017-10-31/functions/{function}/concurrency";
const DELETE: &str = "DELETE /2017-10-31/functions/{function}/concurrency";

const FUNCTIONS: &str = "arn:aws:lambda:*:{account}:function:*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_lambda",
    verb: "stop",
    targets: &["resource:aws/"],
    title: "Stop an AWS Lambda function",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(60),
    calls: &[
        Call::reads(READ),
        Call::changes(PUT),
        Call::changes(DELETE),
        Call::reads("POST / Action=GetCallerIdentity"),
    ],
    permissions: &[
        Permission {
            action: "lambda:GetFunctionConcurrency",
            resource: FUNCTIONS,
            purpose: "read the state before, read back",
        },
        Permission {
            action: "lambda:PutFunctionConcurrency",
            resource: FUNCTIONS,
            purpose: "stop it, restore a number",
        },
        Permission {
            action: "lambda:DeleteFunctionConcurrency",
            resource: FUNCTIONS,
            purpose: "restore that it had no number",
        },
    ],
    rate_class: RateClass::AwsRegional,
    blast_radius: "every call of the function is refused; events wait or are lost, as their source does it",
};

/// Stops functions.
#[derive(Debug)]
pub struct AwsLambda;

/// The responder.
pub static RESPONDER: AwsLambda = AwsLambda;

/// The function's name, out of its ARN.
fn function(action: &Action) -> Result<&str, ActError> {
    let mut parts = action.target.name().split(':').skip(2);
    match (parts.next(), parts.nth(2), parts.next()) {
        (Some("lambda"), Some("function"), Some(name)) if !name.is_empty() => Ok(name),
        _ => Err(ActError::unusable(
            format!("`{}` names no function", action.target),
            "the target must be `resource:aws/` and the ARN of a function",
        )),
    }
}

impl AwsLambda {
    /// The number that is reserved, or null.
    async fn reserved(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        let path = format!("/2019-09-30/functions/{}/concurrency", encoded(function(action)?));
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        let answer = aws.lambda(READ, &path, "").await?.success(action.target.as_str())?;
        Ok(answer.json()?["ReservedConcurrentExecutions"].clone())
    }

    async fn set(context: &Context<'_>, action: &Action, number: &Value) -> Result<(), ActError> {
        let path = format!("/2017-10-31/functions/{}/concurrency", encoded(function(action)?));
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        let answer = match number {
            Value::Null => aws.lambda(DELETE, &path, "").await?,
            number => aws.lambda(PUT, &path, &json!({"ReservedConcurrentExecutions": number}).to_string()).await?,
        };
        answer.success(action.target.as_str()).map(|_| ())
    }
}

#[async_trait]
impl Responder for AwsLambda {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let reserved = Self::reserved(context, action).await?;
        Ok(StateBefore { denied_already: reserved == 0, state: json!({"reserved": reserved}), admitted: None })
    }

    async fn drift(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<String>, ActError> {
        let reserved = Self::reserved(context, action).await?;
        let known = reserved == 0 || reserved == before.state["reserved"];
        Ok((!known)
            .then(|| format!("somebody reserved {reserved} for `{}` since the step was prepared", action.target)))
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::set(context, action, &json!(0)).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::reserved(context, action).await {
            Ok(reserved) if reserved == 0 => Evidence::declared(true, now, "nothing is reserved: no call is taken"),
            Ok(_) => Evidence::declared(false, now, "the function takes calls"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let why = "the function is not called to see; what runs goes on to its end, up to 15 minutes";
        vec![declared, Evidence::blind(now, why)]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        if let Some(changed) = self.drift(context, action, before).await? {
            return Err(ActError::unusable(changed, "what it was before is in the ledger; set the number by hand"));
        }
        Self::set(context, action, &before.state["reserved"]).await
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // A session that a function took for its role is named after the function.
        Ok(is_session_of(&Aws::of(context, action)?.caller().await?, function(action)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{NodeKey, Text};
    use std::collections::BTreeMap;

    #[test]
    fn a_function_is_named_by_its_arn() {
        let action = |arn: &str| Action {
            name: Text::new("aws_lambda/stop"),
            target: NodeKey::resource("aws", arn),
            parameters: BTreeMap::new(),
        };
        let arn = "arn:aws:lambda:eu-central-1:123456789012:function:resize";
        assert_eq!(function(&action(arn)).unwrap(), "resize");
        assert!(function(&action("arn:aws:s3:::tapes")).is_err());
    }
}
