//! The collector of AWS accounts against a table of answers: no real AWS fails on demand in all these ways. A real
//! emulator is asked in `lab_aws.rs`.

use async_trait::async_trait;
use firebreak_inventory::collect::{CollectError, Collected, Settings, Waiting, keep};
use firebreak_inventory::scanners::SCANNERS;
use firebreak_inventory::{Found, scan_directory};
use firebreak_model::{EdgeFact, Fact, Time};
use firebreak_world::{Http, HttpError, Request, Response, Secrets, SecretsError, World};
use proptest::prelude::*;
use secrecy::SecretString;
use serde_json::json;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ACCOUNT: &str = "111122223333";

#[derive(Clone)]
struct Row {
    holds: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    once: bool,
}

impl Row {
    fn new(holds: &str, status: u16, body: &str) -> Row {
        Row { holds: holds.to_owned(), status, headers: Vec::new(), body: body.to_owned(), once: false }
    }
}

/// Answers whatever holds a text (in its address, its target or its body) with a status and a body; the first row that
/// fits. One that is to be used once is gone then.
#[derive(Default)]
struct Table {
    rows: Mutex<Vec<Row>>,
    asked: Mutex<Vec<String>>,
}

impl Table {
    fn with(self, holds: &str, status: u16, body: &str) -> Table {
        self.rows.lock().unwrap().push(Row::new(holds, status, body));
        self
    }

    fn once(self, holds: &str, status: u16, body: &str) -> Table {
        self.rows.lock().unwrap().push(Row { once: true, ..Row::new(holds, status, body) });
        self
    }
}

#[async_trait]
impl Http for Table {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let target = request.headers.iter().find(|(name, _)| name == "x-amz-target").map(|(_, value)| value.clone());
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let asked = format!("{} {} {} {body}", request.method, request.url, target.unwrap_or_default());
        self.asked.lock().unwrap().push(asked.clone());
        let signed =
            request.headers.iter().any(|(name, value)| name == "authorization" && value.contains("AKIDEXAMPLE"));
        assert!(signed && !asked.contains("hush"), "{asked}");
        let mut rows = self.rows.lock().unwrap();
        let Some(at) = rows.iter().position(|row| row.holds.split('&').all(|part| asked.contains(part))) else {
            let body = r#"{"__type":"AccessDeniedException"}"#.as_bytes().to_vec();
            return Ok(Response { status: 400, headers: Vec::new(), body });
        };
        let row = if rows[at].once { rows.remove(at) } else { rows[at].clone() };
        Ok(Response { status: row.status, headers: row.headers, body: row.body.into_bytes() })
    }
}

#[derive(Default)]
struct Waits(Mutex<u64>);

#[async_trait]
impl Waiting for Waits {
    async fn wait(&self, _: Duration) {
        *self.0.lock().unwrap() += 1;
    }
}

struct Keys;

impl Secrets for Keys {
    fn secret(&self, reference: &str) -> Result<SecretString, SecretsError> {
        let value = if reference == "env:ID" { "AKIDEXAMPLE" } else { "hush" };
        Ok(SecretString::from(value.to_owned()))
    }
}

fn settings(regions: &str) -> Settings {
    let values = [("access_key_id", "env:ID"), ("regions", regions)];
    Settings {
        scanner: "aws_authorization_details".to_owned(),
        credential: Some("env:SECRET".to_owned()),
        values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..Settings::default()
    }
}

async fn run(table: Table, settings: &Settings) -> (Result<Collected, CollectError>, Arc<Table>, World, u64) {
    let (table, waits) = (Arc::new(table), Waits::default());
    let world = World { http: table.clone(), secrets: Arc::new(Keys), ..World::simulated(1) };
    let scanner = SCANNERS.iter().find(|scanner| scanner.name() == settings.scanner).unwrap();
    let result = scanner.collector().unwrap().collect(&world, &waits, settings).await;
    let waited = waits.0.into_inner().unwrap();
    (result, table, world, waited)
}

fn scanned(world: &World, collected: &Collected) -> Found {
    keep(world, Path::new("/inventory"), collected).unwrap();
    scan_directory(world, Path::new("/inventory"), Time(0))
}

fn edges<'f>(found: &'f Found, from: &str, to: &str) -> Vec<&'f EdgeFact> {
    let edge = |fact: &'f Fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None };
    let all = found.facts.iter().filter_map(edge);
    all.filter(|edge| edge.from.name().ends_with(from) && edge.to.name().ends_with(to)).collect()
}

fn details(users: &str, more: &str) -> String {
    format!(
        "<R xmlns='https://iam.amazonaws.com/doc/2010-05-08/'><GetAccountAuthorizationDetailsResult>{more}\
         <UserDetailList>{users}</UserDetailList><RoleDetailList/><GroupDetailList/><Policies/>\
         </GetAccountAuthorizationDetailsResult></R>"
    )
}

/// A user who may read every bucket; its policy is encoded as AWS encodes it.
fn user(name: &str) -> String {
    let policy = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C\
                  %22Action%22%3A%22s3%3AGetObject%22%2C%22Resource%22%3A%22arn%3Aaws%3As3%3A%3A%3Abooks%2F%2A%22%7D%5D%7D";
    format!(
        "<member><UserName>{name}</UserName><Arn>arn:aws:iam::{ACCOUNT}:user/{name}</Arn><UserPolicyList><member>\
         <PolicyName>p</PolicyName><PolicyDocument>{policy}</PolicyDocument></member></UserPolicyList>\
         <AttachedManagedPolicies>\n</AttachedManagedPolicies></member>"
    )
}

/// An account of one bucket that is in no organisation, with one page of users.
fn account() -> Table {
    let caller = format!("<R><GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult></R>");
    Table::default().with("GetCallerIdentity", 200, &caller)
}

fn rest(table: Table) -> Table {
    table
        .with("DescribeOrganization", 400, r#"{"__type":"AWSOrganizationsNotInUseException"}"#)
        .with("s3-control", 404, "<Error><Code>NoSuchPublicAccessBlockConfiguration</Code></Error>")
        .with("/books?policy", 404, "<Error><Code>NoSuchBucketPolicy</Code></Error>")
        .with("/books?publicAccessBlock", 404, "<Error><Code>NoSuchPublicAccessBlockConfiguration</Code></Error>")
        .with("GET https://s3.us-east-1", 200, "<R><Buckets><Bucket><Name>books</Name></Bucket></Buckets></R>")
        .with("TrentService.ListKeys", 200, r#"{"Keys":[]}"#)
        .with("secretsmanager.ListSecrets", 200, r#"{"SecretList":[]}"#)
        .with("DescribeRepositories", 200, r#"{"repositories":[]}"#)
        .with("AmazonSQS.ListQueues", 200, "{}")
        .with("ListTopics", 200, "<R><ListTopicsResult><Topics/></ListTopicsResult></R>")
        .with("/functions/", 200, r#"{"Functions":[],"NextMarker":null}"#)
}

fn one_page(table: Table) -> Table {
    table.with("GetAccountAuthorizationDetails", 200, &details(&user("ann"), "<IsTruncated>false</IsTruncated>"))
}

#[tokio::test]
async fn every_page_is_read_and_what_is_put_off_is_asked_again() {
    let throttled = r"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>";
    let first = details(&user("ann"), "<IsTruncated>true</IsTruncated><Marker>m/1=</Marker>");
    let second = details(&user("bob"), "<IsTruncated>false</IsTruncated>");
    let table = account()
        .once("GetAccountAuthorizationDetails", 400, throttled)
        .with("GetAccountAuthorizationDetails&Marker=m%2F1%3D", 200, &second)
        .with("GetAccountAuthorizationDetails", 200, &first);
    let (collected, table, world, waited) = run(rest(table), &settings("us-east-1")).await;
    let collected = collected.unwrap();
    assert_eq!((collected.incomplete.len(), waited), (0, 1), "{:?}", collected.incomplete);
    let found = scanned(&world, &collected);
    assert!(found.complete && found.problems.is_empty(), "{:?}", found.problems);
    for name in ["user/ann", "user/bob"] {
        assert!(edges(&found, name, ":::books")[0].may.is_empty(), "{name}");
    }
    let asked = table.asked.lock().unwrap();
    assert!(asked.iter().any(|asked| asked.starts_with("POST https://iam.amazonaws.com/ ")));
    assert!(asked.iter().any(|asked| asked.starts_with("POST https://kms.us-east-1.amazonaws.com/ ")));
}

#[tokio::test]
async fn a_page_that_is_refused_leaves_a_gap() {
    let first = details(&user("ann"), "<IsTruncated>true</IsTruncated><Marker>m1</Marker>");
    let table = account()
        .with("GetAccountAuthorizationDetails&Marker=", 403, "<E><Error><Code>AccessDenied</Code></Error></E>")
        .with("GetAccountAuthorizationDetails", 200, &first);
    let (collected, _, world, _) = run(rest(table), &settings("us-east-1")).await;
    let collected = collected.unwrap();
    assert!(
        collected.incomplete[0].reason.contains("page 2: it answered 403 AccessDenied"),
        "{:?}",
        collected.incomplete
    );
    assert!(collected.document["incomplete"].is_array());
    let found = scanned(&world, &collected);
    assert!(!found.complete && !edges(&found, "user/ann", ":::books").is_empty());
}

#[tokio::test]
async fn an_organisation_that_may_not_be_read_leaves_everything_undecided() {
    let about = r#"{"Organization":{"Id":"o-1","MasterAccountId":"999988887777"}}"#;
    let table = one_page(account()).with("DescribeOrganization", 200, about);
    let (collected, _, world, _) = run(rest(table), &settings("us-east-1")).await;
    let collected = collected.unwrap();
    assert!(collected.incomplete.iter().any(|gap| gap.call == "organizations ListRoots"), "{:?}", collected.incomplete);
    let found = scanned(&world, &collected);
    assert!(!found.complete);
    let edge = edges(&found, "user/ann", ":::books")[0];
    assert!(edge.may.iter().any(|may| may.contains("the organisation's policies allow it")), "{edge:?}");
    // The operator may bring that file from elsewhere.
    let mut elsewhere = settings("us-east-1");
    elsewhere.values.insert("organization".to_owned(), "elsewhere".to_owned());
    let (collected, table, ..) = run(rest(one_page(account())), &elsewhere).await;
    assert!(collected.unwrap().beside.iter().all(|(file, _)| !file.contains("organization")));
    assert!(table.asked.lock().unwrap().iter().all(|asked| !asked.contains("AWSOrganizations")));
}

#[tokio::test]
async fn an_organisations_tree_limits_the_account() {
    let content =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]});
    let describe = json!({"Policy": {"Content": content.to_string()}}).to_string();
    let table = one_page(account())
        .with("DescribeOrganization", 200, r#"{"Organization":{"Id":"o-1","MasterAccountId":"999988887777"}}"#)
        .with("ListPolicies&SERVICE_", 200, r#"{"Policies":[{"Id":"p-all","Name":"FullAWSAccess"},{"Id":"p-1","Name":"no-s3"}]}"#)
        .with("ListPolicies&RESOURCE_", 200, r#"{"Policies":[]}"#)
        .with("DescribePolicy&p-1", 200, &describe)
        .with("DescribePolicy&p-all", 200, &json!({"Policy": {"Content": json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}).to_string()}}).to_string())
        .with("ListTargetsForPolicy&p-all", 200, r#"{"Targets":[{"TargetId":"r-1"},{"TargetId":"ou-1"},{"TargetId":"111122223333"}]}"#)
        .with("ListTargetsForPolicy&p-1", 200, r#"{"Targets":[{"TargetId":"ou-1"}]}"#)
        .with("ListRoots", 200, r#"{"Roots":[{"Id":"r-1"}]}"#)
        .with("ListOrganizationalUnitsForParent&r-1", 200, r#"{"OrganizationalUnits":[{"Id":"ou-1","Name":"prod"}]}"#)
        .with("ListOrganizationalUnitsForParent", 200, r#"{"OrganizationalUnits":[]}"#)
        .with("ListAccountsForParent&ou-1", 200, r#"{"Accounts":[{"Id":"111122223333","Email":"a@example.org"}]}"#)
        .with("ListAccountsForParent", 200, r#"{"Accounts":[]}"#);
    let (collected, _, world, _) = run(rest(table), &settings("us-east-1")).await;
    let collected = collected.unwrap();
    assert!(collected.incomplete.is_empty(), "{:?}", collected.incomplete);
    assert!(!collected.beside[0].1.to_string().contains("example.org"));
    let found = scanned(&world, &collected);
    assert!(found.complete, "{:?}", found.problems);
    assert!(edges(&found, "user/ann", ":::books").is_empty(), "the unit denies it");
}

#[tokio::test]
async fn a_region_that_refuses_is_told_and_others_are_read() {
    let keys = r#"{"Keys":[{"KeyId":"k","KeyArn":"arn:aws:kms:eu-west-1:111122223333:key/k"}]}"#;
    let denied = r#"{"__type":"AccessDeniedException"}"#;
    let policy = json!({"Policy": "{}"}).to_string();
    let table = one_page(account())
        .with("TrentService.ListKeys&us-east-1", 400, denied)
        .with("TrentService.ListKeys", 200, keys)
        .with("GetKeyPolicy", 200, &policy)
        .with("ListGrants", 400, denied);
    let (collected, _, world, _) = run(rest(table), &settings("us-east-1, eu-west-1")).await;
    let collected = collected.unwrap();
    let calls: Vec<&str> = collected.incomplete.iter().map(|gap| gap.call.as_str()).collect();
    assert_eq!(calls, ["kms ListKeys in us-east-1", "kms ListGrants of arn:aws:kms:eu-west-1:111122223333:key/k"]);
    // What came back as a policy is none: that resource is not whole either.
    assert!(!scanned(&world, &collected).complete);
}

#[tokio::test]
async fn a_bucket_elsewhere_is_asked_there() {
    let moved = |table: Table| {
        let headers = vec![("x-amz-bucket-region".to_owned(), "eu-west-1".to_owned())];
        for call in ["s3.us-east-1&/books?policy", "s3.us-east-1&/books?publicAccessBlock"] {
            let row = Row::new(call, 301, "<Error><Code>PermanentRedirect</Code></Error>");
            table.rows.lock().unwrap().push(Row { headers: headers.clone(), ..row });
        }
        table
    };
    let (collected, table, ..) = run(rest(moved(one_page(account()))), &settings("us-east-1")).await;
    assert!(collected.unwrap().incomplete.is_empty());
    assert!(table.asked.lock().unwrap().iter().any(|asked| asked.contains("s3.eu-west-1.amazonaws.com/books?policy")));
}

#[tokio::test]
async fn settings_that_do_not_fit_and_refusals_of_everything_keep_nothing() {
    for strange in ["", "us-east-1.evil.example/"] {
        let (refused, table, ..) = run(rest(one_page(account())), &settings(strange)).await;
        assert!(matches!(refused, Err(CollectError::Settings(_))), "{strange}");
        assert!(table.asked.lock().unwrap().iter().all(|asked| !asked.contains("evil")));
    }
    let mut none = settings("us-east-1");
    none.credential = None;
    assert!(run(account(), &none).await.0.unwrap_err().to_string().contains("there is no `credential`"));
    let mut address = settings("us-east-1");
    address.url = "https://a.example/path".to_owned();
    assert!(matches!(run(account(), &address).await.0, Err(CollectError::Settings(_))));
    let (refused, ..) = run(Table::default(), &settings("us-east-1")).await;
    assert!(refused.unwrap_err().to_string().contains("sts GetCallerIdentity"));
}

/// A platform that answers anything.
struct Anything(Vec<u8>, u16);

#[async_trait]
impl Http for Anything {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let body = String::from_utf8_lossy(&request.body);
        let caller = format!("<R><GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult></R>");
        if body.contains("GetCallerIdentity") {
            return Ok(Response { status: 200, headers: Vec::new(), body: caller.into_bytes() });
        }
        Ok(Response { status: self.1, headers: Vec::new(), body: self.0.clone() })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn answers_of_any_shape_are_read_or_refused(
        text in "(<[A-Za-z]{1,4}>|</[A-Za-z]{1,4}>|[a-z%0-9]{0,8}|\\{|\\}|\"|:|\\[|\\])*|<A><GetAccountAuthorizationDetailsResult><IsTruncated>true</IsTruncated><Marker>m</Marker></GetAccountAuthorizationDetailsResult></A>|\\{\"Keys\":\\[\\{\"KeyArn\":\"a\",\"KeyId\":\"b\"\\}\\],\"NextMarker\":\"n\"\\}",
        status in prop::sample::select(vec![200_u16, 400, 403, 404]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let world = World {
            http: Arc::new(Anything(text.into_bytes(), status)),
            secrets: Arc::new(Keys),
            ..World::simulated(1)
        };
        let settings = settings("us-east-1");
        let scanner = SCANNERS.iter().find(|scanner| scanner.name() == settings.scanner).unwrap();
        let collected = runtime.block_on(scanner.collector().unwrap().collect(&world, &Waits::default(), &settings));
        if let Ok(collected) = collected {
            // Nobody answers all of it well.
            prop_assert!(!collected.incomplete.is_empty());
            prop_assert!(!scanned(&world, &collected).complete);
        }
    }
}
