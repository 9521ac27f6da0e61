//! Quarantines an AWS account: attaches the service control policy that its owner prepared for that, and detaches it again.
//!
//! It writes no policy: whoever may attach one prepared deny can take nothing for themselves. It cannot bind the management
//! account, service-linked roles or what comes from other accounts.

use crate::aws::{self, Aws, Keys, Service, is_caller};
use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::responder::{Responder, StateBefore, parameter};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// `[responder.aws_scp]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The account that may attach policies: the organisation's management account, or one that it delegated this to.
    pub management: String,
    /// The prepared policy: `p-…`.
    pub policy: String,
    /// ARNs, with `*` allowed, of the roles that the prepared policy must spare: Firebreak's own, and the one for
    /// emergencies. The step is refused where the policy spares any of them not.
    pub spare: Vec<String>,
    /// By account: a key or session in it, to try whether it is refused.
    pub probes: BTreeMap<String, Keys>,
}

const DESCRIBE: &str = "POST / X-Amz-Target=AWSOrganizationsV20161128.DescribePolicy";
const LIST: &str = "POST / X-Amz-Target=AWSOrganizationsV20161128.ListPoliciesForTarget";
const ATTACH: &str = "POST / X-Amz-Target=AWSOrganizationsV20161128.AttachPolicy";
const DETACH: &str = "POST / X-Amz-Target=AWSOrganizationsV20161128.DetachPolicy";

const POLICIES: &str = "arn:aws:organizations::{management}:policy/*/service_control_policy/{policy}";
const ACCOUNTS: &str = "arn:aws:organizations::{management}:account/*/*";

static SPEC: ActionSpec = ActionSpec {
    name: "aws_scp",
    verb: "quarantine",
    targets: &["identity:aws/"],
    title: "Quarantine an AWS account",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(300),
    calls: &[
        Call::reads(DESCRIBE),
        Call::reads(LIST),
        Call::changes(ATTACH),
        Call::changes(DETACH),
        Call::reads("POST / Action=GetCallerIdentity"),
        Call::reads("GET /"),
    ],
    permissions: &[
        Permission {
            action: "organizations:DescribePolicy",
            resource: POLICIES,
            purpose: "read whom the prepared policy spares",
        },
        Permission {
            action: "organizations:ListPoliciesForTarget",
            resource: ACCOUNTS,
            purpose: "read the state before, read back",
        },
        Permission { action: "organizations:AttachPolicy", resource: POLICIES, purpose: "attach the prepared policy" },
        Permission { action: "organizations:AttachPolicy", resource: ACCOUNTS, purpose: "attach it to an account" },
        Permission { action: "organizations:DetachPolicy", resource: POLICIES, purpose: "detach the prepared policy" },
        Permission { action: "organizations:DetachPolicy", resource: ACCOUNTS, purpose: "detach it from an account" },
    ],
    rate_class: RateClass::AwsOrganizations,
    blast_radius: "every user and role of the account is refused everything, but for those that the policy spares",
};

/// Quarantines accounts.
#[derive(Debug)]
pub struct AwsScp;

/// The responder.
pub static RESPONDER: AwsScp = AwsScp;

/// Whom a policy that denies everything spares, as patterns of ARNs; `None` where it does not deny everything to everyone
/// else.
fn spared(policy: &Value) -> Option<Vec<String>> {
    let all = |value: &Value| value == "*" || *value == json!(["*"]);
    let list = |value: &Value| match value {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(many) => many.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => None,
    };
    let statements = match &policy["Statement"] {
        Value::Array(statements) => statements.as_slice(),
        one => std::slice::from_ref(one),
    };
    statements.iter().find_map(|statement| {
        if statement["Effect"] != "Deny" || !all(&statement["Action"]) || !all(&statement["Resource"]) {
            return None;
        }
        let Some(condition) = statement.get("Condition") else { return Some(Vec::new()) };
        let [(operator, keys)] = condition.as_object()?.iter().collect::<Vec<_>>()[..] else { return None };
        let [(key, arns)] = keys.as_object()?.iter().collect::<Vec<_>>()[..] else { return None };
        let negated = matches!(operator.as_str(), "ArnNotLike" | "ArnNotEquals" | "StringNotLike" | "StringNotEquals");
        (negated && key.eq_ignore_ascii_case("aws:PrincipalArn")).then(|| list(arns)).flatten()
    })
}

/// Whether `pattern`, in which `*` stands for any text, covers `text`.
fn covers(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

/// Whether a caller, as STS names it, is one that `pattern` spares.
fn spares(pattern: &str, ours: &str) -> bool {
    let account = ours.split(':').nth(4).unwrap_or_default();
    // A session's name does not say the path of its role, so it is compared with the role as the pattern spells it.
    let role: Vec<&str> = pattern.splitn(6, ':').collect();
    let here = match role[..] {
        [a, b, c, d, place, path] if covers(place, account) => format!("{a}:{b}:{c}:{d}:{account}:{path}"),
        _ => return covers(pattern, ours),
    };
    covers(pattern, ours) || is_caller(ours, &here)
}

impl AwsScp {
    fn config<'a>(context: &'a Context<'_>) -> Result<&'a Config, ActError> {
        let config = &context.config.aws_scp;
        if config.management.is_empty() || config.policy.is_empty() || config.spare.is_empty() {
            return Err(ActError::unusable(
                "no prepared policy is configured",
                "add `management`, `policy` and `spare` to `[responder.aws_scp]`; its page has the policy",
            ));
        }
        Ok(config)
    }

    /// Whom the prepared policy spares.
    async fn prepared(context: &Context<'_>) -> Result<Vec<String>, ActError> {
        let config = Self::config(context)?;
        let aws = Aws::of_account(context, &config.management)?;
        let body = json!({"PolicyId": &config.policy});
        let answer = aws.json(Service::Organizations, "AWSOrganizationsV20161128.DescribePolicy", &body).await?;
        let answer = answer.success(&config.policy)?;
        let content = answer.json()?["Policy"]["Content"].as_str().map(str::to_owned);
        let document = content.and_then(|text| serde_json::from_str(&text).ok());
        let document: Value = document.ok_or_else(|| answer.unreadable("it holds no policy".to_owned()))?;
        let spared = spared(&document).ok_or_else(|| {
            ActError::unusable(
                format!("the policy `{}` does not deny everything", config.policy),
                "prepare it as the page of `aws_scp/quarantine` says",
            )
        })?;
        match config.spare.iter().find(|wanted| !spared.contains(wanted)) {
            None => Ok(spared),
            Some(missing) => Err(ActError::unusable(
                format!("the policy `{}` does not spare `{missing}`", config.policy),
                "add it to the policy's condition, or nobody could lift the quarantine from inside",
            )),
        }
    }

    /// Whether the prepared policy is attached to the account itself.
    async fn attached(context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let config = Self::config(context)?;
        let aws = Aws::of_account(context, &config.management)?;
        let mut body = json!({"TargetId": parameter(action, "account")?, "Filter": "SERVICE_CONTROL_POLICY"});
        loop {
            let answer = aws.json(Service::Organizations, "AWSOrganizationsV20161128.ListPoliciesForTarget", &body);
            let page = answer.await?.success(action.target.as_str())?.json()?;
            let mut policies = page["Policies"].as_array().into_iter().flatten();
            if policies.any(|policy| policy["Id"] == config.policy.as_str()) {
                return Ok(true);
            }
            match page["NextToken"].as_str() {
                Some(next) if body["NextToken"] != next => body["NextToken"] = json!(next),
                _ => return Ok(false),
            }
        }
    }

    /// Attaches or detaches; that it is so already is no error.
    async fn set(context: &Context<'_>, action: &Action, call: &str, already: &str) -> Result<(), ActError> {
        let config = Self::config(context)?;
        let aws = Aws::of_account(context, &config.management)?;
        let body = json!({"PolicyId": &config.policy, "TargetId": parameter(action, "account")?});
        let answer = aws.json(Service::Organizations, &format!("AWSOrganizationsV20161128.{call}"), &body).await?;
        match answer.code().as_deref() {
            Some(code) if code == already => Ok(()),
            _ => answer.success(action.target.as_str()).map(|_| ()),
        }
    }

    async fn admitted(context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        let probes = &context.config.aws_scp.probes;
        aws::admitted(context, action, probes.get(parameter(action, "account")?)).await
    }
}

#[async_trait]
impl Responder for AwsScp {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        if parameter(action, "account")? == Self::config(context)?.management {
            return Err(ActError::unusable(
                "service control policies never bind the management account",
                "cut its users and roles one by one",
            ));
        }
        let attached = Self::attached(context, action).await?;
        let admitted = Self::admitted(context, action).await.unwrap_or(None);
        Ok(StateBefore { denied_already: attached, state: json!({"attached": attached}), admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::set(context, action, "AttachPolicy", "DuplicatePolicyAttachmentException").await
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::attached(context, action).await {
            Ok(true) => Evidence::declared(
                true,
                now,
                "the prepared policy is attached; who comes from another account by a resource's own policy is not bound",
            ),
            Ok(false) => Evidence::declared(false, now, "the prepared policy is not attached to the account"),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let seen = Self::admitted(context, action).await;
        vec![declared, aws::effective(context, seen, before, "S3", "a key of the account")]
    }

    async fn undo(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        if before.state["attached"] == true {
            return Ok(());
        }
        Self::set(context, action, "DetachPolicy", "PolicyNotAttachedException").await
    }

    /// Whether what we act with in the account would be refused too. It is asked whom the policy spares in any case, so that
    /// a policy that spares too few is never attached.
    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let spared = Self::prepared(context).await?;
        let account = parameter(action, "account")?;
        if !context.config.aws.accounts.contains_key(account) || account == Self::config(context)?.management {
            return Ok(false);
        }
        let ours = Aws::of_account(context, account)?.caller().await?;
        Ok(!spared.iter().any(|pattern| spares(pattern, &ours)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(condition: Value) -> Value {
        json!({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}]})
    }

    #[test]
    fn only_a_deny_of_everything_but_named_principals_is_a_quarantine() {
        let role = "arn:aws:iam::*:role/Firebreak";
        assert_eq!(spared(&policy(json!({"ArnNotLike": {"aws:PrincipalARN": role}}))), Some(vec![role.to_owned()]));
        assert_eq!(spared(&json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})), Some(vec![]));
        for narrower in [
            json!({"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}),
            json!({"Statement": [{"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}]}),
            json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
            policy(json!({"ArnLike": {"aws:PrincipalArn": role}})),
            policy(json!({"ArnNotLike": {"aws:PrincipalArn": role}, "Bool": {"aws:MultiFactorAuthPresent": "false"}})),
            policy(json!({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}})),
        ] {
            assert_eq!(spared(&narrower), None, "{narrower}");
        }
    }

    #[test]
    fn a_session_of_ours_is_spared_whatever_the_path_of_its_role() {
        let session = "arn:aws:sts::123456789012:assumed-role/Firebreak/x";
        assert!(spares("arn:aws:iam::*:role/Firebreak", session));
        assert!(spares("arn:aws:iam::123456789012:role/security/Firebreak", session));
        assert!(!spares("arn:aws:iam::999999999999:role/Firebreak", session));
        assert!(!spares("arn:aws:iam::*:role/BreakGlass", session));
        assert!(spares("arn:aws:iam::*:user/fire*", "arn:aws:iam::123456789012:user/firebreak"));
        assert!(!spares("arn:aws:iam::*:user/fire", "arn:aws:iam::123456789012:user/firebreak"));
    }
}
