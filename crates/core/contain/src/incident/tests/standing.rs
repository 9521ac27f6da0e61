//! Cases for standing policies: when they fire, what they ask for, what holds them. Not a test of plans or the gate.

use super::*;
use crate::standing_policy::tests::file;
use crate::standing_policy::{MapCut, MapStep, Mode as Wanted, PolicyFile, Prepared, Standing, StandingPolicy};
use firebreak_model::{EventUid, Interval};

fn standing(file: PolicyFile, mode: Wanted) -> Standing {
    let policy = StandingPolicy::load(file, &crate::prepared::tests::known()).expect("a policy");
    Standing::of(policy, mode)
}

/// A stage that knows `facts`, that it is hour 10, and these policies.
fn stage_with(facts: Vec<Fact>, standing: Vec<Standing>) -> Respond {
    let base = respond(Mode::Act);
    let mut stage = Respond::new(base.gate.clone(), Settings { standing, ..base.settings });
    stage.step(Message::Tick { now: at(10) });
    stage.step(facts_of(facts));
    stage
}

fn on() -> Respond {
    stage_with(estate::estate(), vec![standing(file(), Wanted::On)])
}

fn ci() -> NodeKey {
    NodeKey::identity("aws", "arn:aws:iam::1:user/ci")
}

/// What the finding of [`public`] is about, for each of its events.
fn event(name: &str, hours: i64) -> Prepared {
    Prepared {
        policy: "public_key".into(),
        event: EventUid::of("x", name.as_bytes()),
        at: at(hours),
        about: BTreeSet::from([ci()]),
        cuts: vec![option("aws_access_key/deactivate", &key(name), 5, Reversibility::ReversibleReissuesAccess)],
        if_sensitive: None,
        unread: Vec::new(),
    }
}

/// A finding that only watches, about the user `ci` at `hours`, shown by `events`.
fn public(hours: i64, events: &[&str]) -> Finding {
    let events = events.iter().map(|name| EventUid::of("x", name.as_bytes())).collect();
    Finding { events, ..finding("key_public", Signal::Watch, &ci(), hours) }
}

fn fire(stage: &mut Respond, hours: i64, names: &[&str]) -> Vec<Effect> {
    stage.step(Message::Prepared(names.iter().map(|name| event(name, hours)).collect()));
    stage.step(Message::Finding(public(hours, names)))
}

#[test]
fn it_cuts_exactly_what_its_events_name_in_an_incident_of_its_own() {
    let mut stage = on();
    let effects = fire(&mut stage, 9, &["AKIA7", "AKIA8"]);
    assert_eq!(executed(&effects), ["AKIA7", "AKIA8"]);
    let own = stage.incidents().find(|one| one.standing_policy.is_some()).expect("an incident of the policy");
    assert_eq!((own.standing_policy.as_deref(), own.status, own.findings), (Some("public_key"), Status::Containing, 1));
    assert!(own.grounds[0].contains("standing policy `public_key`"), "{:?}", own.grounds);
    assert_eq!(own.sources, [], "it says of nobody that they are compromised");
    let plan = stage.plan(own.plan.as_ref().expect("one")).expect("it is under way");
    assert_eq!(plan.body().standing_policy.as_deref(), Some("public_key"));
    let other = stage.incidents().find(|one| one.standing_policy.is_none()).expect("the finding's own");
    assert_eq!((other.status, other.plan), (Status::Watching, None));
    let done: Vec<Effect> =
        reports(&effects, StepOutcome::Applied).into_iter().flat_map(|report| stage.step(report)).collect();
    assert!(done.iter().any(|effect| matches!(effect, Effect::Notify { text, .. } if text.contains("contained"))));
}

#[test]
fn off_or_unnamed_it_proposes_nothing_at_all() {
    for standing in [Vec::new(), vec![standing(file(), Wanted::Off)]] {
        let mut stage = stage_with(estate::estate(), standing);
        let effects = fire(&mut stage, 9, &["AKIA7"]);
        assert_eq!(stage.incidents().filter(|one| one.standing_policy.is_some()).count(), 0);
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::PlanMade(_) | Effect::AskApproval { .. })));
        assert_eq!(stage.snapshot().prepared.len(), 0, "nothing is even kept");
    }
}

#[test]
fn set_to_ask_it_waits_for_a_person_though_the_policy_would_let_it_pass() {
    let mut stage = stage_with(estate::estate(), vec![standing(file(), Wanted::Ask)]);
    let effects = fire(&mut stage, 9, &["AKIA7"]);
    let (plan, needed) = asked(&effects).expect("people are asked");
    assert_eq!((executed(&effects).len(), needed), (0, 1));
    let why = |effect: &Effect| matches!(effect, Effect::AskApproval { reasons, .. } if reasons.iter().any(|one| one.contains("set to ask")));
    assert!(effects.iter().any(why), "{effects:?}");
    assert_eq!(executed(&stage.step(approval(&ada(), &plan, 10))), ["AKIA7"]);
}

#[test]
fn whom_it_is_about_cannot_approve_it() {
    let person = Finding { actor: Some(ada()), ..public(9, &["AKIA7"]) };
    let mut stage = stage_with(estate::estate(), vec![standing(file(), Wanted::Ask)]);
    stage.step(Message::Prepared(vec![event("AKIA7", 9)]));
    let (plan, _) = asked(&stage.step(Message::Finding(person))).expect("people are asked");
    assert_eq!(executed(&stage.step(approval(&ada(), &plan, 10))), Vec::<String>::new());
    let other = NodeKey::identity("person", "bo@meridian.example");
    assert_eq!(executed(&stage.step(approval(&other, &plan, 10))), ["AKIA7"]);
}

#[test]
fn break_glass_holds_it() {
    let mut stage = on();
    stage.step(paused(&ada(), 8));
    let effects = fire(&mut stage, 9, &["AKIA7"]);
    assert_eq!(executed(&effects).len(), 0);
    assert!(asked(&effects).is_some());
    let other = NodeKey::identity("person", "bo@meridian.example");
    assert_eq!(executed(&stage.step(Message::Resumed { by: other })), ["AKIA7"]);
}

#[test]
fn told_twice_it_fires_once() {
    let mut stage = on();
    fire(&mut stage, 9, &["AKIA7"]);
    let before = stage.snapshot().clone();
    assert_eq!(fire(&mut stage, 9, &["AKIA7"]), []);
    assert_eq!(stage.snapshot(), &before);
    let again = Finding { event_count: 2, ..public(9, &["AKIA7"]) };
    assert_eq!(executed(&stage.step(Message::Finding(again))).len(), 0, "a finding that grows asks for nothing twice");
    assert_eq!(stage.incidents().filter(|one| one.standing_policy.is_some()).count(), 1);
}

#[test]
fn what_comes_after_is_cut_as_it_comes_while_its_actor_is_followed_and_not_beyond() {
    let mut stage = on();
    fire(&mut stage, 8, &["AKIA7"]);
    assert_eq!(executed(&stage.step(Message::Prepared(vec![event("AKIA8", 9)]))), ["AKIA8"]);
    assert_eq!(executed(&stage.step(Message::Prepared(vec![event("AKIA9", 10)]))).len(), 0, "an hour is over");
    let stranger = Prepared { about: BTreeSet::from([user("other")]), ..event("AKIA10", 8) };
    assert_eq!(executed(&stage.step(Message::Prepared(vec![stranger]))).len(), 0, "somebody else");
    assert_eq!(stage.incidents().filter(|one| one.standing_policy.is_some()).count(), 1);
}

#[test]
fn events_of_one_actor_before_the_finding_are_cut_though_the_finding_lists_only_some() {
    let mut stage = on();
    stage.step(Message::Prepared(vec![event("AKIA7", 9), event("AKIA8", 9), event("AKIA9", 7)]));
    let effects = stage.step(Message::Finding(Finding { first: at(8), ..public(9, &["AKIA7"]) }));
    assert_eq!(executed(&effects), ["AKIA7", "AKIA8"], "and nothing from before it began");
}

#[test]
fn what_the_owner_spares_and_what_is_ours_is_left_alone_and_said() {
    let spared =
        Standing { except: BTreeSet::from(["credential:aws/AKIA7*".to_owned()]), ..standing(file(), Wanted::On) };
    let mut stage = stage_with(estate::estate(), vec![spared]);
    stage.settings.our_own.insert(key("AKIA8"));
    let effects = fire(&mut stage, 9, &["AKIA7", "AKIA8", "AKIA9"]);
    assert_eq!(executed(&effects), ["AKIA9"]);
    let own = stage.incidents().find(|one| one.standing_policy.is_some()).expect("one");
    assert!(own.gaps.iter().any(|gap| gap.contains("the owner spares it")), "{:?}", own.gaps);
    assert!(own.gaps.iter().any(|gap| gap.contains("it is ours")), "{:?}", own.gaps);
}

#[test]
fn where_no_event_names_anything_people_are_told_and_nothing_happens() {
    let mut stage = on();
    let unread =
        Prepared { cuts: Vec::new(), unread: vec!["the record does not say `key`".to_owned()], ..event("AKIA7", 9) };
    stage.step(Message::Prepared(vec![unread]));
    let effects = stage.step(Message::Finding(public(9, &["AKIA7"])));
    assert_eq!(executed(&effects).len(), 0);
    let told = |effect: &Effect| matches!(effect, Effect::Notify { text, .. } if text.contains("does not say `key`"));
    assert!(effects.iter().any(told), "{effects:?}");
    assert!(stage.incidents().any(|one| one.status == Status::Helpless));
}

#[test]
fn it_goes_on_after_a_restart_and_not_once_it_is_switched_off() {
    let ask = || vec![standing(file(), Wanted::Ask)];
    let mut stage = stage_with(estate::estate(), ask());
    stage.step(Message::Prepared(vec![event("AKIA7", 9), event("AKIA8", 9)]));
    let entries = |stage: &mut Respond| stage.changes().expect("plain data");
    let read = |entries: &[Entry]| {
        let of = entries.iter().filter_map(|one| Some((one.kind, one.key.as_str(), one.body.as_deref()?)));
        State::of(of).expect("what was written")
    };
    let mut written = entries(&mut stage);
    let restored = |state: State, standing: Vec<Standing>| {
        let base = respond(Mode::Act);
        Respond::restore(state, base.gate.clone(), Settings { standing, ..base.settings })
    };
    let mut again = restored(read(&written), ask());
    again.step(facts_of(estate::estate()));
    let (plan, _) = asked(&again.step(Message::Finding(public(9, &["AKIA7", "AKIA8"])))).expect("people are asked");
    written.extend(entries(&mut again));
    let mut without = restored(again.snapshot().clone(), Vec::new());
    without.step(facts_of(estate::estate()));
    assert_eq!(executed(&without.step(approval(&ada(), &plan, 10))).len(), 0, "it was withdrawn");
    let mut with = restored(again.snapshot().clone(), ask());
    with.step(facts_of(estate::estate()));
    assert_eq!(executed(&with.step(approval(&ada(), &plan, 10))), ["AKIA7", "AKIA8"]);
}

/// A policy that asks the map, and not the events.
fn by_the_map(cut: MapCut) -> PolicyFile {
    let mut file = PolicyFile { event_steps: Vec::new(), map_steps: vec![MapStep { cut }], ..file() };
    if cut == MapCut::ReadableThere {
        (file.when.findings, file.when.exposed) = (BTreeSet::new(), true);
    }
    file
}

#[test]
fn the_map_says_how_a_findings_subject_is_cut_and_what_it_cannot_is_a_gap() {
    let policy = || vec![standing(by_the_map(MapCut::Subject), Wanted::On)];
    let mut stage = stage_with(estate::estate(), policy());
    let about = |subject: &NodeKey| Message::Finding(finding("key_public", Signal::Watch, subject, 9));
    assert_eq!(executed(&stage.step(about(&key("AKIA1")))), ["AKIA1"]);
    assert_eq!(executed(&stage.step(about(&key("AKIA99")))).len(), 0);
    let gap = "no inventory says how `credential:aws/AKIA99` is cut";
    assert!(stage.incidents().any(|one| one.gaps.iter().any(|known| known == gap)));
    let count = stage.incidents().filter(|one| one.standing_policy.is_some()).count();
    stage.step(about(&NodeKey::resource("aws", "arn:aws:s3:::b")));
    assert_eq!(stage.incidents().filter(|one| one.standing_policy.is_some()).count(), count, "a store is not cut");
}

#[test]
fn of_an_exposed_environment_every_live_key_is_cut_and_no_dead_one() {
    let policy = || vec![standing(by_the_map(MapCut::ReadableThere), Wanted::On)];
    let dead = NodeFact::new(key("AKIA2"), Interval::new(Time::MIN, at(5)), at(6), "rotated");
    let mut facts = estate::estate();
    facts.retain(|fact| !matches!(fact, Fact::Node(node) if node.key == key("AKIA2") || node.crown_jewel));
    facts.push(Fact::Node(dead));
    for verdict in [Verdict::Suspect, Verdict::Clear, Verdict::Unknown] {
        let mut stage = stage_with(facts.clone(), policy());
        stage.step(judged(&job(), verdict));
        assert_eq!(stage.incidents().filter(|one| one.standing_policy.is_some()).count(), 0, "{verdict:?}");
    }
    let mut stage = stage_with(facts, policy());
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    assert_eq!(executed(&effects), ["AKIA1"]);
    assert_eq!(stage.step(judged(&job(), Verdict::Exposed)), []);
}

#[test]
fn a_verdict_that_is_taken_back_takes_the_waiting_plan_with_it() {
    let mut stage = stage_with(estate::estate(), vec![standing(by_the_map(MapCut::ReadableThere), Wanted::Ask)]);
    let waits = |stage: &Respond| stage.incidents().any(|one| one.standing_policy.is_some() && one.plan.is_some());
    stage.step(judged(&job(), Verdict::Exposed));
    let own = stage.incidents().find(|one| one.standing_policy.is_some()).expect("one");
    assert!(!own.grounds.is_empty());
    stage.step(judged(&job(), Verdict::Clear));
    assert!(!waits(&stage));
}
