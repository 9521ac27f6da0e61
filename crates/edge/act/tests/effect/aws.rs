//! What the AWS responders do in fact, under a user who has exactly the rights of the manifest; and what they leave alone.

use super::{ANYTHING_IN_S3, Desk, RISKY, aws_config, effective, probe};
use crate::lab::aws::{ACCOUNT, Fakecloud, Keys, element};
use crate::lab::aws_more::{Isolation, Organization};
use crate::lab::{self};
use crate::plans::{action, approved, step};
use async_trait::async_trait;
use firebreak_act::{RESPONDERS, StepState};
use firebreak_contain::plan::order;
use firebreak_model::{Action, NodeKey, Reversibility};
use firebreak_world::{Http, HttpError, Request, Response, RustlsHttp, World};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Firebreak before the emulator with the rights of the manifest of `responder` alone, and more configuration beside it.
async fn desk(cloud: &Fakecloud, responder: &'static str, more: Value, secrets: &[(&str, &str)]) -> Desk {
    let own = own_keys(cloud, responder).await;
    let mut all = vec![("own:id", own.id.as_str()), ("own:secret", own.secret.as_str())];
    all.extend(secrets);
    Desk::new(aws_config(cloud, more), &all)
}

/// The rights without their conditions: the emulator knows neither `iam:PolicyARN` nor `iam:PermissionsBoundary`, so that what
/// they hold back is for the evaluator of permissions to say.
async fn own_keys(cloud: &Fakecloud, responder: &'static str) -> Keys {
    let spec = RESPONDERS.iter().find(|one| one.spec().name == responder).expect("a responder").spec();
    let allow = |one: &firebreak_act::Permission| json!({"Effect": "Allow", "Action": one.action, "Resource": one.resource.replace("{account}", ACCOUNT)});
    let mut statements: Vec<Value> = spec.permissions.iter().map(allow).collect();
    // AWS allows this to everyone.
    statements.push(json!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}));
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    cloud.user(&format!("firebreak-{responder}"), &policy).await
}

fn on_identity(name: &str, what: &str) -> (String, Action) {
    let arn = format!("arn:aws:iam::{ACCOUNT}:{what}");
    let step = action(name, NodeKey::identity("aws", &arn), &[("account", ACCOUNT)]);
    (arn, step)
}

#[tokio::test(flavor = "current_thread")]
async fn a_denied_user_loses_every_key_and_session_and_nobody_else_does() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    // AWS asks for no right to take a session for oneself; the emulator does.
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sts:GetSessionToken"],"Resource":"*"}]}"#;
    let first = cloud.user("ci", policy).await;
    let second = cloud.key("ci").await;
    let other = cloud.user("backup", ANYTHING_IN_S3).await;
    let session = cloud.session_token(&first).await;
    for keys in [&first, &second, &session] {
        assert_eq!(cloud.may_list_buckets(keys).await.0, 200, "before");
    }
    let (arn, deny) = on_identity("aws_user/deny", "user/ci");
    let (keys, secrets) = probe(&first);
    let desk = desk(&cloud, "aws_user", json!({"aws_user": {"probes": {&arn: keys}}}), &secrets).await;
    let plan = desk.plan(deny, RISKY);
    let step = &desk.execute(&plan).await.steps[0];
    assert_eq!((step.state, effective(step)), (StepState::Contained, Some(true)), "{step:?}");
    for keys in [&first, &second, &session] {
        assert_eq!(cloud.may_list_buckets(keys).await.0, 403, "no condition lets a long-lived key through");
    }
    assert_eq!(cloud.may_list_buckets(&other).await.0, 200, "another user");

    assert_eq!(desk.undo(&plan, false).await.steps[0].state, StepState::Contained, "undo waits for rotation");
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert_eq!(cloud.may_list_buckets(&first).await.0, 200);
    let left = cloud.query("iam", "ListAttachedUserPolicies", &[("UserName", "ci")]).await;
    assert!(!left.contains("AWSDenyAll"), "nothing of ours is left: {left}");
    let theirs = [("UserName", "ci"), ("PolicyName", "tests")];
    assert_eq!(cloud.try_query("iam", "GetUserPolicy", &theirs).await.0, 200, "the user's own policy is untouched");
}

#[tokio::test(flavor = "current_thread")]
async fn we_deny_neither_ourselves_nor_what_is_not_there() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    for (responder, name) in [("aws_user", "aws_user/deny"), ("aws_boundary", "aws_boundary/quarantine")] {
        let desk = desk(&cloud, responder, json!({}), &[]).await;
        let plan = desk.plan(on_identity(name, &format!("user/firebreak-{responder}")).1, RISKY);
        let step = &desk.execute(&plan).await.steps[0];
        assert!(step.state == StepState::Failed && step.detail.contains("itself acts with"), "{step:?}");
        let plan = desk.plan(on_identity(name, "user/nobody").1, RISKY);
        assert_eq!(desk.execute(&plan).await.steps[0].state, StepState::Failed);
    }
    let told = cloud.query("iam", "GetUser", &[("UserName", "firebreak-aws_boundary")]).await;
    assert_eq!(element(&told, "PermissionsBoundaryArn"), None);
}

#[tokio::test(flavor = "current_thread")]
async fn a_closed_role_takes_no_new_session_and_another_does() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let may = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}"#;
    let (stolen, canary) = (cloud.user("stolen", may).await, cloud.user("canary", may).await);
    cloud.role("deploy", ANYTHING_IN_S3).await;
    cloud.role("bystander", ANYTHING_IN_S3).await;
    let (arn, close) = on_identity("aws_role_trust/close", "role/deploy");
    let (session, trust) = (cloud.session("deploy").await, cloud.trust("deploy").await);
    let (keys, secrets) = probe(&canary);
    let desk = desk(&cloud, "aws_role_trust", json!({"aws_role_trust": {"probes": {&arn: keys}}}), &secrets).await;
    assert_eq!(cloud.assume(&stolen, &arn).await, 200);

    let plan = desk.plan(close, RISKY);
    let step = &desk.execute(&plan).await.steps[0];
    assert_eq!((step.state, effective(step)), (StepState::Contained, Some(true)), "{step:?}");
    assert_eq!(cloud.assume(&stolen, &arn).await, 403);
    assert_eq!(cloud.assume(&stolen, &format!("arn:aws:iam::{ACCOUNT}:role/bystander")).await, 200, "another role");
    assert_eq!(cloud.may_list_buckets(&session).await.0, 200, "a session from before lives on, as the page says");

    // Somebody sets a trust of their own: undo does not write over it.
    let theirs = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let change = [("RoleName", "deploy"), ("PolicyDocument", theirs)];
    cloud.query("iam", "UpdateAssumeRolePolicy", &change).await;
    let kept = desk.undo(&plan, true).await;
    assert_eq!(kept.steps[0].state, StepState::UndoFailed);
    assert!(kept.steps[0].detail.contains("somebody changed the trust"), "{}", kept.steps[0].detail);
    assert_eq!(cloud.trust("deploy").await, serde_json::from_str::<Value>(theirs).expect("JSON"));

    // Once what we set is there again, undo brings back what was there before.
    let closed = json!({"Version": "2012-10-17", "Statement": [{"Sid": "FirebreakClosed", "Effect": "Deny",
        "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]}]});
    let change = [("RoleName", "deploy"), ("PolicyDocument", &closed.to_string())];
    cloud.query("iam", "UpdateAssumeRolePolicy", &change).await;
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert_eq!(cloud.trust("deploy").await.to_string(), trust.to_string(), "to the letter, in the same order");
    assert_eq!(cloud.assume(&stolen, &arn).await, 200);
}

/// The network, with somebody in it who changes the trust of `deploy` once we have read it.
struct Meddler {
    real: RustlsHttp,
    endpoint: String,
    done: AtomicBool,
}

const MEDDLED: &str = "Action=UpdateAssumeRolePolicy&Version=2010-05-08&RoleName=deploy&PolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";

#[async_trait]
impl Http for Meddler {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let reads = request.body.starts_with(b"Action=GetRole&");
        let answer = self.real.send(request).await;
        if reads && !self.done.swap(true, Ordering::SeqCst) {
            let signature =
                "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0";
            let change = Request {
                method: "POST".to_owned(),
                url: format!("{}/", self.endpoint),
                headers: vec![("authorization".to_owned(), signature.to_owned())],
                body: MEDDLED.as_bytes().to_vec(),
            };
            assert_eq!(self.real.send(change).await.expect("the emulator answers").status, 200);
        }
        answer
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_trust_that_changes_between_preflight_and_call_is_not_written_over() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    cloud.role("deploy", ANYTHING_IN_S3).await;
    let desk = desk(&cloud, "aws_role_trust", json!({}), &[]).await;
    let real = RustlsHttp::new().expect("a client");
    let meddler = Meddler { real, endpoint: cloud.endpoint.clone(), done: AtomicBool::new(false) };
    let desk = Desk { world: World { http: Arc::new(meddler), ..desk.world.clone() }, ..desk };
    let plan = desk.plan(on_identity("aws_role_trust/close", "role/deploy").1, RISKY);
    let step = &desk.execute(&plan).await.steps[0];
    assert!(step.state == StepState::Failed && step.detail.contains("somebody changed the trust"), "{step:?}");
    assert_eq!(cloud.trust("deploy").await["Statement"][0]["Principal"]["Service"], "ec2.amazonaws.com");
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Failed, "nothing was done, nothing is undone");
    assert_eq!(cloud.trust("deploy").await["Statement"][0]["Principal"]["Service"], "ec2.amazonaws.com");
}

#[tokio::test(flavor = "current_thread")]
async fn a_boundary_refuses_sessions_from_before_and_the_one_before_comes_back() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    cloud.role("deploy", ANYTHING_IN_S3).await;
    cloud.role("bystander", ANYTHING_IN_S3).await;
    let before = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    let fields = [("RoleName", "deploy"), ("PermissionsBoundary", before)];
    cloud.query("iam", "PutRolePermissionsBoundary", &fields).await;
    let (old, bystander) = (cloud.session("deploy").await, cloud.session("bystander").await);
    let (arn, quarantine) = on_identity("aws_boundary/quarantine", "role/deploy");
    let (keys, secrets) = probe(&old);
    let desk = desk(&cloud, "aws_boundary", json!({"aws_boundary": {"probes": {&arn: keys}}}), &secrets).await;
    let plan = desk.plan(quarantine, RISKY);
    let step = &desk.execute(&plan).await.steps[0];
    assert_eq!((step.state, effective(step)), (StepState::Contained, Some(true)), "{step:?}");
    let new = cloud.session("deploy").await;
    assert_eq!((cloud.may_list_buckets(&old).await.0, cloud.may_list_buckets(&new).await.0), (403, 403));
    assert_eq!(cloud.may_list_buckets(&bystander).await.0, 200, "another role");
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    let told = cloud.query("iam", "GetRole", &[("RoleName", "deploy")]).await;
    assert_eq!(element(&told, "PermissionsBoundaryArn").as_deref(), Some(before));
    assert_eq!(cloud.may_list_buckets(&old).await.0, 200);
}

#[tokio::test(flavor = "current_thread")]
async fn a_quarantined_account_is_refused_all_but_those_spared_and_other_accounts_nothing() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let organization = Organization::make(&cloud).await;
    let (lost, fine) = ("200000000001", "200000000002");
    let (ours, leaked) = organization.member(&cloud, lost).await;
    let (_, bystander) = organization.member(&cloud, fine).await;
    let (keys, mut secrets) = probe(&leaked);
    secrets.extend([("member:id", ours.id.as_str()), ("member:secret", ours.secret.as_str())]);
    let scp = json!({"management": ACCOUNT, "policy": organization.quarantine,
        "spare": ["arn:aws:iam::*:user/firebreak"], "probes": {lost: keys}});
    let mut desk = desk(&cloud, "aws_scp", json!({"aws_scp": scp}), &secrets).await;
    let member =
        json!({"access_key_id": "member:id", "secret_access_key": "member:secret", "endpoint": cloud.endpoint});
    desk.config.aws.accounts.insert(lost.to_owned(), serde_json::from_value(member).expect("an account"));
    let quarantine = |account: &str| {
        let target = NodeKey::identity("aws", &format!("arn:aws:iam::{account}:root"));
        action("aws_scp/quarantine", target, &[("account", account)])
    };
    let plan = desk.plan(quarantine(lost), RISKY);
    let step = &desk.execute(&plan).await.steps[0];
    assert_eq!((step.state, effective(step)), (StepState::Contained, Some(true)), "{step:?}");
    assert_eq!(cloud.may_list_buckets(&leaked).await.0, 403);
    assert_eq!(cloud.may_list_buckets(&ours).await.0, 200, "what we act with is spared");
    assert_eq!(cloud.may_list_buckets(&bystander).await.0, 200, "another account");
    assert!(!organization.attached(&cloud, fine).await);

    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert_eq!(cloud.may_list_buckets(&leaked).await.0, 200);
    assert!(!organization.attached(&cloud, lost).await);
    let plan = desk.plan(quarantine(ACCOUNT), RISKY);
    let step = &desk.execute(&plan).await.steps[0];
    assert!(step.state == StepState::Failed && step.detail.contains("management"), "{step:?}");
    let plan = desk.plan(quarantine("200000009999"), RISKY);
    assert_eq!(desk.execute(&plan).await.steps[0].state, StepState::Failed, "an account that is not there");
}

fn on_bucket(bucket: &str, principal: &str) -> Action {
    let target = NodeKey::resource("aws", &format!("arn:aws:s3:::{bucket}"));
    let parameters = [("account", ACCOUNT), ("bucket", bucket), ("principal", principal)];
    action("aws_bucket_policy/deny", target, &parameters)
}

#[tokio::test(flavor = "current_thread")]
async fn a_bucket_is_denied_to_one_and_what_others_wrote_meanwhile_stays() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let (leaked, other) = (cloud.user("ci", ANYTHING_IN_S3).await, cloud.user("backup", ANYTHING_IN_S3).await);
    let second = cloud.user("etl", ANYTHING_IN_S3).await;
    for bucket in ["tapes", "web"] {
        assert!(cloud.s3("PUT", &format!("/{bucket}"), "").await.0 < 300);
    }
    let list = async |keys: &Keys, bucket: &str| cloud.signed(keys, "s3", "GET", &format!("/{bucket}"), "").await.0;
    let desk = desk(&cloud, "aws_bucket_policy", json!({}), &[]).await;
    let deny = |user: &str| {
        let principal = format!("identity:aws/arn:aws:iam::{ACCOUNT}:user/{user}");
        step(on_bucket("tapes", &principal), RISKY, 1)
    };
    // Two at once: our own steps on one bucket do not lose each other's statement.
    let plan = approved(order::order(vec![deny("ci"), deny("etl")]), desk.world.clock.now());
    let report = desk.execute(&plan).await;
    let once = report.steps.iter().all(|step| step.state == StepState::Unobservable && step.attempts == 1);
    assert!(once && report.steps.len() == 2, "{:?}", report.steps);
    assert_eq!((list(&leaked, "tapes").await, list(&second, "tapes").await), (403, 403));
    assert_eq!((list(&leaked, "web").await, list(&second, "web").await), (200, 200), "another bucket");
    assert_eq!(list(&other, "tapes").await, 200, "another user");

    // Somebody adds a statement meanwhile.
    let (_, policy) = cloud.s3("GET", "/tapes?policy", "").await;
    let mut policy: Value = serde_json::from_str(&policy).expect("JSON");
    let theirs = json!({"Sid": "NoDeletes", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::tapes/*"});
    policy["Statement"].as_array_mut().expect("a list").push(theirs.clone());
    assert!(cloud.s3("PUT", "/tapes?policy", &policy.to_string()).await.0 < 300);
    assert!(desk.undo(&plan, true).await.steps.iter().all(|step| step.state == StepState::Undone));
    let (_, policy) = cloud.s3("GET", "/tapes?policy", "").await;
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    assert_eq!(policy["Statement"], json!([theirs]));
    assert_eq!(list(&leaked, "tapes").await, 200);

    let everyone = desk.plan(on_bucket("tapes", "*"), RISKY);
    let step = &desk.execute(&everyone).await.steps[0];
    assert_eq!(step.state, StepState::Failed, "a deny that does not spare us: {step:?}");
    assert_eq!(list(&other, "tapes").await, 200);
}

#[tokio::test(flavor = "current_thread")]
async fn a_secret_without_a_function_is_not_rotated_and_one_whose_function_fails_is_not_called_so() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let (alone, failing) = (cloud.secret("alone", false).await, cloud.secret("failing", true).await);
    let desk = desk(&cloud, "aws_secret", json!({}), &[]).await;
    let impatient = firebreak_act::SimulatedSleep(Arc::default());
    impatient.0.set(desk.world.clock.now());
    let desk = Desk { world: World { clock: impatient.0.clone(), ..desk.world.clone() }, ..desk };
    let rotate = |arn: &str| action("aws_secret/rotate", NodeKey::resource("aws", arn), &[("account", ACCOUNT)]);
    let current = async |arn: &str| {
        let told = cloud.json("secretsmanager", "secretsmanager.DescribeSecret", &json!({"SecretId": arn})).await;
        told["VersionIdsToStages"].clone()
    };
    let before = current(&alone).await;
    let plan = desk.plan(rotate(&alone), Reversibility::Irreversible);
    let step = &desk.execute(&plan).await.steps[0];
    assert!(step.state == StepState::Failed && step.detail.contains("no rotation function"), "{step:?}");
    assert_eq!(current(&alone).await, before);
    // The emulator takes the request and, without containers, runs no function: a platform whose word is not its deed.
    let plan = desk.plan(rotate(&failing), Reversibility::Irreversible);
    let executor = desk.executor().with_sleep(&impatient);
    let report = executor.execute(&plan, firebreak_act::Mode::Live).await.expect("a journal");
    let step = &report.steps[0];
    assert!(matches!(step.state, StepState::NotContained | StepState::Unobservable), "{step:?}");
    assert!(step.evidence.iter().all(|one| !one.denied), "{step:?}");
}

fn on_instance(name: &str, id: &str) -> Action {
    let target = NodeKey::resource("aws", &format!("arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{id}"));
    action(name, target, &[("account", ACCOUNT), ("instance", id)])
}

#[tokio::test(flavor = "current_thread")]
async fn an_instance_is_isolated_and_gets_all_its_groups_back() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let isolation = Isolation::make(&cloud).await;
    let (web, db) = (cloud.group("web", &isolation.vpc).await, cloud.group("db", &isolation.vpc).await);
    let groups = [("SecurityGroupId.1", web.as_str()), ("SecurityGroupId.2", db.as_str())];
    let (lost, fine) = (cloud.instance(&groups).await, cloud.instance(&groups).await);
    let mut before = cloud.groups(&lost).await;
    let config = |group: &str| json!({"aws_instance": {"groups": {&isolation.vpc: group}}});
    // A group as AWS makes it lets everything out.
    let open = desk(&cloud, "aws_instance", config(&web), &[]).await;
    let plan = open.plan(on_instance("aws_instance/isolate", &lost), RISKY);
    let step = &open.execute(&plan).await.steps[0];
    assert!(step.state == StepState::Failed && step.detail.contains("does not isolate"), "{step:?}");
    assert_eq!(cloud.groups(&lost).await, before);

    let Desk { world, journal, record, .. } = open;
    let desk = Desk { config: reconfigured(&cloud, config(&isolation.group)), world, journal, record };
    let plan = desk.plan(on_instance("aws_instance/isolate", &lost), RISKY);
    let step = &desk.execute(&plan).await.steps[0];
    assert_eq!(step.state, StepState::Unobservable, "{step:?}");
    assert_eq!(cloud.groups(&lost).await, std::slice::from_ref(&isolation.group));
    let mut others = cloud.groups(&fine).await;
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    let mut after = cloud.groups(&lost).await;
    for list in [&mut before, &mut after, &mut others] {
        list.sort_unstable();
    }
    assert_eq!((&after, &others), (&before, &before), "both groups are back, and the other instance kept its own");
}

fn reconfigured(cloud: &Fakecloud, more: Value) -> firebreak_act::Config {
    serde_json::from_value(aws_config(cloud, more)).expect("a configuration")
}

#[tokio::test(flavor = "current_thread")]
async fn a_stopped_function_refuses_calls_and_another_does_not() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let arn = cloud.function("lost", true).await;
    cloud.function("fine", false).await;
    let (before, desk) = (cloud.call("lost").await, desk(&cloud, "aws_lambda", json!({}), &[]).await);
    assert_ne!(before, 429);
    let stop = action("aws_lambda/stop", NodeKey::resource("aws", &arn), &[("account", ACCOUNT)]);
    let plan = desk.plan(stop, RISKY);
    let step = &desk.execute(&plan).await.steps[0];
    assert_eq!(step.state, StepState::Unobservable, "{step:?}");
    assert_eq!((cloud.call("lost").await, cloud.call("fine").await), (429, before));
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert_eq!(cloud.call("lost").await, before);
}

/// What a proposal says of a principal that has one inline policy.
fn narrowing(what: &str, held: &Value, documents: &Value) -> Action {
    let replaces = json!([{"name": "tests", "document": held}]).to_string();
    let arn = format!("arn:aws:iam::{ACCOUNT}:{what}");
    let documents = documents.to_string();
    let parameters =
        [("account", ACCOUNT), ("documents", documents.as_str()), ("replaces", replaces.as_str()), ("stays", "[]")];
    action("aws_policy/narrow", NodeKey::identity("aws", &arn), &parameters)
}

fn allowing(actions: &[&str]) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
}

#[tokio::test(flavor = "current_thread")]
async fn who_is_narrowed_keeps_what_stays_and_loses_the_rest() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let wide = allowing(&["s3:*", "iam:ListUsers"]);
    let keys = cloud.user("ci", &wide.to_string()).await;
    let other = cloud.user("backup", &wide.to_string()).await;
    let lists = async |keys: &Keys| {
        let users = cloud.signed(keys, "iam", "POST", "/", "Action=ListUsers&Version=2010-05-08").await.0;
        (cloud.may_list_buckets(keys).await.0, users)
    };
    assert_eq!(lists(&keys).await, (200, 200), "before");
    let desk = desk(&cloud, "aws_policy", json!({}), &[]).await;
    let plan = desk.plan(narrowing("user/ci", &wide, &json!([allowing(&["s3:*"])])), Reversibility::Reversible);
    let step = &desk.execute(&plan).await.steps[0];
    assert_eq!(step.state, StepState::Unobservable, "nobody tries what went: {step:?}");
    assert_eq!(lists(&keys).await, (200, 403));
    assert_eq!(lists(&other).await, (200, 200), "another user");

    // Somebody gives the user more meanwhile: that stays theirs.
    let more = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    cloud.query("iam", "AttachUserPolicy", &[("UserName", "ci"), ("PolicyArn", more)]).await;
    assert_eq!(desk.undo(&plan, false).await.steps[0].state, StepState::Undone);
    assert_eq!(lists(&keys).await, (200, 200));
    let attached = cloud.query("iam", "ListAttachedUserPolicies", &[("UserName", "ci")]).await;
    assert!(attached.contains(more) && !attached.contains("FirebreakNarrow-"), "{attached}");
    let left = cloud.query("iam", "ListPolicies", &[("Scope", "Local")]).await;
    assert!(!left.contains("FirebreakNarrow-"), "ours is gone: {left}");
}

#[tokio::test(flavor = "current_thread")]
async fn only_what_the_proposal_was_made_of_is_replaced() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let wide = allowing(&["s3:ListAllMyBuckets", "iam:ListUsers"]);
    cloud.role("deploy", &wide.to_string()).await;
    let own = || json!([allowing(&["s3:ListAllMyBuckets"])]);
    let desk = desk(&cloud, "aws_policy", json!({}), &[]).await;
    let refused = async |action: Action, why: &str| {
        let plan = desk.plan(action, Reversibility::Reversible);
        let step = desk.execute(&plan).await.steps[0].clone();
        assert!(step.state == StepState::Failed && step.detail.contains(why), "{step:?}");
    };
    let other = allowing(&["s3:ListAllMyBuckets"]);
    refused(narrowing("role/deploy", &other, &own()), "its inline policies are others").await;
    let more = [("RoleName", "deploy"), ("PolicyArn", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")];
    cloud.query("iam", "AttachRolePolicy", &more).await;
    refused(narrowing("role/deploy", &wide, &own()), "is attached and was not").await;
    refused(narrowing("user/firebreak-aws_policy", &wide, &own()), "itself acts with").await;
    let session = cloud.session("deploy").await;
    assert_eq!(cloud.may_list_buckets(&session).await.0, 200, "nothing changed");
}
