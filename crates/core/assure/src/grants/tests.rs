//! Grants against their use: what is unused, what is not known, and how it is taken back.

use super::*;
use crate::seen::{self, edge, key};
use firebreak_graph::Graph;
use firebreak_model::{Interval, Keys, NodeFact, Outcome};

fn did(actor: &str, target: &str, operation: &str, outcome: Outcome) -> firebreak_model::Event {
    let operation = Text::new(operation);
    seen::event(20, Keys { actor: Some(key(actor)), target: Some(key(target)), operation, outcome, ..Keys::default() })
}

fn judged(facts: &[Fact], events: &[firebreak_model::Event]) -> Vec<Grant> {
    let (graph, _) = Graph::build(facts);
    let mut doings = Doings::within(Time::from_seconds(10), Time::from_seconds(30));
    events.iter().for_each(|event| doings.add(&graph, event));
    grants(facts, Time::from_seconds(30), &doings)
}

const ETL: &str = "identity:postgres/db/etl";
const OWNER: &str = "identity:postgres/db/owner";
const TABLE: &str = "resource:postgres/db/people/public.people";

#[test]
fn silence_about_a_thing_is_not_disuse() {
    let facts =
        [edge(EdgeKind::MayAct, ETL, TABLE, &["SELECT"]), edge(EdgeKind::MayAct, OWNER, TABLE, &["SELECT", "UPDATE"])];
    assert!(judged(&facts, &[]).iter().all(|grant| grant.uses == Use::Untold && grant.remedy.is_none()));
    let refused = did(ETL, TABLE, "audit.READ.SELECT", Outcome::Denied);
    let owner = did(OWNER, TABLE, "audit.READ.SELECT", Outcome::Success);
    let all = judged(&facts, &[refused, owner]);
    assert_eq!((all[0].uses, all[1].uses), (Use::Unused, Use::Used), "what was refused is no use");
    let text = |grant: &Grant| grant.remedy.clone().unwrap().text.to_string();
    assert_eq!(text(&all[0]), "\\connect \"people\"\nREVOKE SELECT ON \"public\".\"people\" FROM \"etl\";");
    assert_eq!(text(&all[1]), "\\connect \"people\"\nREVOKE UPDATE ON \"public\".\"people\" FROM \"owner\";");
}

#[test]
fn a_role_of_kubernetes_keeps_the_verbs_that_were_used() {
    let (reader, secrets) = ("identity:k8s/prod/apps/api", "resource:k8s/prod/apps/secrets");
    let facts = [edge(EdgeKind::MayAct, reader, secrets, &["secrets:get", "secrets:list"])];
    let all = judged(&facts, &[did(reader, secrets, "k8s:get secrets", Outcome::Success)]);
    assert_eq!(all[0].unused_actions, [Text::new("secrets:list")]);
    let role = all[0].remedy.clone().unwrap().text.to_string();
    assert!(
        role.contains("namespace: \"apps\"") && role.contains("verbs: [\"get\"]") && !role.contains("list"),
        "{role}"
    );
}

/// Names are others' to choose: they end no statement and begin none.
#[test]
fn a_hostile_name_stays_a_name() {
    let (bad, line) = ("identity:postgres/db/x\"; DROP ROLE owner; --", "identity:postgres/db/x\n\\! touch it");
    let facts = [bad, line, OWNER].map(|who| edge(EdgeKind::MayAct, who, TABLE, &["SELECT"]));
    let all = judged(&facts, &[did(OWNER, TABLE, "audit.READ.SELECT", Outcome::Success)]);
    let remedy =
        |who: &str| all.iter().find(|grant| grant.holder == key(who)).and_then(|grant| grant.remedy.clone()).unwrap();
    assert!(remedy(bad).text.ends_with("FROM \"x\"\"; DROP ROLE owner; --\";"), "{}", remedy(bad).text);
    assert!(remedy(line).form == Form::Words && !remedy(line).text.contains('\n'));
}

#[test]
fn a_membership_is_unused_only_where_all_that_it_leads_to_is_told_of() {
    let (ann, bob, team) = ("identity:github/ann", "identity:github/bob", "group:github/o/@team/t");
    let facts = [
        edge(EdgeKind::MemberOf, ann, team, &[]),
        edge(EdgeKind::MemberOf, bob, team, &[]),
        edge(EdgeKind::MemberOf, team, "group:github/o/r/role/write", &[]),
        edge(EdgeKind::MayAct, "group:github/o/r/role/write", "resource:github/o/r", &["push"]),
    ];
    let of = |grants: &[Grant], who: &str| grants.iter().find(|grant| grant.holder == key(who)).unwrap().clone();
    let all = judged(&facts, &[did(ann, "resource:github/o/r", "git.push", Outcome::Success)]);
    assert_eq!((of(&all, ann).uses, of(&all, bob).uses), (Use::Used, Use::Unused));
    assert_eq!(&*of(&all, bob).remedy.unwrap().text, "DELETE /orgs/o/teams/t/memberships/bob");
    let other = edge(EdgeKind::MayAct, team, "resource:github/o/other", &["push"]);
    let all =
        judged(&[&facts[..], &[other]].concat(), &[did(ann, "resource:github/o/r", "git.push", Outcome::Success)]);
    assert_eq!(of(&all, bob).uses, Use::Untold, "of the other repository nothing is recorded");
}

#[test]
fn a_credential_is_silent_only_where_others_of_its_system_speak() {
    let node = |name: &str| Fact::Node(NodeFact::new(key(name), Interval::ALWAYS, Time(0), "test"));
    let facts = [node("credential:aws/AKIA1"), node("credential:aws/AKIA2"), node("credential:slack/x")];
    let (graph, _) = Graph::build(&facts);
    let mut doings = Doings::within(Time::from_seconds(10), Time::from_seconds(30));
    let keys = Keys { credential: Some(key("credential:aws/AKIA1")), ..Keys::default() };
    doings.add(&graph, &seen::event(20, keys));
    let silent = silent_credentials(&facts, Time::from_seconds(30), &doings);
    let keys: Vec<&str> = silent.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["credential:aws/AKIA2"]);
}
