//! Benches for what is done to buckets, secrets, instances and functions of AWS.

use super::aws::{ANYTHING_IN_S3, Desk, probing};
use super::{Bench, Trial};
use crate::lab::aws::{ACCOUNT, Fakecloud, element};
use crate::lab::aws_more::{Isolation, Rotating};
use crate::plans::action;
use async_trait::async_trait;
use firebreak_act::StepState;
use firebreak_model::NodeKey;
use serde_json::json;
use std::sync::Arc;

/// Buckets whose policy holds something already, in turn with such as have none.
pub(crate) struct BucketPolicyBench(Desk);

impl BucketPolicyBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> BucketPolicyBench {
        BucketPolicyBench(Desk::new(cloud, "aws_bucket_policy"))
    }
}

#[async_trait]
impl Bench for BucketPolicyBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let (bucket, reader) = (format!("guarded-{number}"), format!("reader-{number}"));
        let cloud = &self.0.cloud;
        assert!(cloud.s3("PUT", &format!("/{bucket}"), "").await.0 < 300);
        if number.is_multiple_of(2) {
            let policy = json!({"Version": "2012-10-17", "Statement": [{
                "Sid": "TheirOwn", "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")},
                "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::{bucket}/*"),
            }]});
            let (status, text) = cloud.s3("PUT", &format!("/{bucket}?policy"), &policy.to_string()).await;
            assert!(status < 300, "{text}");
        }
        let keys = cloud.user(&reader, ANYTHING_IN_S3).await;
        let arn = format!("arn:aws:iam::{ACCOUNT}:user/{reader}");
        let (config, secrets) = self.0.equip(&own, Some((&keys, arn.clone())), json!({}));
        let target = NodeKey::resource("aws", &format!("arn:aws:s3:::{bucket}"));
        let principal = format!("identity:aws/{arn}");
        let parameters = [("account", ACCOUNT), ("bucket", &bucket), ("principal", &principal)];
        Trial { action: action("aws_bucket_policy/deny", target, &parameters), config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let bucket = trial.action.parameters["bucket"].as_str();
        let (status, policy) = self.0.cloud.s3("GET", &format!("/{bucket}?policy"), "").await;
        // Numbers differ from trial to trial; what matters is whose statements are there.
        let (ours, theirs) = (policy.matches("FirebreakDeny").count(), policy.matches("TheirOwn").count());
        let number: u32 = bucket.rsplit('-').next().and_then(|number| number.parse().ok()).expect("a number");
        let owed = number.is_multiple_of(2);
        assert_eq!(theirs == 1, owed, "what others wrote stays: {status} {policy}");
        let answer =
            self.0.cloud.signed(&probing(trial), "s3", "GET", &format!("/{bucket}?list-type=2&max-keys=1"), "").await;
        format!("statements of ours: {ours}, the reader is answered {}", answer.0)
    }

    fn rests_at(&self) -> StepState {
        StepState::Contained
    }
}

/// Secrets whose rotation function is played by the lab.
pub(crate) struct SecretBench(Desk, Rotating);

impl SecretBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> SecretBench {
        let rotating = Rotating::start(&cloud);
        SecretBench(Desk::new(cloud, "aws_secret"), rotating)
    }
}

#[async_trait]
impl Bench for SecretBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let arn = self.0.cloud.secret(&format!("rotated-{number}"), true).await;
        let (mut config, secrets) = self.0.equip(&own, None, json!({}));
        config.aws.accounts.get_mut(ACCOUNT).expect("equipped").endpoint = Some(self.1.endpoint.clone());
        let action = action("aws_secret/rotate", NodeKey::resource("aws", &arn), &[("account", ACCOUNT)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let body = json!({"SecretId": trial.action.target.name()});
        let told = self.0.cloud.json("secretsmanager", "secretsmanager.GetSecretValue", &body).await;
        format!("current value: {}", told["SecretString"])
    }

    fn rests_at(&self) -> StepState {
        StepState::Unobservable
    }
}

/// Instances in a network that has an isolation group.
pub(crate) struct InstanceBench(Desk, Option<Isolation>);

impl InstanceBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> InstanceBench {
        InstanceBench(Desk::new(cloud, "aws_instance"), None)
    }
}

#[async_trait]
impl Bench for InstanceBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (_, own) = self.0.next().await;
        if self.1.is_none() {
            self.1 = Some(Isolation::make(&self.0.cloud).await);
        }
        let isolation = self.1.as_ref().expect("made above");
        let id = self.0.cloud.instance(&[]).await;
        let (config, secrets) = self.0.equip(&own, None, json!({"groups": {&isolation.vpc: isolation.group}}));
        let target = NodeKey::resource("aws", &format!("arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{id}"));
        let action = action("aws_instance/isolate", target, &[("account", ACCOUNT), ("instance", &id)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        format!("groups: {:?}", self.0.cloud.groups(&trial.action.parameters["instance"]).await)
    }

    fn rests_at(&self) -> StepState {
        StepState::Unobservable
    }
}

/// Instances that run as a role.
pub(crate) struct InstanceProfileBench(Desk);

impl InstanceProfileBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> InstanceProfileBench {
        InstanceProfileBench(Desk::new(cloud, "aws_instance_profile"))
    }
}

#[async_trait]
impl Bench for InstanceProfileBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let (cloud, profile) = (&self.0.cloud, "worker");
        if number == 1 {
            cloud.role(profile, ANYTHING_IN_S3).await;
            cloud.query("iam", "CreateInstanceProfile", &[("InstanceProfileName", profile)]).await;
            let fields = [("InstanceProfileName", profile), ("RoleName", profile)];
            cloud.query("iam", "AddRoleToInstanceProfile", &fields).await;
        }
        let id = cloud.instance(&[("IamInstanceProfile.Name", profile)]).await;
        let (config, secrets) = self.0.equip(&own, None, json!({}));
        let target = NodeKey::resource("aws", &format!("arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{id}"));
        let action = action("aws_instance_profile/detach", target, &[("account", ACCOUNT), ("instance", &id)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let id = trial.action.parameters["instance"].as_str();
        let fields = [("Filter.1.Name", "instance-id"), ("Filter.1.Value.1", id)];
        let told = self.0.cloud.query("ec2", "DescribeIamInstanceProfileAssociations", &fields).await;
        format!("profile: {:?}", element(&told, "arn"))
    }

    fn rests_at(&self) -> StepState {
        StepState::Unobservable
    }
}

/// Functions, of which every other one has a number reserved before.
pub(crate) struct LambdaBench(Desk);

impl LambdaBench {
    pub(crate) fn new(cloud: Arc<Fakecloud>) -> LambdaBench {
        LambdaBench(Desk::new(cloud, "aws_lambda"))
    }
}

#[async_trait]
impl Bench for LambdaBench {
    fn name(&self) -> &'static str {
        self.0.name
    }

    async fn fresh(&mut self) -> Trial {
        let (number, own) = self.0.next().await;
        let (cloud, name) = (&self.0.cloud, format!("job-{number}"));
        let arn = cloud.function(&name, number == 1).await;
        if number.is_multiple_of(2) {
            let path = format!("/2017-10-31/functions/{name}/concurrency");
            let answer =
                cloud.as_administrator("lambda", ("PUT", &path), None, r#"{"ReservedConcurrentExecutions":5}"#);
            assert_eq!(answer.await.status, 200);
        }
        let (config, secrets) = self.0.equip(&own, None, json!({}));
        let action = action("aws_lambda/stop", NodeKey::resource("aws", &arn), &[("account", ACCOUNT)]);
        Trial { action, config, secrets }
    }

    async fn observe(&self, trial: &Trial) -> String {
        let name = trial.action.target.name().rsplit(':').next().expect("a name");
        let path = format!("/2019-09-30/functions/{name}/concurrency");
        let told = self.0.cloud.as_administrator("lambda", ("GET", &path), None, "").await;
        let called = self.0.cloud.call(name).await;
        format!("reserved: {}, a call is answered {called}", String::from_utf8_lossy(&told.body))
    }

    fn rests_at(&self) -> StepState {
        StepState::Unobservable
    }
}
