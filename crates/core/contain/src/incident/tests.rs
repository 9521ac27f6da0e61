//! Cases for the respond stage: whole runs of messages and what comes of them. Not a test of plans or the gate.

use super::*;
use crate::gate::Pause;
use crate::gate::shipped::Mode;
use crate::plan::make::tests as estate;
use crate::rule::tests::finding;
use firebreak_model::{Fact, NodeFact, Reversibility};

use estate::{at, bucket, edge, job, key, node, option, user};

fn respond(mode: Mode) -> Respond {
    let actions = [
        "aws_access_key/deactivate",
        "oauth_token/revoke",
        "aws_role_sessions/deny",
        "iam_user/deny",
        "keycloak_client/disable",
        "postgres_role/disable",
    ];
    let settings = Settings { actions: actions.map(Text::new).into(), ..Settings::default() };
    Respond::new(mode.gate().expect("shipped"), settings)
}

/// A stage that knows `facts` and that it is hour 10.
fn informed(mode: Mode, facts: Vec<Fact>) -> Respond {
    let mut stage = respond(mode);
    stage.step(Message::Tick { now: at(10) });
    stage.step(facts_of(facts));
    stage
}

fn facts_of(facts: Vec<Fact>) -> Message {
    Message::Facts(Estate { facts, ..Estate::default() })
}

fn found(signal: Signal, subject: &NodeKey, hours: i64) -> Message {
    Message::Finding(finding(&format!("{signal:?}").to_lowercase(), signal, subject, hours))
}

fn judged(environment: &NodeKey, verdict: Verdict) -> Message {
    Message::Judgement(Judgement {
        environment: environment.clone(),
        profile: Text::new("litellm-2026-03"),
        revision: 1,
        verdict,
        interval: Some(firebreak_model::Interval::since(at(1))),
        decided_by: vec!["litellm 1.82.8 was installed".into()],
        gaps: Vec::new(),
        at: Some(at(1)),
    })
}

/// Targets of the steps that the effects carry out, by name.
fn executed(effects: &[Effect]) -> Vec<String> {
    let plans = effects.iter().filter_map(|effect| match effect {
        Effect::Execute(approved) => Some(approved.plan()),
        _ => None,
    });
    plans.flat_map(|plan| plan.steps()).map(|step| step.action.target.name().to_string()).collect()
}

fn asked(effects: &[Effect]) -> Option<(PlanId, u32)> {
    effects.iter().find_map(|effect| match effect {
        Effect::AskApproval { plan, needed, .. } => Some((plan.clone(), *needed)),
        _ => None,
    })
}

fn status(stage: &Respond) -> Vec<Status> {
    stage.incidents().map(|incident| incident.status).collect()
}

fn approval(by: &NodeKey, plan: &PlanId, hours: i64) -> Message {
    Message::Approval(Approval { by: by.clone(), plan_id: plan.clone(), at: at(hours), expires: at(hours + 1) })
}

fn ada() -> NodeKey {
    NodeKey::identity("person", "ada@meridian.example")
}

fn reports(effects: &[Effect], outcome: StepOutcome) -> Vec<Message> {
    let plans = effects.iter().filter_map(|effect| match effect {
        Effect::Execute(approved) => Some(approved.plan().clone()),
        _ => None,
    });
    let of_plan = |plan: Plan| {
        let report = |step: &crate::Step| (plan.id().clone(), step.key.clone());
        plan.steps().iter().map(report).collect::<Vec<_>>()
    };
    plans.flat_map(of_plan).map(|(plan, step)| Message::StepReported { plan, step, outcome, at: at(11) }).collect()
}

#[test]
fn an_exposed_environment_with_keys_is_contained_at_once_in_act_mode() {
    let mut stage = informed(Mode::Act, estate::estate());
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    assert!(matches!(effects[0], Effect::OpenIncident(_)), "the incident is shown first");
    assert_eq!(executed(&effects), ["AKIA1", "AKIA2"]);
    let Effect::OpenIncident(view) = &effects[0] else { panic!("an incident comes first") };
    assert_eq!(view.reachable.iter().map(|holding| holding.records).sum::<u64>(), 47_000);
    assert_eq!((view.status, view.crown_jewels.len()), (Status::Containing, 2));
    let done = reports(&effects, StepOutcome::Contained);
    let last: Vec<Effect> = done.into_iter().flat_map(|report| stage.step(report)).collect();
    assert_eq!(status(&stage), [Status::Contained]);
    assert!(last.iter().any(|effect| matches!(effect, Effect::Notify { text, .. } if text.contains("2 of them seen"))));
}

#[test]
fn an_exposed_environment_with_nothing_to_read_leads_to_no_plan() {
    let sandbox = NodeKey::environment("host", "sandbox");
    let mut facts = estate::estate();
    facts.push(node(&sandbox, vec![]));
    let mut stage = informed(Mode::Act, facts);
    let effects = stage.step(judged(&sandbox, Verdict::Exposed));
    assert_eq!(status(&stage), [Status::Watching]);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::PlanMade(_) | Effect::Execute(_))));
}

#[test]
fn clear_and_unknown_open_nothing_but_unknown_is_a_gap_of_its_wave() {
    let mut stage = informed(Mode::Act, estate::estate());
    let other = NodeKey::environment("ci", "lost-log");
    for verdict in [Verdict::Clear, Verdict::Unknown] {
        stage.step(judged(&other, verdict));
        assert_eq!(status(&stage), []);
    }
    stage.step(judged(&job(), Verdict::Exposed));
    let incident = stage.incidents().next().expect("one");
    assert!(incident.gaps.iter().any(|gap| gap.contains("lost-log")), "{:?}", incident.gaps);
    assert!(!incident.sources.iter().any(|source| source.key == other), "unknown is not compromised either");
}

#[test]
fn one_weak_signal_only_watches_and_two_of_both_kinds_act() {
    let mut stage = informed(Mode::Act, estate::estate());
    assert_eq!(executed(&stage.step(found(Signal::Novelty, &key("AKIA1"), 8))), Vec::<String>::new());
    assert_eq!(status(&stage), [Status::Watching]);
    assert_eq!(executed(&stage.step(found(Signal::Volume, &key("AKIA1"), 9))), ["AKIA1"]);
    assert_eq!(stage.incidents().count(), 1, "both are one incident");
}

#[test]
fn ask_mode_waits_for_a_person_and_acts_once() {
    let mut stage = informed(Mode::Ask, estate::estate());
    let effects = stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
    let (plan, needed) = asked(&effects).expect("people are asked");
    assert_eq!((needed, executed(&effects).len()), (1, 0));
    assert_eq!(status(&stage), [Status::AwaitingApproval]);
    let wrong = PlanId::from_text("0");
    assert_eq!(executed(&stage.step(approval(&ada(), &wrong, 10))).len(), 0, "an approval of something else");
    let yes = approval(&ada(), &plan, 10);
    assert_eq!(executed(&stage.step(yes.clone())), ["AKIA1"]);
    assert_eq!(stage.step(yes), [], "said twice");
}

fn paused(by: &NodeKey, hours: i64) -> Message {
    Message::Paused(Pause { by: by.clone(), at: at(hours), because: "payroll runs".to_owned() })
}

#[test]
fn while_automatic_actions_are_paused_only_what_a_person_approves_happens() {
    let mut stage = informed(Mode::Act, estate::estate());
    stage.step(paused(&ada(), 8));
    let effects = stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
    let (plan, needed) = asked(&effects).expect("people are asked");
    assert_eq!((needed, executed(&effects).len()), (1, 0), "the policy alone would let it pass");
    let why = effects.iter().any(|effect| match effect {
        Effect::AskApproval { reasons, .. } => reasons.iter().any(|reason| reason.contains("payroll runs")),
        _ => false,
    });
    assert!(why, "{effects:?}");
    assert_eq!(executed(&stage.step(approval(&ada(), &plan, 10))), ["AKIA1"]);
    assert_eq!(executed(&stage.step(judged(&job(), Verdict::Exposed))).len(), 0, "the next is asked about too");
    assert_eq!(executed(&stage.step(Message::Resumed { by: ada() })), ["AKIA2"]);
    assert_eq!(stage.paused(), None);
}

#[test]
fn what_was_decided_before_a_pause_is_not_sent_again_until_it_ends() {
    let mut stage = informed(Mode::Act, estate::estate());
    assert_eq!(executed(&stage.step(found(Signal::Tripwire, &key("AKIA1"), 9))), ["AKIA1"]);
    stage.step(paused(&ada(), 10));
    let mut again = Respond::restore(stage.snapshot().clone(), stage.gate.clone(), stage.settings.clone());
    assert_eq!(executed(&again.resume()).len(), 0);
    again.step(facts_of(estate::estate()));
    assert_eq!(executed(&again.step(Message::Resumed { by: ada() })), ["AKIA1"]);
}

#[test]
fn nobody_in_the_intruders_reach_ends_a_pause_and_none_but_a_person() {
    let mut stage = informed(Mode::Act, estate::estate());
    stage.step(paused(&ada(), 8));
    let service = NodeKey::identity("service", "cron");
    stage.step(Message::Resumed { by: service });
    assert!(stage.paused().is_some());
    stage.known.held.insert(IncidentId::of("x"), BTreeSet::from([ada()]));
    let effects = stage.step(Message::Resumed { by: ada() });
    assert!(stage.paused().is_some());
    assert!(matches!(&effects[..], [Effect::Record { kind: "not_resumed", .. }]), "it is told: {effects:?}");
}

#[test]
fn no_containment_is_lifted_by_itself_while_paused() {
    let mut stage = informed(Mode::Act, estate::estate());
    let effects = stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
    reports(&effects, StepOutcome::Contained).into_iter().for_each(|report| _ = stage.step(report));
    stage.step(paused(&ada(), 10));
    let due = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::LeaseDue { .. }));
    let later = at(9).plus_seconds(stage.settings.lease_seconds + 7_200);
    assert!(!due(&stage.step(Message::Tick { now: later })));
    stage.step(Message::Resumed { by: ada() });
    assert!(due(&stage.step(Message::Tick { now: later.plus_seconds(1) })));
}

#[test]
fn watch_mode_plans_tells_once_and_never_acts() {
    let mut stage = informed(Mode::Watch, estate::estate());
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::PlanMade(_))));
    assert_eq!((executed(&effects).len(), status(&stage)), (0, vec![Status::Denied]));
    let again = stage.step(facts_of(estate::estate()));
    assert!(!again.iter().any(|effect| matches!(effect, Effect::Notify { .. } | Effect::PlanMade(_))), "{again:?}");
}

#[test]
fn the_same_message_twice_changes_nothing() {
    let mut stage = informed(Mode::Act, estate::estate());
    let messages = [judged(&job(), Verdict::Exposed), found(Signal::Tripwire, &key("AKIA1"), 9)];
    for message in &messages {
        stage.step(message.clone());
    }
    let before = stage.snapshot().clone();
    for message in messages {
        assert_eq!(stage.step(message), []);
    }
    assert_eq!(stage.snapshot(), &before);
}

#[test]
fn a_growing_scope_plans_only_what_is_new() {
    let mut stage = informed(Mode::Act, estate::estate());
    assert_eq!(executed(&stage.step(found(Signal::Tripwire, &key("AKIA1"), 9))), ["AKIA1"]);
    assert_eq!(executed(&stage.step(judged(&job(), Verdict::Exposed))), ["AKIA2"], "one key is cut already");
    assert_eq!(stage.incidents().count(), 1, "the environment could read the key");
}

#[test]
fn a_step_that_fails_or_is_taken_back_is_replaced_or_reported_but_not_repeated() {
    let mut facts = estate::estate();
    let deny = option("iam_user/deny", &user("interviews"), 30, Reversibility::Reversible);
    facts.push(node(&user("interviews"), vec![deny]));
    for outcome in [StepOutcome::Failed, StepOutcome::NotContained, StepOutcome::Undone, StepOutcome::Cancelled] {
        let mut stage = informed(Mode::Act, facts.clone());
        let first = stage.step(found(Signal::Tripwire, &key("AKIA1"), 9));
        assert_eq!(executed(&first), ["AKIA1"]);
        let second = stage.step(reports(&first, outcome).remove(0));
        // A deny is followed by its sweep.
        assert_eq!(executed(&second), ["arn:aws:iam::1:user/interviews"; 2], "{outcome:?}");
        let third: Vec<Effect> = reports(&second, outcome).into_iter().flat_map(|report| stage.step(report)).collect();
        assert_eq!(executed(&third), Vec::<String>::new());
        assert_eq!(status(&stage), [Status::Helpless]);
    }
}

#[test]
fn what_can_be_taken_back_goes_ahead_while_people_are_asked_about_the_rest() {
    let token = NodeKey::credential("oauth", "idp/1");
    let mut facts = estate::estate();
    let revoke = option("oauth_token/revoke", &token, 10, Reversibility::Irreversible);
    facts.extend([node(&token, vec![revoke]), edge(firebreak_model::EdgeKind::ReadableIn, &job(), &token)]);
    facts.push(edge(firebreak_model::EdgeKind::MayAct, &token, &bucket("tax")));
    let mut stage = informed(Mode::Act, facts);
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    assert_eq!(executed(&effects), ["AKIA1", "AKIA2"]);
    let (plan, needed) = asked(&effects).expect("the token cannot be given back");
    assert_eq!(needed, 2);
    let waiting = stage.plan(&plan).expect("it waits");
    assert_eq!(waiting.steps().iter().map(|s| s.action.target.name()).collect::<Vec<_>>(), ["idp/1"]);
    assert_eq!(waiting.body().relies_on.len(), 2);
    assert_eq!(executed(&stage.step(approval(&ada(), &plan, 10))).len(), 0, "one of two");
    let bob = NodeKey::identity("person", "bob@meridian.example");
    assert_eq!(executed(&stage.step(approval(&bob, &plan, 10))), ["idp/1"]);
}

#[test]
fn whoever_is_in_reach_of_the_intruder_does_not_approve() {
    let mut facts = estate::estate();
    facts.push(edge(firebreak_model::EdgeKind::Authenticates, &key("AKIA1"), &ada()));
    let mut stage = informed(Mode::Ask, facts);
    let (plan, _) = asked(&stage.step(judged(&job(), Verdict::Exposed))).expect("people are asked");
    let effects = stage.step(approval(&ada(), &plan, 10));
    assert_eq!(executed(&effects).len(), 0);
    let Some(Effect::AskApproval { reasons, have, .. }) =
        effects.iter().find(|e| matches!(e, Effect::AskApproval { .. }))
    else {
        panic!("people are asked again: {effects:?}")
    };
    assert!(*have == 0 && reasons.iter().any(|reason| reason.contains("intruder's reach")), "{reasons:?}");
}

fn session(child: &str, hours: i64) -> Message {
    let role = NodeKey::identity("aws", "arn:aws:iam::1:role/eval");
    let (parent, child, until) = (key("AKIA1"), key(child), Some(at(hours + 12)));
    Message::Derived(vec![Derivation { parent, child, at: at(hours), until, actor: Some(role) }])
}

#[test]
fn sessions_made_with_a_stolen_key_are_denied_and_later_ones_once_more() {
    let role = NodeKey::identity("aws", "arn:aws:iam::1:role/eval");
    let mut facts = estate::estate();
    facts.push(edge(firebreak_model::EdgeKind::MayAct, &role, &bucket("tax")));
    let mut stage = informed(Mode::Act, facts);
    stage.step(session("ASIA1", 9));
    let first = stage.step(found(Signal::Tripwire, &key("AKIA1"), 8));
    assert_eq!(executed(&first), [role.name(), "AKIA1", role.name()], "session, key, sweep");
    stage.step(Message::Tick { now: at(12) });
    let second = stage.step(session("ASIA2", 11));
    assert_eq!(executed(&second), [role.name(), role.name()], "issued after the first deny: denied again, and swept");
    assert_eq!(stage.step(session("ASIA2", 11)), [], "and no third time");
    let innocent = Derivation {
        parent: key("AKIA9"),
        ..match session("ASIA9", 11) {
            Message::Derived(mut derivations) => derivations.remove(0),
            _ => panic!("a derivation"),
        }
    };
    assert_eq!(stage.step(Message::Derived(vec![innocent])), [], "somebody else's session");
}

#[test]
fn findings_belong_together_by_subject_actor_environment_and_time() {
    let mut stage = informed(Mode::Watch, estate::estate());
    let by = |message: Message, actor: &str| match message {
        Message::Finding(finding) => Message::Finding(Finding { actor: Some(user(actor)), ..finding }),
        other => other,
    };
    stage.step(by(found(Signal::Watch, &key("X"), 8), "ci"));
    stage.step(by(found(Signal::Watch, &key("Y"), 9), "ci"));
    assert_eq!(stage.incidents().count(), 1, "one actor");
    stage.step(found(Signal::Watch, &key("X"), 8 + 15 * 24));
    assert_eq!(stage.incidents().count(), 2, "15 days later");
    stage.step(by(found(Signal::Watch, &key("Z"), 9), "*"));
    stage.step(by(found(Signal::Watch, &key("W"), 9), "ec2.amazonaws.com"));
    assert_eq!(stage.incidents().count(), 4);
    stage.step(found(Signal::Watch, &key("AKIA1"), 9));
    stage.step(found(Signal::Watch, &key("AKIA2"), 9));
    assert_eq!(stage.incidents().count(), 6, "nothing says that they have to do with one another");
    let effects = stage.step(judged(&job(), Verdict::Suspect));
    assert_eq!(stage.incidents().count(), 5, "they could be read in one suspect place");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Record { kind: "incident_joined", .. })));
}

#[test]
fn a_plan_that_got_old_is_made_anew_and_asked_about_again() {
    let mut stage = informed(Mode::Ask, estate::estate());
    let (old, _) = asked(&stage.step(judged(&job(), Verdict::Exposed))).expect("people are asked");
    assert_eq!(asked(&stage.step(Message::Tick { now: at(13) })), None);
    let (new, _) = asked(&stage.step(Message::Tick { now: at(15) })).expect("people are asked again");
    assert_ne!(old, new);
    assert_eq!(executed(&stage.step(approval(&ada(), &old, 15))).len(), 0, "the old one is gone");
    assert_eq!(executed(&stage.step(approval(&ada(), &new, 15))), ["AKIA1", "AKIA2"]);
}

#[test]
fn a_changed_estate_makes_the_waiting_plan_anew() {
    let mut stage = informed(Mode::Ask, estate::estate());
    let (old, _) = asked(&stage.step(judged(&job(), Verdict::Exposed))).expect("people are asked");
    let same = stage.step(facts_of(estate::estate()));
    assert_eq!(asked(&same).map(|(plan, _)| plan), Some(old.clone()), "nothing new: the same plan waits on");
    let mut facts = estate::estate();
    let third = key("AKIA3");
    facts.push(node(&third, vec![option("aws_access_key/deactivate", &third, 20, Reversibility::Reversible)]));
    facts.push(edge(firebreak_model::EdgeKind::ReadableIn, &job(), &third));
    facts.push(edge(firebreak_model::EdgeKind::MayAct, &third, &bucket("tax")));
    let (new, _) = asked(&stage.step(facts_of(facts))).expect("people are asked about the new plan");
    assert_ne!(old, new);
    assert_eq!(executed(&stage.step(approval(&ada(), &old, 10))).len(), 0);
    assert_eq!(executed(&stage.step(approval(&ada(), &new, 10))).len(), 3);
}

#[test]
fn a_judgement_that_is_taken_back_withdraws_the_plan() {
    let mut stage = informed(Mode::Ask, estate::estate());
    let (plan, _) = asked(&stage.step(judged(&job(), Verdict::Exposed))).expect("people are asked");
    let Message::Judgement(revised) = judged(&job(), Verdict::Clear) else { panic!("a judgement") };
    stage.step(Message::Judgement(Judgement { revision: 2, ..revised }));
    assert_eq!(status(&stage), [Status::Watching]);
    assert_eq!(executed(&stage.step(approval(&ada(), &plan, 10))).len(), 0);
    stage.step(judged(&job(), Verdict::Exposed));
    assert_eq!(status(&stage), [Status::Watching], "an older revision does not come back");
}

#[test]
fn a_lease_falls_due_keeps_what_is_unsafe_and_can_be_confirmed() {
    let mut stage = informed(Mode::Act, estate::estate());
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    let plan = stage.incidents().next().and_then(|incident| incident.plan).expect("carried out");
    for report in reports(&effects, StepOutcome::Contained) {
        stage.step(report);
    }
    let due = |effects: Vec<Effect>| {
        effects.into_iter().find_map(|effect| match effect {
            Effect::LeaseDue { expiry, .. } => Some((expiry.lift.len(), expiry.keep.len())),
            _ => None,
        })
    };
    assert_eq!(due(stage.step(Message::Tick { now: at(81) })), None);
    stage.step(Message::Confirmed { plan: plan.clone(), by: ada(), until: at(100) });
    assert_eq!(due(stage.step(Message::Tick { now: at(99) })), None);
    assert_eq!(due(stage.step(Message::Tick { now: at(100) })), Some((0, 2)), "the keys were not rotated");
    assert_eq!(due(stage.step(Message::Tick { now: at(101) })), None, "asked once a term");
    // The keys are rotated: their nodes have ended. The intruder has nothing left to come back with.
    let rotated = estate::estate().into_iter().map(|fact| match fact {
        Fact::Node(node) if node.key.kind() == firebreak_model::NodeKind::Credential => {
            Fact::Node(NodeFact { valid: firebreak_model::Interval::new(at(0), at(150)), ..node })
        }
        other => other,
    });
    stage.step(Message::Tick { now: at(160) });
    stage.step(facts_of(rotated.collect()));
    assert_eq!(due(stage.step(Message::Tick { now: at(173) })), Some((2, 0)));
}

#[test]
fn what_becomes_known_later_counts_as_if_it_had_been_told_at_once() {
    let facts = estate::estate();
    let (known, later) = facts.split_at(facts.len() / 2);
    let changes = later.iter().map(|fact| Change::State { fact: fact.clone() }).collect();
    let mut grown = informed(Mode::Act, known.to_vec());
    let before = executed(&grown.step(judged(&job(), Verdict::Exposed)));
    let after = executed(&grown.step(Message::Changes(changes)));
    let at_once = executed(&informed(Mode::Act, facts.clone()).step(judged(&job(), Verdict::Exposed)));
    let sorted = |mut targets: Vec<String>| {
        targets.sort();
        targets
    };
    assert!(!at_once.is_empty());
    assert_eq!(sorted([before, after].concat()), sorted(at_once));
}

#[test]
fn what_has_ended_is_cut_no_more() {
    let facts = estate::estate();
    let ended = |fact: &Fact| Change::End { fact: fact.clone(), at: at(0), known: at(9) };
    let edges = facts.iter().filter(|fact| matches!(fact, Fact::Edge(_)));
    let changes: Vec<Change> = edges.map(ended).collect();
    let mut stage = informed(Mode::Act, facts.clone());
    stage.step(Message::Changes(changes));
    assert_eq!(executed(&stage.step(judged(&job(), Verdict::Exposed))), Vec::<String>::new());
}

#[test]
fn nothing_is_judged_before_the_estate_is_known() {
    let mut stage = respond(Mode::Act);
    stage.step(Message::Tick { now: at(10) });
    stage.step(judged(&job(), Verdict::Exposed));
    assert_eq!(status(&stage), [Status::Watching]);
    assert_eq!(executed(&stage.step(facts_of(estate::estate()))), ["AKIA1", "AKIA2"]);
}

#[test]
fn after_a_restart_plans_under_way_are_given_out_again_and_others_are_not() {
    let mut stage = informed(Mode::Act, estate::estate());
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    let restarted = |stage: &Respond| {
        let text = serde_json::to_string(stage.snapshot()).expect("plain data");
        let state: State = serde_json::from_str(&text).expect("what we wrote");
        assert_eq!(&state, stage.snapshot(), "nothing is lost in writing");
        Respond::restore(state, Mode::Act.gate().expect("shipped"), stage.settings.clone())
    };
    let mut second = restarted(&stage);
    assert_eq!(executed(&second.resume()), ["AKIA1", "AKIA2"], "act goes on where it stopped");
    assert_eq!(executed(&second.step(facts_of(estate::estate()))).len(), 0, "and nothing is planned twice");
    for report in reports(&effects, StepOutcome::Contained) {
        second.step(report);
    }
    assert_eq!(executed(&restarted(&second).resume()).len(), 0);
}

#[test]
fn ten_thousand_findings_about_one_thing_are_one_incident_and_one_plan() {
    let mut stage = informed(Mode::Act, estate::estate());
    let mut plans = 0;
    for number in 0..10_000 {
        let effects = stage.step(found(Signal::Tripwire, &key("AKIA1"), 9 + number % 24));
        plans += executed(&effects).len();
        stage.step(Message::Finding(finding(&format!("d{number}"), Signal::Watch, &key("AKIA1"), 9)));
    }
    assert_eq!((stage.incidents().count(), plans), (1, 1));
}

mod ahead;
mod laws;
mod muted;
mod standing;
mod storm;
