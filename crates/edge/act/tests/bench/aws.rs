//! Benches on the AWS emulator. Firebreak's own user has the rights of the responder's manifest there and no others, so
//! that a manifest that lacks one fails.

use super::{Bench, Trial, responder};
use crate::lab::aws::{ACCOUNT, Fakecloud, Keys, element};
use crate::plans::{TestSecrets, action};
use async_trait::async_trait;
use firebreak_act::{Config, StepState};
use firebreak_model::NodeKey;
use serde_json::json;
use std::sync::Arc;

/// What the tests know of the responder's own user and of the target.
pub(super) struct Desk {
    pub(super) cloud: Arc<Fakecloud>,
    pub(super) name: &'static str,
    own: Option<Keys>,
    made: u32,
}

impl Desk {
    pub(super) fn new(cloud: Arc<Fakecloud>, name: &'static str) -> Desk {
        Desk { cloud, name, own: None, made: 0 }
    }

    /// A number for the next target, and Firebreak's own keys.
    pub(super) async fn next(&mut self) -> (u32, Keys) {
        if self.own.is_none() {
            let permissions = responder(self.name).spec().permissions.iter();
            let mut statements: Vec<_> = permissions
                .map(|one| {
                    let resource = one.resource.replace("{account}", ACCOUNT);
                    json!({"Effect": "Allow", "Action": one.action, "Resource": resource})
                })
                .collect();
            // AWS allows the first to everyone, and calls the rights behind the others `s3:…BucketPublicAccessBlock`.
            let odd = [
                "sts:GetCallerIdentity",
                "s3:GetPublicAccessBlock",
                "s3:PutPublicAccessBlock",
                "s3:DeletePublicAccessBlock",
            ];
            statements.push(json!({"Effect": "Allow", "Action": odd, "Resource": "*"}));
            let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
            self.own = Some(self.cloud.user(&format!("firebreak-{}", self.name), &policy).await);
        }
        self.made += 1;
        (self.made, self.own.clone().expect("made above"))
    }

    /// Configuration and secrets with Firebreak's own keys, and a probe where there is one.
    pub(super) fn equip(
        &self,
        own: &Keys,
        probe: Option<(&Keys, String)>,
        more: serde_json::Value,
    ) -> (Config, TestSecrets) {
        let mut secrets = TestSecrets::default();
        let mut reference = |label: &str, keys: &Keys| {
            let mut named = json!({});
            let parts = [
                ("access_key_id", Some(&keys.id)),
                ("secret_access_key", Some(&keys.secret)),
                ("session_token", keys.token.as_ref()),
            ];
            for (part, value) in parts {
                if let Some(value) = value {
                    let name = format!("test:{label}/{part}");
                    secrets.0.insert(name.clone(), value.clone());
                    named[part] = json!(name);
                }
            }
            named
        };
        let mut account = reference("own", own);
        account["endpoint"] = json!(self.cloud.endpoint);
        let mut config = json!({"aws": {"accounts": {ACCOUNT: account}}});
        if let Some((keys, target)) = probe {
            config[self.name] = json!({"probes": {target: reference("probe", keys)}});
        }
        if let Some(fields) = more.as_object() {
            for (name, value) in fields {
                config[self.name][name] = value.clone();
            }
        }
        (serde_json::from_value(config).expect("a configuration"), secrets)
    }
}

/// The keys that a trial probes with.
pub(super) fn probing(trial: &Trial) -> Keys {
    let secret = |part: &str| trial.secrets.0.get(&format!("test:probe/{part}")).cloned();
    let (id, key) = (secret("access_key_id"), secret("secret_access_key"));
    Keys { id: id.expect("a probe"), secret: key.expect("a probe"), token: secret("session_token") }
}

/// A policy that lets its holder do anything in S3.
pub(super) const ANYTHING_IN_S3: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

/// Access keys.
pub(crate) struct AccessKeyBench(Desk);

impl AccessKeyBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> AccessKeyBench {
        AccessKeyBench(Desk::new(cloud, "aws_access_key"))
    }
}

#[async_trait]
impl Bench for AccessKeyBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let user = format!("leaky-{number}");
        let keys = self
            .0
            .cloud
            .user(&user, r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#)
            .await;
        let (config, secrets) = self.0.equip(&own, Some((&keys, keys.id.clone())), json!({}));
        let target = NodeKey::credential("aws", &keys.id);
        let action = action("aws_access_key/deactivate", target, &[("account", ACCOUNT), ("user", &user)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let user = trial.action.parameters["user"].as_str();
        let listed = self.0.cloud.query("iam", "ListAccessKeys", &[("UserName", user)]).await;
        let secret = |part: &str| trial.secrets.0[&format!("test:probe/{part}")].clone();
        let keys = Keys { id: secret("access_key_id"), secret: secret("secret_access_key"), token: None };
        let (status, _) = self.0.cloud.may_list_buckets(&keys).await;
        format!("{}, S3 answers {status}", element(&listed, "Status").expect("a status"))
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// Sessions of roles.
pub(crate) struct RoleSessionsBench(Desk);

impl RoleSessionsBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> RoleSessionsBench {
        RoleSessionsBench(Desk::new(cloud, "aws_role_sessions"))
    }
}

#[async_trait]
impl Bench for RoleSessionsBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let role = format!("leaky-{number}");
        self.0
            .cloud
            .role(&role, r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#)
            .await;
        let session = self.0.cloud.session(&role).await;
        let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
        let (config, secrets) = self.0.equip(&own, Some((&session, arn.clone())), json!({}));
        let target = NodeKey::identity("aws", &arn);
        let action =
            action("aws_role_sessions/deny", target.clone(), &[("account", ACCOUNT), ("role", target.as_str())]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let role = trial.action.target.name().rsplit('/').next().expect("a name");
        let fields = [("RoleName", role), ("PolicyName", "FirebreakRevokeOlderSessions")];
        let (status, _) = self.0.cloud.try_query("iam", "GetRolePolicy", &fields).await;
        let secret = |part: &str| trial.secrets.0[&format!("test:probe/{part}")].clone();
        let (id, token) = (secret("access_key_id"), secret("session_token"));
        let old = Keys { id, secret: secret("secret_access_key"), token: Some(token) };
        let (answer, _) = self.0.cloud.may_list_buckets(&old).await;
        format!("deny: {}, the old session is answered {answer}", if status == 200 { "there" } else { "absent" })
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// Buckets that are public by an access control list, which the emulator's block really shuts.
pub(crate) struct PublicAccessBench(Desk);

impl PublicAccessBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> PublicAccessBench {
        PublicAccessBench(Desk::new(cloud, "aws_public_access"))
    }
}

#[async_trait]
impl Bench for PublicAccessBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let bucket = format!("interviews-{number}");
        let cloud = &self.0.cloud;
        for (method, path, body) in [
            ("PUT", format!("/{bucket}"), ""),
            ("PUT", format!("/{bucket}/a/tape.txt"), "tape"),
            ("PUT", format!("/{bucket}/a/tape.txt?acl"), PUBLIC_READ),
        ] {
            let (status, text) = cloud.s3(method, &path, body).await;
            assert!(status < 300, "{method} {path}: {status} {text}");
        }
        let more = json!({"probe_objects": {&bucket: "a/tape.txt"}});
        let (config, secrets) = self.0.equip(&own, None, more);
        let target = NodeKey::resource("aws", &format!("arn:aws:s3:::{bucket}"));
        let action = action("aws_public_access/block", target, &[("account", ACCOUNT), ("bucket", &bucket)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let bucket = trial.action.parameters["bucket"].as_str();
        let (status, settings) = self.0.cloud.s3("GET", &format!("/{bucket}?publicAccessBlock"), "").await;
        let on = settings.matches(">true<").count();
        let anonymous = self.0.cloud.anonymous(&format!("/{bucket}/a/tape.txt")).await;
        format!("block: {status} with {on} on, anonymous readers are answered {anonymous}")
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// An access control list that lets everyone read.
pub(crate) const PUBLIC_READ: &str = r#"<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>o</ID></Owner><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"#;
