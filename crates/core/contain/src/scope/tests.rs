//! Cases for scope: each rule, what must not follow, and laws over random evidence. Not a test of reach.

use super::*;
use crate::rule::tests::finding;
use firebreak_model::{EdgeFact, Fact, NodeFact};
use proptest::prelude::*;

fn at(hours: i64) -> Time {
    Time::from_seconds(hours * 3_600)
}

fn job(name: &str) -> NodeKey {
    NodeKey::environment("ci", name)
}

fn key(id: &str) -> NodeKey {
    NodeKey::credential("aws", id)
}

/// `nightly` can read A and B from hour 0 on, `release` B and C from hour 5 on, `lint` nothing.
fn estate() -> Graph {
    let readable = |environment: &str, credential: &str, from: i64| {
        let valid = Interval::since(at(from));
        Fact::Edge(EdgeFact::new(EdgeKind::ReadableIn, job(environment), key(credential), valid, at(0), "ci"))
    };
    let mut facts = vec![
        readable("nightly", "A", 0),
        readable("nightly", "B", 0),
        readable("release", "B", 5),
        readable("release", "C", 5),
    ];
    for environment in ["nightly", "release", "lint"] {
        facts.push(Fact::Node(NodeFact::new(job(environment), Interval::ALWAYS, at(0), "ci")));
    }
    Graph::build(&facts).0
}

fn judgement(environment: &str, verdict: Verdict, from: i64) -> Judgement {
    Judgement {
        environment: job(environment),
        profile: "litellm-2026-03".into(),
        revision: 1,
        verdict,
        interval: Some(Interval::since(at(from))),
        decided_by: vec!["litellm 1.82.8 was installed".into()],
        gaps: Vec::new(),
        at: Some(at(from)),
    }
}

fn derivation(parent: &str, child: &str, hours: i64) -> Derivation {
    Derivation { parent: key(parent), child: key(child), at: at(hours), until: None, actor: None }
}

fn drawn(findings: &[Finding], judgements: &[Judgement], derived: &[Derivation]) -> Scope {
    scope(&estate(), ScopeEvidence { findings, judgements, derived })
}

fn sources(scope: &Scope) -> Vec<(String, i64)> {
    scope
        .sources
        .iter()
        .map(|source| (source.key.name().to_string(), source.since.seconds().div_euclid(3_600)))
        .collect()
}

fn source(name: &str, since: i64) -> (String, i64) {
    (name.to_string(), since)
}

#[test]
fn an_exposed_environment_is_a_source_from_its_exposure_on() {
    let scope = drawn(&[], &[judgement("nightly", Verdict::Exposed, 3)], &[]);
    assert_eq!(sources(&scope), [source("nightly", 3)]);
    assert!(scope.sources[0].reason.contains("litellm 1.82.8"));
}

#[test]
fn clear_suspect_and_unknown_are_no_sources_and_the_last_two_are_gaps() {
    let judgements = [("nightly", Verdict::Clear), ("release", Verdict::Suspect), ("lint", Verdict::Unknown)]
        .map(|(n, v)| judgement(n, v, 3));
    let scope = drawn(&[], &judgements, &[]);
    assert!(scope.sources.is_empty());
    assert_eq!(scope.gaps.len(), 2, "{:?}", scope.gaps);
}

#[test]
fn a_suspect_environment_is_compromised_once_something_readable_there_is_misused() {
    let judgements = [judgement("release", Verdict::Suspect, 6)];
    let misused =
        |id: &str, hours| sources(&drawn(&[finding("d", Signal::Tripwire, &key(id), hours)], &judgements, &[]));
    assert_eq!(misused("C", 9), [source("C", 9), source("release", 6)]);
    assert_eq!(misused("A", 9), [source("A", 9)], "not readable there");
    assert_eq!(misused("C", 4), [source("C", 4)], "misused before it could be read there");
}

#[test]
fn two_misused_keys_point_at_the_environment_that_holds_both() {
    let trip = |id: &str| finding("d", Signal::Tripwire, &key(id), 9);
    let weak = |id: &str| finding("d", Signal::Novelty, &key(id), 9);
    assert_eq!(
        sources(&drawn(&[trip("A"), trip("B")], &[], &[])),
        [source("A", 9), source("B", 9), source("nightly", 0)]
    );
    assert_eq!(sources(&drawn(&[trip("A"), weak("B")], &[], &[])), [source("A", 9), source("nightly", 0)]);
    assert_eq!(sources(&drawn(&[weak("A"), weak("B")], &[], &[])), [], "two weak signals prove nothing");
    assert_eq!(
        sources(&drawn(&[trip("A"), trip("C")], &[], &[])),
        [source("A", 9), source("C", 9)],
        "nothing holds both"
    );
}

#[test]
fn a_session_leads_back_to_the_environment_of_its_key() {
    let derived = [derivation("A", "S", 7)];
    let findings = [finding("d", Signal::Tripwire, &key("S"), 8), finding("d", Signal::Tripwire, &key("B"), 9)];
    assert_eq!(sources(&drawn(&findings, &[], &derived)), [source("B", 9), source("S", 8), source("nightly", 0)]);
}

#[test]
fn what_is_made_with_a_compromised_key_is_compromised_but_nothing_made_before() {
    let findings = [finding("d", Signal::Tripwire, &key("A"), 4)];
    let derived =
        [derivation("A", "S1", 5), derivation("S1", "S2", 6), derivation("A", "S0", 3), derivation("B", "S9", 5)];
    assert_eq!(sources(&drawn(&findings, &[], &derived)), [source("A", 4), source("S1", 5), source("S2", 6)]);
}

#[test]
fn watching_compromises_nobody() {
    let findings = [finding("a", Signal::Watch, &key("A"), 4), finding("b", Signal::Volume, &key("B"), 4)];
    assert_eq!(drawn(&findings, &[], &[]), Scope::default());
}

#[test]
fn a_credential_that_nobody_knows_stands_for_its_actor_and_is_a_gap() {
    let actor = NodeKey::identity("aws", "arn:aws:iam::1:user/ci");
    let stranger = Finding { actor: Some(actor), ..finding("d", Signal::Tripwire, &key("Z"), 4) };
    let scope = drawn(&[stranger], &[], &[]);
    assert_eq!(sources(&scope), [source("Z", 4), source("arn:aws:iam::1:user/ci", 4)]);
    assert!(
        scope.gaps.iter().any(|gap| gap.contains("all of `identity:aws/arn:aws:iam::1:user/ci`")),
        "{:?}",
        scope.gaps
    );
}

#[test]
fn findings_are_explained_by_the_environment_that_lost_their_subject() {
    let findings = [finding("d", Signal::Novelty, &key("B"), 9), finding("d", Signal::Novelty, &key("C"), 9)];
    let scope = drawn(&findings, &[judgement("nightly", Verdict::Exposed, 3)], &[]);
    let explained: Vec<_> = scope.explained.iter().map(|one| (&one.finding, one.environment.name())).collect();
    assert_eq!(explained, [(&findings[0].id, "nightly")]);
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let signal = prop_oneof![Just(Signal::Watch), Just(Signal::Novelty), Just(Signal::Volume), Just(Signal::Tripwire)];
    (signal, prop_oneof!["[A-C]", "S[1-3]"], 0i64..40)
        .prop_map(|(signal, id, hours)| finding(&format!("{signal:?}").to_lowercase(), signal, &key(&id), hours))
}

fn any_evidence() -> impl Strategy<Value = (Vec<Finding>, Vec<Judgement>, Vec<Derivation>)> {
    let verdict =
        prop_oneof![Just(Verdict::Clear), Just(Verdict::Unknown), Just(Verdict::Suspect), Just(Verdict::Exposed)];
    let judgements = (prop_oneof![Just("nightly"), Just("release"), Just("lint")], verdict, 0i64..20)
        .prop_map(|(name, verdict, from)| judgement(name, verdict, from));
    let derivations = (prop_oneof!["[A-C]", "S[1-3]"], "S[1-3]", 0i64..40)
        .prop_map(|(parent, child, hours)| derivation(&parent, &child, hours));
    (
        prop::collection::vec(any_finding(), 0..8),
        prop::collection::vec(judgements, 0..4),
        prop::collection::vec(derivations, 0..6),
    )
}

/// The same rules, said the slow way: repeat until nothing changes.
fn naive_derived(scope: &Scope, derived: &[Derivation]) -> bool {
    derived.iter().all(|derivation| {
        let of = |key: &NodeKey| scope.sources.iter().find(|source| source.key == *key);
        of(&derivation.parent).is_none_or(|parent| {
            let held = parent.since <= derivation.at && derivation.at < parent.until;
            !held || of(&derivation.child).is_some_and(|child| child.since <= derivation.at)
        })
    })
}

proptest! {
    #[test]
    fn the_order_of_evidence_does_not_matter((mut f, mut j, mut d) in any_evidence(), turn in 0usize..8) {
        let before = drawn(&f, &j, &d);
        f.reverse();
        j.reverse();
        if !d.is_empty() {
            let turn = turn % d.len();
            d.rotate_left(turn);
        }
        prop_assert_eq!(before, drawn(&f, &j, &d));
    }

    #[test]
    fn scope_is_closed_under_derivation((f, j, d) in any_evidence()) {
        prop_assert!(naive_derived(&drawn(&f, &j, &d), &d));
    }

    #[test]
    fn more_evidence_never_shrinks_the_scope((f, j, d) in any_evidence(), more in any_finding()) {
        let before = drawn(&f, &j, &d);
        let mut findings = f.clone();
        findings.push(more);
        let after = drawn(&findings, &j, &d);
        for source in before.sources {
            prop_assert!(after.sources.iter().any(|s| s.key == source.key && s.since <= source.since && s.until >= source.until));
        }
    }

    #[test]
    fn no_doubt_is_dropped((f, j, d) in any_evidence()) {
        let scope = drawn(&f, &j, &d);
        for doubt in j.iter().filter(|judgement| matches!(judgement.verdict, Verdict::Unknown | Verdict::Suspect)) {
            prop_assert!(scope.gaps.iter().any(|gap| gap.contains(doubt.environment.as_str())));
        }
    }
}

/// A database's log names logins: `app` has one password, which `nightly` reads; `shared` has two.
fn database() -> (Graph, NodeKey, NodeKey) {
    let (app, shared) = (NodeKey::identity("postgres", "db/app"), NodeKey::identity("postgres", "db/shared"));
    let password = |name: &str| NodeKey::credential("postgres", name);
    let edge = |kind, from: NodeKey, to: &NodeKey| {
        Fact::Edge(EdgeFact::new(kind, from, to.clone(), Interval::since(at(0)), at(0), "inventory"))
    };
    let mut facts = vec![Fact::Node(NodeFact::new(job("nightly"), Interval::ALWAYS, at(0), "ci"))];
    for (name, login) in [("app", &app), ("one", &shared), ("other", &shared)] {
        facts.push(edge(EdgeKind::Authenticates, password(name), login));
    }
    for read in [password("app"), password("one"), key("A")] {
        facts.push(edge(EdgeKind::ReadableIn, job("nightly"), &read));
    }
    (Graph::build(&facts).0, app, shared)
}

#[test]
fn misuse_of_a_login_points_at_its_only_password_and_so_at_where_that_could_be_read() {
    let (graph, app, shared) = database();
    let about = |login: &NodeKey| {
        let findings = [finding("sweep", Signal::Tripwire, &key("A"), 2), finding("new", Signal::Novelty, login, 3)];
        let scope = scope(&graph, ScopeEvidence { findings: &findings, judgements: &[], derived: &[] });
        sources(&scope)
    };
    assert_eq!(about(&app), [source("A", 2), source("nightly", 0)]);
    assert_eq!(about(&shared), [source("A", 2)], "with two passwords nobody knows which it was");
    assert_eq!(places(&graph, &app), BTreeSet::from([job("nightly")]));
    assert_eq!(places(&graph, &shared), BTreeSet::new());
}
