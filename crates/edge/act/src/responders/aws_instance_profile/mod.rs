//! Takes the role from an EC2 instance: its instance profile is disassociated, and associated again.
//!
//! What the instance fetched before works on until it expires: `aws_role_sessions/deny` refuses that.

use crate::aws::{Aws, is_session_of, region_in};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::spec::{ActionSpec, Call, Condition, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const INSTANCES: &str = "arn:aws:ec2:*:{account}:instance/*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_instance_profile",
    verb: "detach",
    targets: &["resource:aws/"],
    title: "Take the role from an EC2 instance",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(120),
    calls: &[
        Call::reads("POST / Action=DescribeIamInstanceProfileAssociations"),
        Call::changes("POST / Action=DisassociateIamInstanceProfile"),
        Call::changes("POST / Action=AssociateIamInstanceProfile"),
        Call::reads("POST / Action=GetCallerIdentity"),
    ],
    permissions: &[
        Permission {
            action: "ec2:DescribeIamInstanceProfileAssociations",
            resource: "*",
            purpose: "read the profile before, read back",
        },
        Permission {
            action: "ec2:DisassociateIamInstanceProfile",
            resource: INSTANCES,
            purpose: "take the profile off",
        },
        Permission { action: "ec2:AssociateIamInstanceProfile", resource: INSTANCES, purpose: "put it back" },
        Permission {
            action: "iam:PassRole",
            resource: "arn:aws:iam::{account}:role/*",
            purpose: "put the profile back; without it undo is refused",
        },
    ],
    rate_class: RateClass::AwsRegional,
    blast_radius: "what runs on the instance gets no credentials of its role any more",
};

/// Putting a profile back hands a role to an instance: it serves undo alone, and the role goes to EC2 and to nobody else.
const TERMS: Terms = Terms {
    conditions: &[Condition {
        action: "iam:PassRole",
        operator: "StringEquals",
        key: "iam:PassedToService",
        value: "ec2.amazonaws.com",
    }],
    for_undo: &["ec2:AssociateIamInstanceProfile", "iam:PassRole"],
};

/// Detaches profiles.
#[derive(Debug)]
pub struct AwsInstanceProfile;

/// The responder.
pub static RESPONDER: AwsInstanceProfile = AwsInstanceProfile;

/// A profile on an instance.
struct Association {
    id: String,
    profile: String,
}

impl AwsInstanceProfile {
    async fn association(context: &Context<'_>, action: &Action) -> Result<Option<Association>, ActError> {
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        let fields = [("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", parameter(action, "instance")?)];
        let answer = aws.ec2("DescribeIamInstanceProfileAssociations", &fields).await?;
        let answer = answer.success(action.target.as_str())?;
        let texts = |path: &[&str]| {
            let whole: Vec<&str> =
                ["iamInstanceProfileAssociationSet", "item"].into_iter().chain(path.iter().copied()).collect();
            answer.texts(&whole)
        };
        let (ids, profiles) = (texts(&["associationId"])?, texts(&["iamInstanceProfile", "arn"])?);
        let states = texts(&["state"])?;
        let found = ids.into_iter().zip(profiles).zip(states);
        let standing = found.filter(|(_, state)| matches!(state.as_str(), "associated" | "associating"));
        Ok(standing.map(|((id, profile), _)| Association { id, profile }).next())
    }

    async fn profile(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        Ok(json!(Self::association(context, action).await?.map(|association| association.profile)))
    }
}

#[async_trait]
impl Responder for AwsInstanceProfile {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let profile = Self::profile(context, action).await?;
        Ok(StateBefore { denied_already: profile.is_null(), state: json!({"profile": profile}), admitted: None })
    }

    async fn drift(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<String>, ActError> {
        let profile = Self::profile(context, action).await?;
        let known = profile.is_null() || profile == before.state["profile"];
        Ok((!known).then(|| format!("somebody put another profile on `{}` since the step was prepared", action.target)))
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let Some(association) = Self::association(context, action).await? else { return Ok(()) };
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        let answer = aws.ec2("DisassociateIamInstanceProfile", &[("AssociationId", &association.id)]).await?;
        match answer.code().as_deref() {
            // Gone since we looked.
            Some("InvalidAssociationID.NotFound") => Ok(()),
            _ => answer.success(action.target.as_str()).map(|_| ()),
        }
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::profile(context, action).await {
            Ok(Value::Null) => Evidence::declared(true, now, "the instance has no profile"),
            Ok(_) => Evidence::declared(false, now, "the instance has a profile"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let why =
            "what the instance fetched before works until it expires, up to 6 hours: deny the role's sessions too";
        vec![declared, Evidence::blind(now, why)]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        let Some(profile) = before.state["profile"].as_str() else { return Ok(()) };
        match Self::association(context, action).await? {
            Some(association) if association.profile == profile => return Ok(()),
            Some(association) => {
                return Err(ActError::unusable(
                    format!("somebody put the profile `{}` on `{}` meanwhile", association.profile, action.target),
                    "what it was before is in the ledger; decide by hand which profile is right",
                ));
            }
            None => {}
        }
        let fields = [("InstanceId", parameter(action, "instance")?), ("IamInstanceProfile.Arn", profile)];
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        aws.ec2("AssociateIamInstanceProfile", &fields).await?.success(action.target.as_str()).map(|_| ())
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let ours = Aws::of(context, action)?.caller().await?;
        Ok(is_session_of(&ours, parameter(action, "instance")?))
    }
}
