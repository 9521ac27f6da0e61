//! AI services that logs, packages and found keys show, and the near misses that are none.

use super::*;
use crate::seen::{edge, event, key};
use firebreak_graph::Graph;
use firebreak_model::{EdgeKind, Event, Fact, Interval, Keys, NodeFact, NodeKey, Outcome, Time};

fn shipped() -> Table {
    let mut table = Table::default();
    assert_eq!(table.read(SHIPPED, "ai-services.csv"), []);
    table
}

fn asks(seconds: i64, host: &str, from: &str) -> Event {
    let keys = Keys {
        target: Some(NodeKey::resource("network", host)),
        address: from.parse().ok(),
        outcome: Outcome::Success,
        ..Keys::default()
    };
    event(seconds, keys)
}

fn with(event: Event, change: impl FnOnce(&mut Keys)) -> Event {
    let mut event = event;
    change(&mut event.keys);
    event
}

fn seen(table: &Table, facts: &[Fact], events: &[Event]) -> Vec<Provider> {
    let graph = Graph::build(facts).0;
    let mut outbound = Outbound::within(table, Time::from_seconds(0), Time::from_seconds(1_000));
    events.iter().for_each(|event| outbound.add(&graph, event));
    providers(table, facts, Time::from_seconds(1_000), outbound.used())
}

fn node(text: &str, label: &str) -> Fact {
    let mut node = NodeFact::new(key(text), Interval::ALWAYS, Time(0), "test");
    if !label.is_empty() {
        node.label = Text::new(label);
    }
    Fact::Node(node)
}

#[test]
fn a_host_is_whose_the_longest_row_says_and_a_name_that_only_looks_alike_is_nobodys() {
    let table = shipped();
    let vendor = |host: &str| table.of_host(host).map(|known| known.vendor.to_string());
    for (host, whose) in [
        ("api.openai.com", "openai"),
        ("eu.api.openai.com", "openai"),
        ("ours.openai.azure.com", "azure"),
        ("bedrock-runtime.eu-central-1.amazonaws.com", "aws"),
        ("api.business.githubcopilot.com", "github"),
        ("claude.ai", "anthropic"),
    ] {
        assert_eq!(vendor(host).as_deref(), Some(whose), "{host}");
    }
    for host in [
        "notapi.openai.com.evil.example",
        "xclaude.ai",
        "openai.com",
        "s3.eu-central-1.amazonaws.com",
        "com",
        "",
        "192.0.2.1",
    ] {
        assert_eq!(vendor(host), None, "{host}");
    }
}

#[test]
fn a_row_that_cannot_be_used_is_told_with_its_line_and_the_rest_is_read() {
    let mut table = Table::default();
    let text = "vendor,service,kind,name,source_url,read\n\
                ours,Ours,host,ai.internal.example,wiki,2026-01-01\n\
                x,X,host,com,s,d\nx,X,host,example.*,s,d\nx,X,robot,a.b,s,d\nx,X,package,openai,s,d\nx,X,host,a.example,,d\nx,X\n";
    let problems = table.read(text, "mine.csv");
    let lines: Vec<_> = problems.iter().map(|one| (one.position.line, one.reason.as_str())).collect();
    assert_eq!(lines.len(), 6, "{lines:?}");
    assert_eq!(lines[0], (Some(3), "`com` would stand for hosts of anybody"));
    assert_eq!(lines[3], (Some(6), "`openai` names no ecosystem: write `pypi/openai`"));
    assert_eq!(lines[4], (Some(7), "it says nothing under `source_url`"));
    assert_eq!(table.of_host("ai.internal.example").map(|known| known.service.as_str()), Some("Ours"));
}

#[test]
fn who_from_where_since_when_and_how_much_stands_in_the_answer() {
    let table = shipped();
    let ada = key("identity:person/ada@meridian.example");
    let session = |event: Event, bytes: Option<u64>| {
        with(event, |keys| (keys.session, keys.bytes) = (Some(Text::new("C5bLoe2Mv")), bytes))
    };
    let found = seen(
        &table,
        &[],
        &[
            asks(10, "api.openai.com", "10.4.2.17"),
            session(asks(11, "162.159.140.245", "10.4.2.17"), Some(184_320)),
            session(asks(12, "api.openai.com", "10.4.2.17"), None),
            with(asks(13, "claude.ai", "10.4.2.18"), |keys| keys.actor = Some(ada.clone())),
            with(asks(14, "claude.ai", "10.4.2.18"), |keys| {
                (keys.actor, keys.outcome) = (Some(ada.clone()), Outcome::Denied);
            }),
            session(asks(15, "203.0.113.5", "10.4.2.17"), Some(9_999)),
            asks(2_000, "api.mistral.ai", "10.4.2.17"),
            asks(16, "www.example.com", "10.4.2.17"),
        ],
    );
    assert_eq!(found.iter().map(|one| one.vendor.as_str()).collect::<Vec<_>>(), ["openai", "anthropic"]);
    let (openai, anthropic) = (&found[0], &found[1]);
    assert!(openai.shadow && anthropic.shadow);
    assert_eq!((openai.events, openai.sent), (2, Some(194_319)), "the same id is the same connection");
    assert_eq!(openai.first, Some(Time::from_seconds(10)));
    assert_eq!(openai.used_by[0].who.as_str(), "10.4.2.17");
    assert_eq!(openai.used_by[0].networks.iter().map(|one| one.as_str()).collect::<Vec<_>>(), ["10.4.2.0/24"]);
    assert_eq!((anthropic.used_by[0].who.as_str(), anthropic.used_by[0].refused), (ada.as_str(), 1));
    assert_eq!((anthropic.events, anthropic.sent), (1, None));
    assert!(anthropic.risk.contains("how much was sent is unknown"), "{}", anthropic.risk);
    assert!(openai.risk.contains("at least 194319 bytes sent; no inventory names it"), "{}", openai.risk);
}

#[test]
fn what_an_inventory_names_is_no_shadow_and_a_key_that_was_only_found_names_nothing() {
    let table = shipped();
    let call = [asks(10, "api.openai.com", "10.4.2.17")];
    let host = "environment:host/laptop-7";
    let found_key = [
        node("credential:fingerprint/9f86d081884c7d65", "openai_key"),
        edge(EdgeKind::ReadableIn, host, "credential:fingerprint/9f86d081884c7d65", &[]),
    ];
    let shadow = seen(&table, &found_key, &call);
    assert!(shadow[0].shadow);
    assert_eq!(shadow[0].keys.len(), 1);
    assert!(!shadow[0].keys[0].known && shadow[0].keys[0].readable_in.contains(&key(host)));
    assert!(shadow[0].risk.contains("1 key found, 1 of which no inventory knows"), "{}", shadow[0].risk);

    let mut known = found_key.to_vec();
    known.push(node("resource:openai/proj_1", "evals"));
    known.push(edge(EdgeKind::Authenticates, "credential:fingerprint/9f86d081884c7d65", "identity:openai/svc_1", &[]));
    let named = seen(&table, &known, &call);
    assert!(!named[0].shadow && named[0].named_by.contains(&key("resource:openai/proj_1")));
    assert!(named[0].keys[0].known);
    let app = seen(&table, &[node("identity:app/google/123", "ChatGPT by OpenAI")], &call);
    assert!(!app[0].shadow, "an app that is called after it");
    let cloud = seen(
        &table,
        &[node("resource:aws/arn:aws:s3:::b", "")],
        &[asks(1, "bedrock-runtime.us-east-1.amazonaws.com", "10.0.0.1")],
    );
    assert!(cloud[0].shadow, "that there is a bucket says nothing of Bedrock");
    let aws = [edge(EdgeKind::ReadableIn, host, "credential:aws/AKIA1", &[])];
    assert_eq!(seen(&table, &aws, &[]), [], "a key of a cloud is no key of its AI");
}

#[test]
fn packages_say_which_environments_call_whom() {
    let table = shipped();
    let installed = |package: &str, place: &str| edge(EdgeKind::InstalledIn, package, place, &[]);
    let facts = [
        installed("package:pypi/openai@1.2.3", "environment:ci/meridian/evals/1/build"),
        installed("package:npm/@anthropic-ai/sdk@0.9.0", "environment:host/laptop-7"),
        installed("package:npm/openai@4.0.0", "environment:host/laptop-7"),
        installed("package:pypi/opensearch-py@1.0.0", "environment:host/laptop-7"),
    ];
    let found = seen(&table, &facts, &[]);
    let of = |vendor: &str| found.iter().find(|one| one.vendor == vendor).map(|one| one.packages.clone());
    assert_eq!(found.len(), 2);
    let openai = of("openai").expect("two packages");
    assert_eq!(openai.iter().map(|one| one.package.as_str()).collect::<Vec<_>>(), ["npm/openai", "pypi/openai"]);
    assert_eq!(of("anthropic").expect("one")[0].package.as_str(), "npm/@anthropic-ai/sdk");
    assert!(
        found.iter().any(|one| one.risk.contains("2 packages that call it in 2 environments")),
        "{}",
        found[0].risk
    );
}
