//! Benches for what is done to users, roles and accounts of AWS.

use super::aws::{ANYTHING_IN_S3, Desk, probing};
use super::{Bench, Trial};
use crate::lab::aws::{ACCOUNT, Fakecloud, Keys};
use crate::lab::aws_more::Organization;
use crate::plans::action;
use async_trait::async_trait;
use firebreak_act::StepState;
use firebreak_model::NodeKey;
use serde_json::json;
use std::sync::Arc;

/// Users who are denied everything.
pub(crate) struct UserBench(Desk);

impl UserBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> UserBench {
        UserBench(Desk::new(cloud, "aws_user"))
    }
}

#[async_trait]
impl Bench for UserBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let name = format!("denied-{number}");
        let keys = self.0.cloud.user(&name, ANYTHING_IN_S3).await;
        let arn = format!("arn:aws:iam::{ACCOUNT}:user/{name}");
        let (config, secrets) = self.0.equip(&own, Some((&keys, arn.clone())), json!({}));
        let action = action("aws_user/deny", NodeKey::identity("aws", &arn), &[("account", ACCOUNT)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let user = trial.action.target.name().rsplit('/').next().expect("a name");
        let listed = self.0.cloud.query("iam", "ListAttachedUserPolicies", &[("UserName", user)]).await;
        let (answer, _) = self.0.cloud.may_list_buckets(&probing(trial)).await;
        format!(
            "deny: {}, the key is answered {answer}",
            if listed.contains("AWSDenyAll") { "there" } else { "absent" }
        )
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// Trusts of roles. Somebody of ours may assume each of them.
pub(crate) struct RoleTrustBench(Desk, Option<Keys>);

impl RoleTrustBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> RoleTrustBench {
        RoleTrustBench(Desk::new(cloud, "aws_role_trust"), None)
    }
}

#[async_trait]
impl Bench for RoleTrustBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        if self.1.is_none() {
            let policy =
                r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#;
            self.1 = Some(self.0.cloud.user("prober", policy).await);
        }
        let prober = self.1.clone().expect("made above");
        let role = format!("open-{number}");
        self.0.cloud.role(&role, ANYTHING_IN_S3).await;
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
        let (config, secrets) = self.0.equip(&own, Some((&prober, arn.clone())), json!({}));
        let action = action("aws_role_trust/close", NodeKey::identity("aws", &arn), &[("account", ACCOUNT)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let arn = trial.action.target.name();
        let trust = self.0.cloud.trust(arn.rsplit('/').next().expect("a name")).await;
        format!("trust: {trust}, who may assume it is answered {}", self.0.cloud.assume(&probing(trial), arn).await)
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// Boundaries of users and of roles in turn, of which every other one has a boundary before.
pub(crate) struct BoundaryBench(Desk);

impl BoundaryBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> BoundaryBench {
        BoundaryBench(Desk::new(cloud, "aws_boundary"))
    }
}

/// The boundary that some have before: it allows what their probe does.
const BEFORE: &str = "arn:aws:iam::aws:policy/AmazonS3FullAccess";

#[async_trait]
impl Bench for BoundaryBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let (name, cloud) = (format!("bounded-{number}"), &self.0.cloud);
        let (kind, word) = if number.is_multiple_of(2) { ("role", "Role") } else { ("user", "User") };
        let keys = if kind == "role" {
            cloud.role(&name, ANYTHING_IN_S3).await;
            cloud.session(&name).await
        } else {
            cloud.user(&name, ANYTHING_IN_S3).await
        };
        if number % 4 < 2 {
            let holder = format!("{word}Name");
            let fields = [(holder.as_str(), name.as_str()), ("PermissionsBoundary", BEFORE)];
            cloud.query("iam", &format!("Put{word}PermissionsBoundary"), &fields).await;
        }
        let arn = format!("arn:aws:iam::{ACCOUNT}:{kind}/{name}");
        let (config, secrets) = self.0.equip(&own, Some((&keys, arn.clone())), json!({}));
        let action = action("aws_boundary/quarantine", NodeKey::identity("aws", &arn), &[("account", ACCOUNT)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let (head, name) = trial.action.target.name().rsplit_once('/').expect("a name");
        let word = if head.ends_with(":role") { "Role" } else { "User" };
        let holder = format!("{word}Name");
        let told = self.0.cloud.query("iam", &format!("Get{word}"), &[(holder.as_str(), name)]).await;
        let boundary = crate::lab::aws::element(&told, "PermissionsBoundaryArn").unwrap_or_default();
        format!("boundary: {boundary}, the key is answered {}", self.0.cloud.may_list_buckets(&probing(trial)).await.0)
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// Policies of users and of roles in turn, of which every other one has a managed policy beside its inline one.
pub(crate) struct PolicyBench(Desk);

impl PolicyBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> PolicyBench {
        PolicyBench(Desk::new(cloud, "aws_policy"))
    }
}

/// All that is left: it does not let anyone list buckets.
const NARROW: &str =
    r#"[{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}]"#;

#[async_trait]
impl Bench for PolicyBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let (name, cloud) = (format!("narrowed-{number}"), &self.0.cloud);
        let (kind, word) = if number.is_multiple_of(2) { ("role", "Role") } else { ("user", "User") };
        let keys = if kind == "role" {
            cloud.role(&name, ANYTHING_IN_S3).await;
            cloud.session(&name).await
        } else {
            cloud.user(&name, ANYTHING_IN_S3).await
        };
        let inline: serde_json::Value = serde_json::from_str(ANYTHING_IN_S3).expect("JSON");
        let mut replaces = vec![json!({"name": "tests", "document": inline})];
        if number % 4 < 2 {
            let holder = format!("{word}Name");
            let fields = [(holder.as_str(), name.as_str()), ("PolicyArn", BEFORE)];
            cloud.query("iam", &format!("Attach{word}Policy"), &fields).await;
            replaces.push(json!({"name": "AmazonS3FullAccess", "arn": BEFORE}));
        }
        let (mut config, mut secrets) = self.0.equip(&own, None, json!({}));
        config.aws_policy.overlap_seconds = 1;
        for (part, value) in [("id", Some(&keys.id)), ("secret", Some(&keys.secret)), ("token", keys.token.as_ref())] {
            secrets.0.extend(value.map(|value| (format!("test:target/{part}"), value.clone())));
        }
        let arn = format!("arn:aws:iam::{ACCOUNT}:{kind}/{name}");
        let replaces = serde_json::Value::from(replaces).to_string();
        let parameters =
            [("account", ACCOUNT), ("documents", NARROW), ("replaces", replaces.as_str()), ("stays", "[]")];
        let action = action("aws_policy/narrow", NodeKey::identity("aws", &arn), &parameters);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let (head, name) = trial.action.target.name().rsplit_once('/').expect("a name");
        let word = if head.ends_with(":role") { "Role" } else { "User" };
        let holder = format!("{word}Name");
        let ask = |call: String| {
            let (cloud, holder) = (&self.0.cloud, &holder);
            async move { cloud.query("iam", &call, &[(holder.as_str(), name)]).await }
        };
        let attached = crate::lab::aws::elements(&ask(format!("ListAttached{word}Policies")).await, "PolicyName");
        let inline = crate::lab::aws::elements(&ask(format!("List{word}Policies")).await, "member");
        let ours = attached.iter().filter(|name| name.starts_with("FirebreakNarrow-")).count();
        let secret = |part: &str| trial.secrets.0.get(&format!("test:target/{part}")).cloned();
        let keys =
            Keys { id: secret("id").expect("a key"), secret: secret("secret").expect("a key"), token: secret("token") };
        format!(
            "ours: {ours}, others: {}, inline: {}, listing buckets is answered {}",
            attached.len() - ours,
            inline.len(),
            self.0.cloud.may_list_buckets(&keys).await.0
        )
    }

    fn rests_at(&self) -> StepState {
        StepState::Unobservable
    }
}

/// Accounts of an organisation, a new one for each trial.
pub(crate) struct ScpBench(Desk, Option<Organization>);

impl ScpBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> ScpBench {
        ScpBench(Desk::new(cloud, "aws_scp"), None)
    }
}

#[async_trait]
impl Bench for ScpBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        if self.1.is_none() {
            self.1 = Some(Organization::make(&self.0.cloud).await);
        }
        let organization = self.1.as_ref().expect("made above");
        let account = format!("2000{number:08}");
        let (ours, leaked) = organization.member(&self.0.cloud, &account).await;
        let more = json!({
            "management": ACCOUNT, "policy": organization.quarantine, "spare": ["arn:aws:iam::*:user/firebreak"],
        });
        let (mut config, mut secrets) = self.0.equip(&own, Some((&leaked, account.clone())), more);
        for (part, value) in [("access_key_id", &ours.id), ("secret_access_key", &ours.secret)] {
            secrets.0.insert(format!("test:member/{part}"), value.clone());
        }
        let member = json!({
            "access_key_id": "test:member/access_key_id", "secret_access_key": "test:member/secret_access_key",
            "endpoint": self.0.cloud.endpoint,
        });
        config.aws.accounts.insert(account.clone(), serde_json::from_value(member).expect("an account"));
        let target = NodeKey::identity("aws", &format!("arn:aws:iam::{account}:root"));
        let action = action("aws_scp/quarantine", target, &[("account", &account)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let cloud = &self.0.cloud;
        let ours = |part: &str| trial.secrets.0[&format!("test:member/{part}")].clone();
        let ours = Keys { id: ours("access_key_id"), secret: ours("secret_access_key"), token: None };
        let attached = self.1.as_ref().expect("made first").attached(cloud, &trial.action.parameters["account"]).await;
        let leaked = cloud.may_list_buckets(&probing(trial)).await.0;
        let spared = cloud.may_list_buckets(&ours).await.0;
        format!("attached: {attached}, the account's key is answered {leaked}, ours {spared}")
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}
