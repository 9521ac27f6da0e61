//! The runner of collectors against a platform that is a table of answers: no real one fails on demand in all these ways.
//! Real servers are asked in the tests of the scanners that have one.

use async_trait::async_trait;
use firebreak_inventory::collect::{
    Call, CollectError, Collected, Collector, Paging, Settings, Waiting, collect, keep,
};
use firebreak_world::{Http, HttpError, Request, Response, Secrets, SecretsError, World};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Answers = Vec<(u16, Vec<(&'static str, String)>, Value)>;

/// Answers each address with the next of its answers, the last one for ever; everything else is a 404.
#[derive(Default)]
struct Table {
    answers: Mutex<BTreeMap<String, Answers>>,
    asked: Mutex<Vec<(String, String)>>,
}

impl Table {
    fn with(self, address: &str, status: u16, headers: &[(&'static str, &str)], body: Value) -> Table {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.answers.lock().unwrap().entry(address.to_owned()).or_default().push((status, headers, body));
        self
    }

    fn page(self, address: &str, body: Value) -> Table {
        self.with(address, 200, &[], body)
    }
}

#[async_trait]
impl Http for Table {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        assert_eq!(request.method, "GET");
        let header = request.headers.iter().find(|(name, _)| name == "authorization").map(|(_, value)| value.clone());
        self.asked.lock().unwrap().push((request.url.clone(), header.unwrap_or_default()));
        let mut answers = self.answers.lock().unwrap();
        let Some(rows) = answers.get_mut(&request.url) else {
            return Ok(Response { status: 404, ..Response::default() });
        };
        let (status, headers, body) = if rows.len() > 1 { rows.remove(0) } else { rows[0].clone() };
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Response { status, headers, body: body.to_string().into_bytes() })
    }
}

#[derive(Default)]
struct Waits(Mutex<Vec<u64>>);

#[async_trait]
impl Waiting for Waits {
    async fn wait(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration.as_secs());
    }
}

struct OneSecret;

impl Secrets for OneSecret {
    fn secret(&self, _: &str) -> Result<SecretString, SecretsError> {
        Ok(SecretString::from("hush".to_owned()))
    }
}

const CALLS: &[Call] = &[
    Call::object("organization", "/orgs/{org}"),
    Call::list("members", "/orgs/{org}/members?role=admin").paging(Paging::Link).with("role", "admin"),
    Call::list("members", "/orgs/{org}/members?role=member").paging(Paging::Link).with("role", "member"),
    Call::list("teams", "/orgs/{org}/teams").each(&[
        Call::list("members", "/teams/{.slug}/members"),
        Call::object("policy", "/teams/{.slug}/policy").may_be_absent().only("has_policy"),
    ]),
];

static COLLECTOR: Collector = Collector::new("github/{org}.json", &["org"], CALLS);

fn settings() -> Settings {
    Settings {
        scanner: "github_organization".into(),
        url: "https://api.example/".into(),
        credential: Some("env:TOKEN".into()),
        values: BTreeMap::from([("org".to_owned(), "meridian".to_owned())]),
    }
}

async fn run(table: Table) -> (Result<Collected, CollectError>, Arc<Table>, Vec<u64>) {
    let (table, waits) = (Arc::new(table), Waits::default());
    let world = World { http: table.clone(), secrets: Arc::new(OneSecret), ..World::simulated(1) };
    let result = collect(&COLLECTOR, &world, &waits, &settings()).await;
    (result, table, waits.0.into_inner().unwrap())
}

fn whole() -> Table {
    Table::default()
        .page("https://api.example/orgs/meridian", json!({"login": "meridian"}))
        .with(
            "https://api.example/orgs/meridian/members?role=admin",
            200,
            &[("link", "<https://api.example/orgs/meridian/members?role=admin&page=2>; rel=\"next\"")],
            json!([{"login": "ada"}]),
        )
        .page("https://api.example/orgs/meridian/members?role=admin&page=2", json!([{"login": "bob"}]))
        .page("https://api.example/orgs/meridian/members?role=member", json!([]))
        .page(
            "https://api.example/orgs/meridian/teams",
            json!([{"slug": "evals", "has_policy": true}, {"slug": "a/b", "has_policy": false}]),
        )
        .page("https://api.example/teams/evals/members", json!([{"login": "ada"}]))
        .page("https://api.example/teams/a%2Fb/members", json!([]))
}

#[tokio::test]
async fn the_answers_become_one_document() {
    let (result, table, _) = run(whole()).await;
    let collected = result.unwrap();
    assert_eq!(
        collected.document,
        json!({
            "organization": {"login": "meridian"},
            "members": [{"login": "ada", "role": "admin"}, {"login": "bob", "role": "admin"}],
            "teams": [
                {"slug": "evals", "has_policy": true, "members": [{"login": "ada"}]},
                {"slug": "a/b", "has_policy": false, "members": []},
            ],
        })
    );
    assert_eq!((collected.file.as_str(), collected.incomplete.len()), ("github/meridian.json", 0));
    assert!(table.asked.lock().unwrap().iter().all(|(_, header)| header == "Bearer hush"));
}

#[tokio::test]
async fn what_is_refused_is_a_gap_in_the_document_and_the_rest_is_there() {
    let mut table = whole();
    table.answers.get_mut().unwrap().remove("https://api.example/orgs/meridian/teams");
    let table = table.with("https://api.example/orgs/meridian/teams", 403, &[], json!({"message": "the token ghp_x"}));
    let collected = run(table).await.0.unwrap();
    assert_eq!(collected.document["members"].as_array().unwrap().len(), 2);
    assert_eq!(
        collected.document["incomplete"],
        json!([{"call": "/orgs/meridian/teams", "reason": "it answered 403: our credential may not read this"}])
    );
}

#[tokio::test]
async fn a_platform_that_asks_for_patience_gets_it() {
    let address = "https://api.example/orgs/meridian";
    let mut table = whole();
    table.answers.get_mut().unwrap().remove(address);
    let table = table.with(address, 429, &[("retry-after", "17")], json!({})).with(address, 503, &[], json!({})).with(
        address,
        200,
        &[],
        json!({"login": "meridian"}),
    );
    let (result, _, waits) = run(table).await;
    assert!(result.unwrap().incomplete.is_empty());
    assert_eq!(waits, [17, 5]);
}

#[tokio::test]
async fn our_credential_goes_to_no_other_host() {
    let admins = "https://api.example/orgs/meridian/members?role=admin";
    let mut table = whole();
    table.answers.get_mut().unwrap().remove(admins);
    let next = "<https://elsewhere.example/orgs?page=2>; rel=\"next\"";
    let (result, table, _) = run(table.with(admins, 200, &[("link", next)], json!([{"login": "ada"}]))).await;
    let collected = result.unwrap();
    assert!(collected.incomplete[0].reason.contains("another host"), "{:?}", collected.incomplete);
    assert!(table.asked.lock().unwrap().iter().all(|(url, _)| url.starts_with("https://api.example/")));
}

#[tokio::test]
async fn a_list_that_never_ends_ends() {
    let admins = "https://api.example/orgs/meridian/members?role=admin";
    let mut table = whole();
    table.answers.get_mut().unwrap().remove(admins);
    let next = format!("<{admins}>; rel=\"next\"");
    let collected = run(table.with(admins, 200, &[("link", &next)], json!([{"login": "ada"}]))).await.0.unwrap();
    assert!(collected.incomplete[0].reason.contains("the same page"), "{:?}", collected.incomplete);
}

#[tokio::test]
async fn nothing_is_written_when_nothing_was_answered() {
    let (result, ..) = run(Table::default()).await;
    assert!(matches!(result, Err(CollectError::Nothing(_))));
}

#[test]
fn a_document_is_kept_inside_the_inventory_and_without_secrets() {
    let world = World::simulated(1);
    let collected = |file: &str| Collected {
        file: file.to_owned(),
        document: json!({"hook": {"url": "x", "token": concat!("ghp_", "0123456789abcdefghijklmnopqrstuvwxyz")}}),
        ..Collected::default()
    };
    let path = keep(&world, Path::new("/inventory"), &collected("github/meridian.json")).unwrap();
    let text = String::from_utf8(world.disk.read(&path).unwrap()).unwrap();
    assert!(text.contains("\"hook\"") && !text.contains("ghp_0123"), "{text}");
    assert!(keep(&world, Path::new("/inventory"), &collected("../elsewhere.json")).is_err());
    assert!(keep(&world, Path::new("/inventory"), &collected("/etc/x")).is_err());
}
