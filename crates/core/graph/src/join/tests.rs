//! Joins by example and by law. The laws draw from few keys and few names, so that they meet often.

use super::{Join, JoinKind, Joined, Ruling, join};
use firebreak_model::{EdgeFact, EdgeKind, Fact, Identifier, IdentifierScheme, Interval, NodeFact, NodeKey, Time};
use proptest::prelude::*;
use std::collections::BTreeSet;

const HASH: &str = "4cPQ8nlY1VgRMLFMPyKNvnFUQWFHEoyOHPXA2kLhHbI=";
const PRINT: &str = "9f86d081884c7d659a2feaa0c55ad015";

fn key(text: &str) -> NodeKey {
    NodeKey::parse(text).expect("a key")
}

fn node(name: &str, identifiers: &[Identifier]) -> Fact {
    let fact = NodeFact::new(key(name), Interval::ALWAYS, Time(7), &format!("inventory of {name}"));
    Fact::Node(NodeFact { identifiers: identifiers.to_vec(), ..fact })
}

fn edge(kind: EdgeKind, from: &str, to: &str) -> Fact {
    Fact::Edge(EdgeFact::new(kind, key(from), key(to), Interval::ALWAYS, Time(7), "inventory"))
}

fn print(value: &str) -> Identifier {
    Identifier::verified(IdentifierScheme::Fingerprint, value)
}

fn mail(value: &str) -> Identifier {
    Identifier::verified(IdentifierScheme::Email, value)
}

fn made(joined: &Joined, kind: JoinKind) -> Vec<Vec<&str>> {
    let made = joined.joins.iter().filter(|join| join.kind == kind && join.is_made());
    made.map(|join| join.keys.iter().map(NodeKey::as_str).collect()).collect()
}

fn proposal<'a>(joined: &'a Joined, doubt: &str) -> &'a Join {
    let with = |join: &&Join| !join.is_made() && join.doubts.iter().any(|one| one.contains(doubt));
    joined.joins.iter().find(with).unwrap_or_else(|| panic!("no proposal says {doubt}: {:?}", joined.joins))
}

fn has_edge(joined: &Joined, kind: EdgeKind, from: &str, to: &str) -> bool {
    joined.facts.iter().any(|fact| {
        matches!(fact, Fact::Edge(edge) if (edge.kind, edge.from.as_str(), edge.to.as_str()) == (kind, from, to))
    })
}

fn ruling(refuse: &[(&str, &str)], confirm: &[(&str, &str)]) -> Ruling {
    let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| (key(a), key(b))).collect();
    Ruling { refuse: pairs(refuse), confirm: pairs(confirm) }
}

fn found_key() -> Vec<Fact> {
    vec![
        node("credential:aws/AKIAIOSFODNN7EXAMPLE", &[print(PRINT)]),
        edge(EdgeKind::ReadableIn, "environment:ci/o/r/1/test", &format!("credential:fingerprint/{PRINT}")),
        edge(EdgeKind::Authenticates, "credential:aws/AKIAIOSFODNN7EXAMPLE", "identity:aws/arn:aws:iam::1:user/ci"),
    ]
}

#[test]
fn a_fingerprint_found_in_a_job_is_the_key_whose_fingerprint_is_known() {
    let joined = join(&found_key(), &Ruling::default());
    assert!(has_edge(
        &joined,
        EdgeKind::ReadableIn,
        "environment:ci/o/r/1/test",
        "credential:aws/AKIAIOSFODNN7EXAMPLE"
    ));
    let alias = key(&format!("credential:fingerprint/{PRINT}"));
    assert_eq!(joined.aliases.get(&alias), Some(&key("credential:aws/AKIAIOSFODNN7EXAMPLE")));
    let (graph, _) = crate::Graph::build(&joined.facts);
    assert_eq!(graph.id(&alias), graph.id(&key("credential:aws/AKIAIOSFODNN7EXAMPLE")));
    assert!(graph.id(&alias).is_some(), "every key finds it");
    let [one] = joined.joins.as_slice() else { panic!("{:?}", joined.joins) };
    assert!(one.verified && one.reasons[0].contains("same keyed fingerprint"), "{one:?}");
    assert!(one.reasons[0].contains("inventory of credential:aws/AKIAIOSFODNN7EXAMPLE"), "{one:?}");
    let without = join(&found_key()[1..], &Ruling::default());
    assert!(without.aliases.is_empty() && without.joins.is_empty(), "the evidence is gone and so is the join");
    let refused = join(&found_key(), &ruling(&[(alias.as_str(), "credential:aws/AKIAIOSFODNN7EXAMPLE")], &[]));
    assert!(refused.aliases.is_empty() && refused.joins[0].refused_by.is_some(), "{:?}", refused.joins);
}

#[test]
fn one_token_is_joined_through_everything_that_two_systems_say_of_it() {
    let facts = [
        node(&format!("credential:github/{HASH}"), &[print(PRINT)]),
        node("credential:vault/ci-token", &[Identifier::verified(IdentifierScheme::TokenHash, HASH)]),
        node(&format!("credential:fingerprint/{PRINT}"), &[]),
    ];
    let joined = join(&facts, &Ruling::default());
    assert_eq!(joined.aliases.len(), 2, "{:?}", joined.joins);
    let one = &made(&joined, JoinKind::SameCredential)[0];
    assert_eq!(one.len(), 3, "{one:?}");
}

#[test]
fn two_keys_of_one_system_are_two_whatever_is_said_of_them() {
    let facts = [
        node("credential:aws/AKIAIOSFODNN7EXAMPLE", &[print(PRINT)]),
        node("credential:aws/AKIAIOSFODNN7EXAMPL2", &[print(PRINT)]),
    ];
    let pair = ("credential:aws/AKIAIOSFODNN7EXAMPLE", "credential:aws/AKIAIOSFODNN7EXAMPL2");
    for ruling in [Ruling::default(), ruling(&[], &[pair])] {
        let joined = join(&facts, &ruling);
        assert!(joined.aliases.is_empty());
        proposal(&joined, "has the key id");
    }
}

#[test]
fn what_is_short_or_only_stated_waits_for_the_owner() {
    let stated = Identifier::stated(IdentifierScheme::Fingerprint, PRINT);
    let facts = [
        node("credential:slack/T1", &[stated]),
        node(&format!("credential:fingerprint/{PRINT}"), &[]),
        node("credential:gcp/a", &[Identifier::verified(IdentifierScheme::KeyId, "42")]),
        node("credential:azure/b", &[Identifier::verified(IdentifierScheme::KeyId, "42")]),
    ];
    let joined = join(&facts, &Ruling::default());
    assert!(joined.aliases.is_empty());
    proposal(&joined, "is not verified");
    proposal(&joined, "by chance");
    let pair = ("credential:slack/T1", "credential:fingerprint/9f86d081884c7d659a2feaa0c55ad015");
    let confirmed = join(&facts, &ruling(&[], &[pair]));
    assert_eq!(confirmed.aliases.len(), 1);
}

#[test]
fn a_person_may_become_every_account_with_the_verified_address() {
    let facts = [
        node("identity:okta/00u1", &[mail("Ada@Example.com")]),
        node("identity:github/ada", &[mail("ada@example.com")]),
        node("identity:slack/U1", &[Identifier::stated(IdentifierScheme::Email, "ada@example.com")]),
        node("identity:google/1", &[mail("security@example.com")]),
        node("identity:google/2", &[mail("it.help@example.com")]),
        node("identity:okta/00u2", &[mail("bo@example.com")]),
        node("identity:okta/00u3", &[mail("bo@example.com")]),
        node("identity:keycloak/a/9", &[mail("cy@example.com"), mail("cy@other.example")]),
        node("identity:gcp/build", &[mail("build-x@p.iam.gserviceaccount.com")]),
    ];
    let joined = join(&facts, &Ruling::default());
    let person = "identity:person/ada@example.com";
    assert_eq!(
        made(&joined, JoinKind::SamePerson),
        [[person, "identity:github/ada"], [person, "identity:okta/00u1"]],
        "and nobody else"
    );
    assert!(has_edge(&joined, EdgeKind::MayAssume, person, "identity:github/ada"));
    assert!(!has_edge(&joined, EdgeKind::MayAssume, person, "identity:slack/U1"));
    for doubt in ["has not verified it", "shared mailbox", "several accounts", "would be the account of", "of programs"]
    {
        proposal(&joined, doubt);
    }
    let word = ruling(&[(person, "identity:github/ada")], &[(person, "identity:slack/U1")]);
    let ruled = join(&facts, &word);
    assert!(has_edge(&ruled, EdgeKind::MayAssume, person, "identity:slack/U1"));
    assert!(!has_edge(&ruled, EdgeKind::MayAssume, person, "identity:github/ada"));
}

#[test]
fn an_account_without_an_address_follows_its_sign_on() {
    let sign_on = |value| Identifier::verified(IdentifierScheme::SignOn, value);
    let facts = [
        node("identity:okta/00u1", &[mail("ada@example.com"), sign_on("okta.example|ada")]),
        node("identity:github/ada-x", &[sign_on("okta.example|ada")]),
        node("identity:okta/00u2", &[mail("bo@example.com"), sign_on("okta.example|bo")]),
        node("identity:slack/U7", &[mail("cy@example.com"), sign_on("okta.example|bo")]),
    ];
    let joined = join(&facts, &Ruling::default());
    let person = "identity:person/ada@example.com";
    assert!(has_edge(&joined, EdgeKind::MayAssume, person, "identity:github/ada-x"), "{:#?}", joined.joins);
    assert!(!has_edge(&joined, EdgeKind::MayAssume, "identity:person/bo@example.com", "identity:slack/U7"));
    proposal(&joined, "is said of accounts of");
    let apart = join(&facts, &ruling(&[("identity:okta/00u1", "identity:github/ada-x")], &[]));
    assert!(!has_edge(&apart, EdgeKind::MayAssume, person, "identity:github/ada-x"));
    assert!(has_edge(&apart, EdgeKind::MayAssume, person, "identity:okta/00u1"), "it has the address itself");
}

#[test]
fn an_account_that_another_system_knows_by_another_key_is_one_node() {
    let also = |value| Identifier::verified(IdentifierScheme::Key, value);
    let facts = [
        node(
            "identity:entra/0b1f",
            &[also("identity:azure/0b1f"), also("identity:entra/ada@example.com"), mail("ada@example.com")],
        ),
        edge(EdgeKind::MayAct, "identity:azure/0b1f", "resource:azure/vault"),
        edge(EdgeKind::MayAct, "identity:entra/ada@example.com", "resource:entra/mail"),
        node("identity:entra/1", &[also("identity:azure/9")]),
        node("identity:entra/2", &[also("identity:azure/9")]),
        node("identity:entra/3", &[also("identity:person/bo@example.com")]),
    ];
    let joined = join(&facts, &Ruling::default());
    assert!(has_edge(&joined, EdgeKind::MayAct, "identity:entra/0b1f", "resource:azure/vault"));
    assert!(has_edge(&joined, EdgeKind::MayAct, "identity:entra/0b1f", "resource:entra/mail"));
    assert!(has_edge(&joined, EdgeKind::MayAssume, "identity:person/ada@example.com", "identity:entra/0b1f"));
    assert_eq!(joined.aliases.len(), 2, "{:?}", joined.aliases);
    proposal(&joined, "things are said to be");
    proposal(&joined, "a person is not an account");
    let apart = join(&facts, &ruling(&[("identity:azure/0b1f", "identity:entra/0b1f")], &[]));
    assert!(has_edge(&apart, EdgeKind::MayAct, "identity:azure/0b1f", "resource:azure/vault"));
}

#[test]
fn a_workload_may_become_what_trusts_its_subject() {
    let subject = |value| Identifier::verified(IdentifierScheme::OidcSubject, value);
    let facts = [
        node("identity:aws/arn:aws:iam::1:role/deploy", &[subject("token.example|repo:o/r:ref:refs/heads/main")]),
        node("identity:aws/arn:aws:iam::1:role/wide", &[subject("token.example|repo:o/*")]),
        node("environment:ci/o/r/1/deploy", &[subject("token.example|repo:o/r:ref:refs/heads/main")]),
        node("environment:ci/o/s/2/test", &[subject("token.example|repo:o/s:pull_request")]),
        node("environment:ci/p/s/3/test", &[subject("token.example|repo:p/s:pull_request")]),
    ];
    let joined = join(&facts, &Ruling::default());
    let (deploy, wide) = ("identity:aws/arn:aws:iam::1:role/deploy", "identity:aws/arn:aws:iam::1:role/wide");
    assert!(has_edge(&joined, EdgeKind::MayAssume, "environment:ci/o/r/1/deploy", deploy));
    assert!(!has_edge(&joined, EdgeKind::MayAssume, "environment:ci/o/s/2/test", deploy));
    let hub = "group:oidc/token.example|repo:o/*";
    assert!(
        has_edge(&joined, EdgeKind::MayAssume, hub, wide)
            && has_edge(&joined, EdgeKind::MemberOf, "environment:ci/o/s/2/test", hub)
    );
    assert!(!has_edge(&joined, EdgeKind::MemberOf, "environment:ci/p/s/3/test", hub));
}

#[test]
fn an_environment_makes_the_secret_readable_that_was_found_in_it() {
    let facts = [node("environment:host/h1", &[print(PRINT)]), node("credential:slack/T1", &[print(PRINT)])];
    let joined = join(&facts, &Ruling::default());
    assert!(has_edge(&joined, EdgeKind::ReadableIn, "environment:host/h1", "credential:slack/T1"));
}

/// Few keys, few names: an identifier or an edge at a time.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let keys = prop::sample::select(vec![
        "credential:aws/AKIAIOSFODNN7EXAMPLE",
        "credential:aws/AKIAIOSFODNN7EXAMPL2",
        "credential:fingerprint/9f86d081884c7d659a2feaa0c55ad015",
        "credential:fingerprint/1111d081884c7d659a2feaa0c55ad015",
        "credential:slack/T1",
        "credential:vault/T2",
        "identity:okta/00u1",
        "identity:okta/00u2",
        "identity:github/ada",
        "identity:slack/U1",
        "identity:aws/arn:aws:iam::1:role/r",
        "environment:ci/o/r/1/j",
        "environment:ci/o/r/2/j",
    ]);
    let names = prop::sample::select(vec![
        (IdentifierScheme::Fingerprint, PRINT),
        (IdentifierScheme::Fingerprint, "1111d081884c7d659a2feaa0c55ad015"),
        (IdentifierScheme::KeyId, "AKIAIOSFODNN7EXAMPLE"),
        (IdentifierScheme::KeyId, "AKIAIOSFODNN7EXAMPL2"),
        (IdentifierScheme::TokenHash, HASH),
        (IdentifierScheme::Email, "ada@example.com"),
        (IdentifierScheme::Email, "bo@example.com"),
        (IdentifierScheme::SignOn, "okta|ada"),
        (IdentifierScheme::Key, "identity:okta/00u1"),
        (IdentifierScheme::Key, "credential:slack/T1"),
        (IdentifierScheme::Key, "credential:gone/T9"),
        (IdentifierScheme::OidcSubject, "i|repo:o/r"),
        (IdentifierScheme::OidcSubject, "i|repo:*"),
    ]);
    let one =
        (keys.clone(), names, prop::bool::weighted(0.8), 0..5i64).prop_map(|(at, (scheme, value), verified, known)| {
            let fact = NodeFact::new(key(at), Interval::ALWAYS, Time(known), "test");
            let identifiers = vec![Identifier { scheme, value: value.into(), verified }];
            Fact::Node(NodeFact { identifiers, ..fact })
        });
    let step = (keys.clone(), keys).prop_map(|(a, b)| edge(EdgeKind::MayAct, a, b));
    prop::collection::vec(prop_oneof![4 => one, 1 => step], 0..14)
}

fn pairs() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let keys = prop::sample::select(vec![
        "credential:aws/AKIAIOSFODNN7EXAMPLE",
        "credential:fingerprint/9f86d081884c7d659a2feaa0c55ad015",
        "credential:slack/T1",
        "credential:vault/T2",
        "identity:okta/00u1",
        "identity:github/ada",
        "identity:slack/U1",
        "identity:person/ada@example.com",
    ]);
    prop::collection::vec((keys.clone(), keys), 0..3)
}

fn as_set(facts: &[Fact]) -> BTreeSet<String> {
    facts.iter().map(|fact| format!("{fact:?}")).collect()
}

/// The persons who may become `account`.
fn persons(joined: &Joined, account: &NodeKey) -> BTreeSet<NodeKey> {
    let edges = joined.facts.iter().filter_map(|fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None });
    let of_account = edges.filter(|edge| edge.kind == EdgeKind::MayAssume && edge.to == *account);
    of_account.filter(|edge| edge.from.system() == "person").map(|edge| edge.from.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_order_of_facts_does_not_matter(facts in facts(), refuse in pairs(), confirm in pairs()) {
        let ruling = ruling(&refuse, &confirm);
        let joined = join(&facts, &ruling);
        let mut turned = facts.clone();
        turned.reverse();
        let again = join(&turned, &ruling);
        prop_assert_eq!(&joined.joins, &again.joins);
        prop_assert_eq!(&joined.aliases, &again.aliases);
        prop_assert_eq!(as_set(&joined.facts), as_set(&again.facts));
    }

    #[test]
    fn joining_twice_is_joining_once(facts in facts()) {
        let ruling = Ruling::default();
        let once = join(&facts, &ruling);
        let twice = join(&once.facts, &ruling);
        prop_assert_eq!(as_set(&once.facts), as_set(&twice.facts));
        prop_assert_eq!(once.aliases, twice.aliases);
    }

    #[test]
    fn what_the_owner_refuses_is_never_joined(facts in facts(), refuse in pairs(), confirm in pairs()) {
        let joined = join(&facts, &ruling(&refuse, &confirm));
        for (a, b) in refuse.iter().map(|(a, b)| (key(a), key(b))).filter(|(a, b)| a != b) {
            let one = |key: &NodeKey| joined.aliases.get(key).unwrap_or(key).clone();
            prop_assert_ne!(one(&a), one(&b));
            let (of_a, of_b) = (persons(&joined, &one(&a)), persons(&joined, &one(&b)));
            prop_assert!(of_a.is_disjoint(&of_b), "{} and {}", a, b);
            prop_assert!(!of_a.contains(&b) && !of_b.contains(&a));
        }
    }

    #[test]
    fn keys_with_different_ids_stay_apart_and_every_alias_ends_at_a_node(facts in facts(), confirm in pairs()) {
        let joined = join(&facts, &ruling(&[], &confirm));
        let (graph, _) = crate::Graph::build(&joined.facts);
        for (alias, key) in &joined.aliases {
            prop_assert_eq!(graph.id(alias), graph.id(key));
        }
        let one = |text: &str| joined.aliases.get(&key(text)).cloned().unwrap_or_else(|| key(text));
        prop_assert_ne!(one("credential:aws/AKIAIOSFODNN7EXAMPLE"), one("credential:aws/AKIAIOSFODNN7EXAMPL2"));
        let prints = ["9f86d081884c7d659a2feaa0c55ad015", "1111d081884c7d659a2feaa0c55ad015"];
        let prints = prints.map(|print| one(&format!("credential:fingerprint/{print}")));
        prop_assert_ne!(&prints[0], &prints[1]);
        for (alias, key) in &joined.aliases {
            prop_assert!(!joined.aliases.contains_key(key));
            let speaks = |fact: &Fact| match fact {
                Fact::Node(node) => node.key == *alias,
                Fact::Edge(edge) => edge.from == *alias || edge.to == *alias,
            };
            prop_assert!(!joined.facts.iter().any(speaks), "{} is spoken of", alias);
        }
    }

    #[test]
    fn only_what_is_verified_or_confirmed_joins(facts in facts()) {
        let joined = join(&facts, &Ruling::default());
        for join in joined.joins.iter().filter(|join| join.is_made()) {
            prop_assert!(join.verified && !join.reasons.is_empty(), "{:?}", join);
        }
    }
}
