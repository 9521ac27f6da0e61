//! Isolates an EC2 instance: its security groups are swapped for the one that its owner prepared for that, and back.
//!
//! It neither stops the instance nor touches its disk, so that what is in it can be looked at. Connections that the network
//! already tracks may live on.

use crate::aws::{Answer, Aws, is_session_of, region_in};
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

/// `[responder.aws_instance]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// By VPC: the security group that isolates.
    pub groups: BTreeMap<String, String>,
}

const INSTANCES: &str = "arn:aws:ec2:*:{account}:instance/*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_instance",
    verb: "isolate",
    targets: &["resource:aws/"],
    title: "Isolate an EC2 instance",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(60),
    calls: &[
        Call::reads("POST / Action=DescribeInstances"),
        Call::reads("POST / Action=DescribeSecurityGroups"),
        Call::changes("POST / Action=ModifyInstanceAttribute"),
        Call::reads("POST / Action=GetCallerIdentity"),
    ],
    permissions: &[
        Permission { action: "ec2:DescribeInstances", resource: "*", purpose: "read the groups before, read back" },
        Permission {
            action: "ec2:DescribeSecurityGroups",
            resource: "*",
            purpose: "read whether the prepared group isolates",
        },
        Permission { action: "ec2:ModifyInstanceAttribute", resource: INSTANCES, purpose: "swap the groups and back" },
        Permission {
            action: "ec2:ModifyInstanceAttribute",
            resource: "arn:aws:ec2:*:{account}:security-group/*",
            purpose: "name the groups",
        },
    ],
    rate_class: RateClass::AwsRegional,
    blast_radius: "whatever the instance serves or calls over the network stops; it keeps running",
};

/// Isolates instances.
#[derive(Debug)]
pub struct AwsInstance;

/// The responder.
pub static RESPONDER: AwsInstance = AwsInstance;

/// Where an instance stands in the answer to `DescribeInstances`.
fn texts(answer: &Answer, path: &[&str]) -> Result<Vec<String>, ActError> {
    let whole: Vec<&str> =
        ["reservationSet", "item", "instancesSet", "item"].into_iter().chain(path.iter().copied()).collect();
    answer.texts(&whole)
}

/// What is known of an instance.
struct Instance {
    vpc: String,
    /// Ordered, since EC2 keeps no order.
    groups: Vec<String>,
    interfaces: usize,
}

impl AwsInstance {
    async fn instance(context: &Context<'_>, action: &Action) -> Result<Instance, ActError> {
        let id = parameter(action, "instance")?;
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        let answer = aws.ec2("DescribeInstances", &[("InstanceId.1", id)]).await?.success(action.target.as_str())?;
        let state = texts(&answer, &["instanceState", "name"])?;
        let vpc = texts(&answer, &["vpcId"])?.into_iter().next();
        if state.first().is_none_or(|state| state == "terminated") {
            let reason = "it is terminated".to_owned();
            return Err(ActError::NotFound { target: action.target.to_string(), reason });
        }
        let mut groups = texts(&answer, &["groupSet", "item", "groupId"])?;
        groups.sort_unstable();
        groups.dedup();
        let interfaces = texts(&answer, &["networkInterfaceSet", "item", "networkInterfaceId"])?.len();
        Ok(Instance { vpc: vpc.unwrap_or_default(), groups, interfaces })
    }

    /// The prepared group of the VPC.
    fn prepared<'a>(context: &'a Context<'_>, vpc: &str) -> Result<&'a String, ActError> {
        context.config.aws_instance.groups.get(vpc).ok_or_else(|| {
            ActError::unusable(
                format!("no security group is prepared for isolation in `{vpc}`"),
                "make one without rules there and add it to `[responder.aws_instance.groups]`",
            )
        })
    }

    /// That the prepared group is one of that VPC and lets nobody in or out in general.
    async fn check(context: &Context<'_>, action: &Action, vpc: &str, group: &str) -> Result<(), ActError> {
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        let answer = aws.ec2("DescribeSecurityGroups", &[("GroupId.1", group)]).await?.success(group)?;
        let mut open = Vec::new();
        for rules in ["ipPermissions", "ipPermissionsEgress"] {
            for (ranges, range) in [("ipRanges", "cidrIp"), ("ipv6Ranges", "cidrIpv6")] {
                open.extend(answer.texts(&["securityGroupInfo", "item", rules, "item", ranges, "item", range])?);
            }
        }
        let elsewhere = answer.texts(&["securityGroupInfo", "item", "vpcId"])?.iter().any(|one| one != vpc);
        if elsewhere || open.iter().any(|range| range == "0.0.0.0/0" || range == "::/0") {
            return Err(ActError::unusable(
                format!("the security group `{group}` does not isolate"),
                "it must be one of the instance's VPC, without a rule for everyone; AWS gives a new group one that lets everything out",
            ));
        }
        Ok(())
    }

    async fn set(context: &Context<'_>, action: &Action, groups: &[String]) -> Result<(), ActError> {
        let id = parameter(action, "instance")?;
        let names: Vec<String> = (1..=groups.len()).map(|number| format!("GroupId.{number}")).collect();
        let named = names.iter().map(String::as_str).zip(groups.iter().map(String::as_str));
        let fields: Vec<_> = [("InstanceId", id)].into_iter().chain(named).collect();
        let aws = Aws::of(context, action)?.in_region(region_in(action));
        aws.ec2("ModifyInstanceAttribute", &fields).await?.success(action.target.as_str()).map(|_| ())
    }
}

#[async_trait]
impl Responder for AwsInstance {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let instance = Self::instance(context, action).await?;
        if instance.interfaces > 1 {
            return Err(ActError::unusable(
                format!(
                    "`{}` has {} network interfaces, whose groups EC2 swaps one by one",
                    action.target, instance.interfaces
                ),
                "isolate it by hand, interface by interface",
            ));
        }
        let group = Self::prepared(context, &instance.vpc)?;
        Self::check(context, action, &instance.vpc, group).await?;
        let denied_already = instance.groups == [group.as_str()];
        Ok(StateBefore { denied_already, state: json!({"groups": instance.groups}), admitted: None })
    }

    async fn drift(
        &self,
        context: &Context<'_>,
        action: &Action,
        before: &StateBefore,
    ) -> Result<Option<String>, ActError> {
        let instance = Self::instance(context, action).await?;
        let isolated = instance.groups == [Self::prepared(context, &instance.vpc)?.as_str()];
        let known = isolated || json!(instance.groups) == before.state["groups"];
        Ok((!known).then(|| format!("somebody changed the groups of `{}` since the step was prepared", action.target)))
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let instance = Self::instance(context, action).await?;
        let group = Self::prepared(context, &instance.vpc)?.clone();
        Self::set(context, action, &[group]).await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let isolated = async {
            let instance = Self::instance(context, action).await?;
            Ok::<_, ActError>(instance.groups == [Self::prepared(context, &instance.vpc)?.as_str()])
        };
        let declared = match isolated.await {
            Ok(true) => Evidence::declared(true, now, "the prepared group is its only one"),
            Ok(false) => Evidence::declared(false, now, "it has other groups than the prepared one"),
            Err(ActError::NotFound { reason, .. }) => Evidence::declared(true, now, reason),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let why =
            "nobody tries the instance's network; connections that were tracked before may live on until they idle out";
        vec![declared, Evidence::blind(now, why)]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        if let Some(changed) = self.drift(context, action, before).await? {
            return Err(ActError::unusable(changed, "what they were before is in the ledger; set the groups by hand"));
        }
        let groups: Option<Vec<String>> = serde_json::from_value(before.state["groups"].clone()).ok();
        match groups.filter(|groups| !groups.is_empty()) {
            Some(groups) => Self::set(context, action, &groups).await,
            None => Err(ActError::unusable("the state before has no groups", "set the groups by hand")),
        }
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // A session that an instance took for its role is named after the instance.
        let ours = Aws::of(context, action)?.caller().await?;
        Ok(is_session_of(&ours, parameter(action, "instance")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_before_keeps_no_order_that_ec2_does_not_keep() {
        let mut groups = vec!["sg-2".to_owned(), "sg-1".to_owned()];
        groups.sort_unstable();
        assert_eq!(json!(groups), json!(["sg-1", "sg-2"]));
    }
}
