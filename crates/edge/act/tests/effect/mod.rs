//! Whether what is cut is shut, and nothing else: on servers that really deny, by the true clock.

mod aws;
mod drills;
mod keycloak;
mod kubernetes;
mod vault;

use crate::bench::PUBLIC_READ;
use crate::lab::aws::{ACCOUNT, Fakecloud, Keys};
use crate::lab::oauth::{CLIENT, Provider};
use crate::lab::postgres::Cluster;
use crate::lab::receiver::Receiver;
use crate::lab::{self};
use crate::plans::{self, TestSecrets, action, approved, approved_one, step};
use async_trait::async_trait;
use firebreak_act::{
    Config, DeniedEvent, EvidenceKind, ExecutionReport, Executor, MemoryJournal, MemoryRecord, Mode, StepReport,
    StepState, UndoGate, Witness,
};
use firebreak_contain::plan::order;
use firebreak_contain::{Approved, Plan};
use firebreak_model::{Action, EventUid, NodeKey, Reversibility, Time};
use firebreak_world::{Http, HttpError, Request, Response, RustlsHttp, SqlxPostgres, World};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const ANYTHING_IN_S3: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
const RISKY: Reversibility = Reversibility::ReversibleReissuesAccess;

/// Firebreak with the real network, the true clock and these secrets.
struct Desk {
    world: World,
    config: Config,
    journal: MemoryJournal,
    record: MemoryRecord,
}

impl Desk {
    fn new(config: Value, secrets: &[(&str, &str)]) -> Desk {
        let secrets = secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let world = World {
            http: Arc::new(RustlsHttp::new().expect("a client")),
            postgres: Arc::new(SqlxPostgres),
            secrets: Arc::new(TestSecrets(secrets)),
            ..World::offline()
        };
        let config = serde_json::from_value(config).expect("a configuration");
        Desk { world, config, journal: MemoryJournal::default(), record: MemoryRecord::default() }
    }

    fn executor(&self) -> Executor<'_> {
        Executor::new(&self.world, &self.config, &self.journal, &self.record)
    }

    fn plan(&self, action: Action, reversibility: Reversibility) -> Approved<Plan> {
        approved_one(action, reversibility, self.world.clock.now())
    }

    async fn execute(&self, plan: &Approved<Plan>) -> ExecutionReport {
        self.executor().execute(plan, Mode::Live).await.expect("journal and record work")
    }

    async fn undo(&self, plan: &Approved<Plan>, rotated: bool) -> ExecutionReport {
        let gate = UndoGate { rotated, override_reason: None };
        self.executor().undo(plan.plan().id().as_str(), None, &gate).await.expect("journal and record work")
    }
}

/// The emulator's account with `own` as our keys and more configuration beside it.
fn aws_config(cloud: &Fakecloud, more: Value) -> Value {
    let mut config = json!({"aws": {"accounts": {ACCOUNT: {
        "access_key_id": "own:id", "secret_access_key": "own:secret", "endpoint": cloud.endpoint,
    }}}});
    for (name, value) in more.as_object().expect("a table") {
        config[name] = value.clone();
    }
    config
}

fn effective(step: &StepReport) -> Option<bool> {
    step.evidence.iter().find(|one| one.kind == EvidenceKind::Effective).map(|one| one.denied)
}

/// The keys as a probe in the configuration, and its secrets.
fn probe(keys: &Keys) -> (Value, Vec<(&str, &str)>) {
    let mut probe = json!({"access_key_id": "old:id", "secret_access_key": "old:secret"});
    let mut secrets = vec![("old:id", keys.id.as_str()), ("old:secret", keys.secret.as_str())];
    if let Some(token) = &keys.token {
        probe["session_token"] = json!("old:token");
        secrets.push(("old:token", token));
    }
    (probe, secrets)
}

const ADMINISTRATOR: [(&str, &str); 2] = [("own:id", "test"), ("own:secret", "test")];

#[tokio::test(flavor = "current_thread")]
async fn an_inactive_key_is_refused_and_its_twin_is_not() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let leaked = cloud.user("ci", ANYTHING_IN_S3).await;
    let other = cloud.user("backup", ANYTHING_IN_S3).await;
    let (keys, mut secrets) = probe(&leaked);
    secrets.extend(ADMINISTRATOR);
    let desk = Desk::new(aws_config(&cloud, json!({"aws_access_key": {"probes": {&leaked.id: keys}}})), &secrets);
    let target = NodeKey::credential("aws", &leaked.id);
    let plan = desk.plan(action("aws_access_key/deactivate", target, &[("account", ACCOUNT), ("user", "ci")]), RISKY);

    let report = desk.execute(&plan).await;
    let step = &report.steps[0];
    assert_eq!((step.state, effective(step)), (StepState::Contained, Some(true)), "{step:?}");
    assert!(step.seconds_to_effective_denial.expect("it was seen") < 30.0);
    let (status, text) = cloud.may_list_buckets(&leaked).await;
    let named = text.contains("InvalidAccessKeyId") || text.contains("InvalidClientTokenId");
    assert!(status == 403 && named, "{text}");
    assert_eq!(cloud.may_list_buckets(&other).await.0, 200, "another user's key");

    // Undo waits for rotation.
    let kept = desk.undo(&plan, false).await;
    assert_eq!(kept.steps[0].state, StepState::Contained);
    assert!(kept.steps[0].detail.contains("rotate"), "{}", kept.steps[0].detail);
    assert_eq!(cloud.may_list_buckets(&leaked).await.0, 403);
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert_eq!(cloud.may_list_buckets(&leaked).await.0, 200);
}

#[tokio::test(flavor = "current_thread")]
async fn our_own_key_is_not_deactivated() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let own = cloud.user("firebreak", policy).await;
    let desk = Desk::new(aws_config(&cloud, json!({})), &[("own:id", &own.id), ("own:secret", &own.secret)]);
    let target = NodeKey::credential("aws", &own.id);
    let parameters = [("account", ACCOUNT), ("user", "firebreak")];
    let plan = desk.plan(action("aws_access_key/deactivate", target, &parameters), RISKY);
    let report = desk.execute(&plan).await;
    assert_eq!(report.steps[0].state, StepState::Failed);
    assert!(report.steps[0].detail.contains("what Firebreak itself acts with"), "{}", report.steps[0].detail);
    assert_eq!(cloud.may_list_buckets(&own).await.0, 200);
}

/// Somebody who sees in the event stream that the old authority was refused.
struct SawIt(Time);

impl Witness for SawIt {
    fn denied_after(&self, target: &NodeKey, after: Time) -> Option<DeniedEvent> {
        (self.0 > after).then(|| DeniedEvent { uid: EventUid::of("tests", target.as_str().as_bytes()), at: self.0 })
    }
}

#[tokio::test(flavor = "current_thread")]
async fn without_the_key_only_a_denied_event_shows_the_effect() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let leaked = cloud.user("ci", ANYTHING_IN_S3).await;
    let desk = Desk::new(aws_config(&cloud, json!({})), &ADMINISTRATOR);
    let target = NodeKey::credential("aws", &leaked.id);
    let plan = desk.plan(action("aws_access_key/deactivate", target, &[("account", ACCOUNT), ("user", "ci")]), RISKY);
    let report = desk.execute(&plan).await;
    assert_eq!(report.steps[0].state, StepState::Unobservable, "declared is not effective: {:?}", report.steps);
    assert_eq!(report.steps[0].seconds_to_effective_denial, None);

    let seen = SawIt(desk.world.clock.now().plus_seconds(3));
    let again = desk.executor().with_witness(&seen).execute(&plan, Mode::Live).await.expect("a journal");
    assert_eq!(again.steps[0].state, StepState::Contained);
    assert!(again.steps[0].seconds_to_effective_denial.expect("seen") >= 3.0);
}

#[tokio::test(flavor = "current_thread")]
async fn old_sessions_are_refused_new_ones_admitted_and_the_sweep_takes_those_in_between() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    cloud.role("deploy", ANYTHING_IN_S3).await;
    cloud.role("bystander", ANYTHING_IN_S3).await;
    let (old, bystander) = (cloud.session("deploy").await, cloud.session("bystander").await);
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/deploy");
    let (keys, mut secrets) = probe(&old);
    secrets.extend(ADMINISTRATOR);
    let settings = json!({"aws_role_sessions": {"skew_seconds": 0, "probes": {&arn: keys}}});
    let desk = Desk::new(aws_config(&cloud, settings), &secrets);
    let target = NodeKey::identity("aws", &arn);
    let deny = step(action("aws_role_sessions/deny", target, &[("account", ACCOUNT)]), RISKY, 4);
    let plan = approved(order::order(vec![deny]), desk.world.clock.now());
    assert_eq!(plan.plan().steps().len(), 2, "a deny and its sweep");

    // In the four seconds between the two denies somebody takes a session.
    let between = async {
        tokio::time::sleep(Duration::from_millis(2_200)).await;
        let taken = cloud.session("deploy").await;
        (cloud.may_list_buckets(&old).await.0, cloud.may_list_buckets(&taken).await.0, taken)
    };
    let (report, (old_answer, taken_answer, taken)) = tokio::join!(desk.execute(&plan), between);
    assert_eq!((old_answer, taken_answer), (403, 200), "old refused, new admitted, before the sweep");
    assert_eq!(report.steps[0].state, StepState::Contained, "{:?}", report.steps[0]);
    assert_eq!(cloud.may_list_buckets(&taken).await.0, 403, "the sweep takes what was taken meanwhile");
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let new = cloud.session("deploy").await;
    assert_eq!(cloud.may_list_buckets(&new).await.0, 200, "the role itself goes on working");
    assert_eq!(cloud.may_list_buckets(&bystander).await.0, 200, "another role");

    // Both steps back, last one first: nothing of ours is left on the role.
    let undone = desk.undo(&plan, true).await;
    assert!(undone.steps.iter().all(|step| step.state == StepState::Undone), "{:?}", undone.steps);
    assert_eq!(cloud.may_list_buckets(&old).await.0, 200, "this is why undo waits for expiry");
    let fields = [("RoleName", "deploy"), ("PolicyName", "FirebreakRevokeOlderSessions")];
    assert_eq!(cloud.try_query("iam", "GetRolePolicy", &fields).await.0, 404);
    let fields = [("RoleName", "deploy"), ("PolicyName", "tests")];
    assert_eq!(cloud.try_query("iam", "GetRolePolicy", &fields).await.0, 200, "the role's own policy is untouched");
}

#[tokio::test(flavor = "current_thread")]
async fn a_bucket_that_stays_open_in_fact_is_not_called_contained() {
    let Some(lab) = lab::prepared() else { return };
    let cloud = Fakecloud::start(&lab);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/*"}]});
    for (path, body) in [("/open", ""), ("/open/x", "x"), ("/open?policy", &policy.to_string())] {
        assert!(cloud.s3("PUT", path, body).await.0 < 300, "{path}");
    }
    let settings = json!({"aws_public_access": {"probe_objects": {"open": "x"}}});
    let desk = Desk::new(aws_config(&cloud, settings), &ADMINISTRATOR);
    let target = NodeKey::resource("aws", "arn:aws:s3:::open");
    let block = action("aws_public_access/block", target, &[("account", ACCOUNT), ("bucket", "open")]);
    let plan = desk.plan(block, Reversibility::Reversible);
    // The emulator stores `RestrictPublicBuckets` and does not enforce it: a platform whose word is not its deed.
    let impatient = firebreak_act::SimulatedSleep(Arc::default());
    impatient.0.set(desk.world.clock.now());
    let desk = Desk { world: World { clock: impatient.0.clone(), ..desk.world.clone() }, ..desk };
    let executor = desk.executor().with_sleep(&impatient);
    let report = executor.execute(&plan, Mode::Live).await.expect("a journal");
    let step = &report.steps[0];
    assert_eq!((step.state, effective(step)), (StepState::NotContained, Some(false)), "{step:?}");
    assert!(step.evidence.iter().any(|one| one.kind == EvidenceKind::Declared && one.denied), "S3 says it is shut");
    // What it does enforce: nothing becomes public any more.
    assert_eq!(cloud.s3("PUT", "/open?policy", &policy.to_string()).await.0, 403);
    assert_eq!(cloud.s3("PUT", "/open?acl", PUBLIC_READ).await.0, 403);
}

#[tokio::test(flavor = "current_thread")]
async fn a_role_without_login_loses_its_sessions_and_nobody_else_does() {
    let Some(_lab) = lab::prepared() else { return };
    let cluster = Cluster::start();
    cluster.psql("CREATE ROLE app LOGIN PASSWORD 'app'");
    cluster.psql("CREATE ROLE app2 LOGIN PASSWORD 'app2'");
    let session = cluster.session("app", "app");
    let _bystander = cluster.session("app2", "app2");
    let config = json!({"postgres_role": {"servers": {"db": {"url": "own", "probes": {"app": "old"}}}}});
    let (own, old) = (cluster.url("firebreak", "responder"), cluster.url("app", "app"));
    let desk = Desk::new(config, &[("own", &own), ("old", &old)]);
    let disable = |role: &str| {
        let target = NodeKey::identity("postgres", &format!("db/{role}"));
        action("postgres_role/disable", target, &[("host", "db"), ("role", role)])
    };
    let plan = desk.plan(disable("app"), RISKY);

    let report = desk.execute(&plan).await;
    assert_eq!(report.steps[0].state, StepState::Contained, "{:?}", report.steps);
    let words = session.last_words();
    assert!(words.contains("terminating connection due to administrator command"), "{words}");
    assert_eq!(cluster.try_login("app", "app"), Err("not permitted to log in".to_owned()));
    assert_eq!(cluster.try_login("app2", "app2"), Ok(()));
    assert_eq!(cluster.psql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app2'"), "1");

    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert_eq!(cluster.try_login("app", "app"), Ok(()));

    let own_role = desk.plan(disable("firebreak"), RISKY);
    assert_eq!(desk.execute(&own_role).await.steps[0].state, StepState::Failed, "we do not lock ourselves out");
    assert_eq!(cluster.try_login("firebreak", "responder"), Ok(()));
    let nobody = desk.plan(disable("nobody"), RISKY);
    assert!(desk.execute(&nobody).await.steps[0].detail.contains("no such role"));
}

/// Makes logins with the newest that works, as fast as the server takes them, until none works any longer; gives their names.
fn make_logins(cluster: &Cluster) -> Vec<String> {
    let mut made = vec!["warehouse".to_owned()];
    loop {
        let name = format!("svc_{}", made.len());
        let statement = format!("CREATE ROLE {name} LOGIN CREATEROLE IN ROLE warehouse PASSWORD 'app'");
        if !made.iter().rev().any(|one| cluster.statement(one, "app", &statement)) {
            return made;
        }
        made.push(name);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_intruder_who_goes_on_making_logins_has_none_after_one_sweep() {
    let Some(_lab) = lab::prepared() else { return };
    let cluster = Cluster::start();
    cluster.psql("CREATE ROLE warehouse LOGIN CREATEROLE PASSWORD 'app'");
    cluster.psql("CREATE ROLE payroll LOGIN PASSWORD 'app'");
    cluster.psql("CREATE ROLE analytics LOGIN PASSWORD 'app' IN ROLE warehouse");
    // Whoever lets an honest login in has it cut by nobody who read the map.
    assert!(cluster.statement("warehouse", "app", "GRANT warehouse TO payroll"));
    let config = json!({"postgres_role": {"servers": {"db": {"url": "own"}}}});
    let desk = Desk::new(config, &[("own", &cluster.url("firebreak", "responder"))]);
    let target = NodeKey::identity("postgres", "db/warehouse");
    let disable = action("postgres_role/disable", target, &[("host", "db"), ("role", "warehouse")]);
    let mut sweep = disable.clone();
    let known = r#"["analytics", "payroll", "warehouse"]"#;
    sweep.parameters.extend([("sweep_after_seconds".into(), "0".into()), ("known".into(), known.into())]);
    let (disable, sweep) = (desk.plan(disable, RISKY), desk.plan(sweep, RISKY));

    let cluster = Arc::new(cluster);
    let intruder = Arc::clone(&cluster);
    let intruder = tokio::task::spawn_blocking(move || make_logins(&intruder));
    tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    let reports = (desk.execute(&disable).await, desk.execute(&sweep).await);
    let made = intruder.await.expect("an intruder");

    assert!(made.len() > 3, "{made:?}");
    assert_eq!(reports.1.steps[0].state, StepState::Unobservable, "nobody saw a refusal: {:?}", reports.1.steps);
    assert!(reports.1.steps[0].evidence.iter().any(|one| one.kind == EvidenceKind::Declared && one.denied));
    for name in &made {
        assert_eq!(cluster.try_login(name, "app"), Err("not permitted to log in".to_owned()), "{name}");
    }
    for honest in ["payroll", "analytics", "firebreak"] {
        let may = cluster.psql(&format!("SELECT rolcanlogin FROM pg_roles WHERE rolname = '{honest}'"));
        assert_eq!(may, "t", "{honest}");
    }
    let undone = desk.undo(&sweep, true).await;
    assert_eq!(undone.steps[0].state, StepState::Undone, "{:?}", undone.steps);
    assert!(undone.steps[0].detail.contains("stays shut"), "it says so: {}", undone.steps[0].detail);
    assert!(cluster.try_login("warehouse", "app").is_err(), "that is another step");
    assert_eq!(desk.undo(&disable, true).await.steps[0].state, StepState::Undone);
    assert_eq!(cluster.try_login("warehouse", "app"), Ok(()), "the login that the step named is back");
    for name in made.iter().filter(|name| *name != "warehouse") {
        assert!(cluster.try_login(name, "app").is_err(), "{name} was minted by the intruder and stays shut");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_role_that_could_not_log_in_before_cannot_after_the_undo() {
    let Some(_lab) = lab::prepared() else { return };
    let cluster = Cluster::start();
    cluster.psql("CREATE ROLE batch NOLOGIN");
    let config = json!({"postgres_role": {"servers": {"db": {"url": "own"}}}});
    let desk = Desk::new(config, &[("own", &cluster.url("firebreak", "responder"))]);
    let target = NodeKey::identity("postgres", "db/batch");
    let plan = desk.plan(action("postgres_role/disable", target, &[("host", "db"), ("role", "batch")]), RISKY);
    let report = desk.execute(&plan).await;
    assert_eq!((report.steps[0].state, report.steps[0].attempts), (StepState::Unobservable, 0), "{:?}", report.steps);
    assert_eq!(desk.undo(&plan, true).await.steps[0].state, StepState::Undone);
    assert_eq!(cluster.psql("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'batch'"), "f");
}

fn oauth_desk(provider: &Provider, token: &str) -> (Desk, Action) {
    let issuer = &provider.issuer;
    let config = json!({"oauth_token": {"issuers": {"id.example": {
        "revocation_endpoint": format!("{issuer}/token/revocation"),
        "introspection_endpoint": format!("{issuer}/token/introspection"),
        "probe_url": format!("{issuer}/resource"),
        "client_id": CLIENT.0,
        "client_secret": "client",
        "tokens": {"f00d": "token"},
    }}}});
    let desk = Desk::new(config, &[("client", CLIENT.1), ("token", token)]);
    let target = NodeKey::credential("oauth", "id.example/f00d");
    (desk, action("oauth_token/revoke", target, &[("issuer", "id.example")]))
}

#[tokio::test(flavor = "current_thread")]
async fn a_revoked_token_is_refused_and_its_sibling_is_not() {
    let Some(lab) = lab::prepared() else { return };
    let provider = Provider::start(&lab);
    let (token, sibling) = (provider.token().await, provider.token().await);
    assert_eq!(provider.resource(&token).await, 200);
    let (desk, revoke) = oauth_desk(&provider, &token);
    let plan = desk.plan(revoke, Reversibility::Irreversible);
    let report = desk.execute(&plan).await;
    assert_eq!(report.steps[0].state, StepState::Contained, "{:?}", report.steps);
    assert!(!provider.is_active(&token).await && provider.is_active(&sibling).await);
    assert_eq!((provider.resource(&token).await, provider.resource(&sibling).await), (401, 200));
    let undone = desk.undo(&plan, true).await;
    assert_eq!(undone.steps[0].state, StepState::Contained, "there is no way back, and none is claimed");
}

#[tokio::test(flavor = "current_thread")]
async fn a_200_for_garbage_is_not_containment() {
    let Some(lab) = lab::prepared() else { return };
    let provider = Provider::start(&lab);
    let real = provider.token().await;
    let (desk, revoke) = oauth_desk(&provider, "not the token");
    let plan = desk.plan(revoke, Reversibility::Irreversible);
    let report = desk.execute(&plan).await;
    assert_eq!(report.steps[0].state, StepState::Unobservable, "{:?}", report.steps);
    assert!(report.steps[0].evidence.iter().all(|one| !one.denied));
    assert!(provider.is_active(&real).await);
}

#[tokio::test(flavor = "current_thread")]
async fn a_receiver_that_tells_nothing_or_takes_nothing_is_not_believed() {
    let receiver = Receiver::start();
    let config = json!({"webhook": {"requests": {"revoke_slack_token": {"url": format!("{}/hook", receiver.url), "secret": "key"}}}});
    let target = NodeKey::credential("slack", "xoxb-1");
    let request = action("webhook/request", target, &[("request", "revoke_slack_token")]);

    let desk = Desk::new(config.clone(), &[("key", crate::lab::receiver::SECRET)]);
    let plan = desk.plan(request.clone(), Reversibility::RecreateOnly);
    let report = desk.execute(&plan).await;
    assert_eq!(report.steps[0].state, StepState::Unobservable, "{:?}", report.steps);
    assert!(receiver.is_cut("credential:slack/xoxb-1"));

    let desk = Desk::new(config, &[("key", "a key that only we have")]);
    let plan = desk.plan(request, Reversibility::RecreateOnly);
    let report = desk.execute(&plan).await;
    assert_eq!(report.steps[0].state, StepState::Failed);
    assert!(report.steps[0].detail.contains("401"), "{}", report.steps[0].detail);
}

/// Counts calls and lets none through.
#[derive(Default)]
struct Counting(AtomicU32);

#[async_trait]
impl Http for Counting {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(HttpError::NotSent { host: request.url, reason: "a rehearsal calls nobody".to_owned() })
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_dry_run_calls_nobody_and_says_so() {
    let counting = Arc::new(Counting::default());
    let world = World { http: counting.clone(), ..World::simulated(1) };
    let (config, journal, record) = (Config::default(), MemoryJournal::default(), MemoryRecord::default());
    let target = NodeKey::credential("aws", "AKIAIOSFODNN7EXAMPLE");
    let deactivate = action("aws_access_key/deactivate", target, &[("account", ACCOUNT), ("user", "ci")]);
    let plan = plans::approved_one(deactivate, RISKY, world.clock.now());
    let executor = Executor::new(&world, &config, &journal, &record);
    let report = executor.execute(&plan, Mode::DryRun).await.expect("nothing can fail");
    assert_eq!(counting.0.load(Ordering::SeqCst), 0);
    assert_eq!((report.mode, report.steps[0].state), (Mode::DryRun, StepState::Planned));
    assert!(report.steps[0].detail.starts_with("dry run: nothing was called; live it would call"));
    assert_eq!(serde_json::to_value(&report).expect("plain data")["mode"], "dry_run");
    use firebreak_act::Journal;
    assert!(journal.list(plan.plan().id().as_str()).await.expect("memory").is_empty(), "a rehearsal leaves no row");
    assert_eq!(record.entries()[0].1, "act.rehearsal");
}
