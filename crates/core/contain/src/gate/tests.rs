//! Cases for the gate: the three shipped policies, approvals, and everything that must deny. Not a test of Cedar.

use super::shipped::{Mode, SCHEMA};
use super::*;
use crate::plan::{IncidentId, PlanBody, Step, example};
use firebreak_model::{NodeKey, Reversibility, Severity, Signal, Time};
use std::collections::BTreeSet;

fn request() -> GateRequest {
    GateRequest {
        incident: IncidentId::of("example"),
        severity: Severity::Critical,
        confidence: Confidence::Containable,
        signals: BTreeSet::from([Signal::Tripwire]),
        blast_radius_records: Some(40_000),
        crown_jewels: Some(3),
        hour: 11,
        weekend: false,
        approvals: Vec::new(),
        compromised: BTreeSet::new(),
        paused: None,
        held: None,
        irreversible_allowed: false,
        now: example::now(),
    }
}

fn person(name: &str) -> NodeKey {
    NodeKey::identity("person", &format!("{name}@meridian.example"))
}

fn approval(name: &str, plan: &Plan) -> Approval {
    let at = plan.body().made_at;
    Approval { by: person(name), plan_id: plan.id().clone(), at, expires: at.plus_seconds(3_600) }
}

fn with(change: impl FnOnce(&mut PlanBody)) -> Plan {
    let mut body = example::body();
    change(&mut body);
    Plan::new(body).expect("plain data")
}

fn permanent() -> Plan {
    with(|body| {
        body.steps[0] = Step { reversibility: Reversibility::Irreversible, ..body.steps[0].clone() };
        body.irreversible = vec![1];
    })
}

/// What the gate says, in one word, with the numbers where it asks.
fn word(decision: &Decision) -> String {
    match decision {
        Decision::Approved(_) => "approved".into(),
        Decision::NeedsApproval { needed, have, .. } => format!("{have} of {needed}"),
        Decision::Denied { .. } => "denied".into(),
    }
}

fn decide(mode: Mode, plan: &Plan, change: impl FnOnce(&mut GateRequest)) -> Decision {
    let mut request = request();
    change(&mut request);
    let context = LintContext { now: request.now, ..example::lint_context() };
    mode.gate().expect("shipped").decide(plan.clone(), &request, &context)
}

fn reasons(decision: Decision) -> Vec<String> {
    match decision {
        Decision::Approved(approved) => approved.reasons().to_vec(),
        Decision::NeedsApproval { reasons, .. } | Decision::Denied { reasons, .. } => reasons,
    }
}

#[test]
fn watch_never_acts_whoever_approves() {
    let plan = example::plan();
    let everyone = ["a", "b", "c", "d", "e", "f"].map(|name| approval(name, &plan)).to_vec();
    let decision = decide(Mode::Watch, &plan, |request| request.approvals = everyone);
    assert_eq!(word(&decision), "denied");
    assert_eq!(reasons(decision), ["watch mode never acts"]);
}

#[test]
fn ask_wants_one_person_and_two_for_what_is_hard_to_bear() {
    let plan = example::plan();
    assert_eq!(word(&decide(Mode::Ask, &plan, |_| ())), "0 of 1");
    assert_eq!(word(&decide(Mode::Ask, &plan, |r| r.approvals = vec![approval("ada", &plan)])), "approved");
    assert_eq!(word(&decide(Mode::Ask, &plan, |r| r.blast_radius_records = Some(1_000_001))), "0 of 2");
    for hard in [permanent(), with(|body| body.steps[1].needs_person = true), with(|body| body.cost = 20_001)] {
        assert_eq!(word(&decide(Mode::Ask, &hard, |_| ())), "0 of 2");
        assert_eq!(word(&decide(Mode::Ask, &hard, |r| r.approvals = vec![approval("ada", &hard)])), "1 of 2");
        let two = vec![approval("ada", &hard), approval("bob", &hard)];
        assert_eq!(word(&decide(Mode::Ask, &hard, |r| r.approvals = two)), "approved");
    }
    assert_eq!(word(&decide(Mode::Ask, &plan, |r| r.confidence = Confidence::Watch)), "denied");
}

#[test]
fn act_goes_ahead_with_what_can_be_taken_back_and_asks_otherwise() {
    let plan = example::plan();
    let decision = decide(Mode::Act, &plan, |_| ());
    let Decision::Approved(approved) = decision else { panic!("not approved: {decision:?}") };
    assert_eq!(approved.plan(), &plan);
    assert_eq!(approved.approvers().count(), 0);
    assert!(approved.reasons()[0].contains("every step can be taken back"));
    let remade = with(|body| {
        body.steps[0].reversibility = Reversibility::RecreateOnly;
        body.irreversible = vec![1];
    });
    assert_eq!(word(&decide(Mode::Act, &remade, |_| ())), "0 of 1");
    assert_eq!(word(&decide(Mode::Act, &with(|body| body.cost = 5_001), |_| ())), "0 of 1");
    assert_eq!(word(&decide(Mode::Act, &permanent(), |_| ())), "0 of 2");
    assert_eq!(word(&decide(Mode::Act, &with(|body| body.steps[0].needs_person = true), |_| ())), "0 of 2");
    assert_eq!(word(&decide(Mode::Act, &plan, |r| r.confidence = Confidence::Watch)), "denied");
}

#[test]
fn an_approval_counts_once_a_person_for_this_plan_and_for_its_time() {
    let plan = permanent();
    let ada = approval("ada", &plan);
    let of = |second: Approval| {
        let approvals = vec![ada.clone(), second];
        word(&decide(Mode::Ask, &plan, |request| request.approvals = approvals))
    };
    assert_eq!(of(approval("bob", &plan)), "approved");
    assert_eq!(of(Approval { at: ada.at, expires: ada.expires.plus_seconds(60), ..ada.clone() }), "1 of 2");
    assert_eq!(of(approval("bob", &example::plan())), "1 of 2", "another plan's approval");
    assert_eq!(of(Approval { expires: example::now(), ..approval("bob", &plan) }), "1 of 2", "expired");
    let late = Approval { at: example::now().plus_seconds(1), ..approval("bob", &plan) };
    assert_eq!(of(late), "1 of 2", "given in the future");
    let before = Approval { at: example::now().plus_seconds(-1), ..approval("bob", &plan) };
    assert_eq!(of(before), "1 of 2", "given before there was a plan");
    let account = Approval { by: NodeKey::identity("github", "ada"), ..approval("bob", &plan) };
    assert_eq!(of(account), "1 of 2", "another account of the same person");
}

#[test]
fn an_endless_approval_ends_after_a_day() {
    let plan = example::plan();
    let endless = Approval { expires: Time::MAX, ..approval("ada", &plan) };
    let request = GateRequest { approvals: vec![endless], now: example::now().plus_seconds(86_400), ..request() };
    let (counted, notes) = valid_approvals(&plan, &request);
    assert!(counted.is_empty());
    assert_eq!(notes, ["the approval by `ada@meridian.example` does not count: it has expired"]);
}

#[test]
fn whoever_is_compromised_does_not_approve() {
    let plan = example::plan();
    let decision = decide(Mode::Ask, &plan, |request| {
        request.approvals = vec![approval("ada", &plan)];
        request.compromised = BTreeSet::from([person("ada")]);
    });
    assert_eq!(word(&decision), "0 of 1");
    assert!(reasons(decision).iter().any(|reason| reason.contains("in the intruder's reach")));
}

#[test]
fn a_changed_plan_is_denied_with_every_approval_and_in_every_mode() {
    for mode in Mode::ALL {
        let plan = example::plan();
        let approvals = vec![approval("ada", &plan), approval("bob", &plan)];
        let changed = plan.tampered(|body| body.steps[0].action.target = NodeKey::credential("aws", "AKIAOTHER"));
        let decision = decide(mode, &changed, |request| request.approvals = approvals);
        assert_eq!(word(&decision), "denied", "{mode:?}");
        assert!(reasons(decision)[0].contains("does not match its id"));
    }
}

#[test]
fn a_changed_plan_cannot_even_be_read() {
    let text = serde_json::to_string(&example::plan()).expect("plain data");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("what we wrote"), example::plan());
    let error = serde_json::from_str::<Plan>(&text.replace("AKIA1", "AKIA9")).expect_err("changed").to_string();
    assert!(error.contains("does not match its id"), "{error}");
}

#[test]
fn what_lint_refuses_no_policy_lets_through() {
    let gate = Gate::new(SCHEMA, &[("all", "permit(principal, action, resource);")]).expect("sound");
    let harmful = LintContext {
        our_own: BTreeSet::from([example::plan().steps()[0].action.target.clone()]),
        ..example::lint_context()
    };
    assert_eq!(word(&gate.decide(example::plan(), &request(), &example::lint_context())), "approved");
    assert_eq!(word(&gate.decide(example::plan(), &request(), &harmful)), "denied");
}

#[test]
fn what_is_not_known_denies() {
    let gate = Gate::new(SCHEMA, &[("all", "permit(principal, action, resource);")]).expect("sound");
    for blind in [
        GateRequest { blast_radius_records: None, ..request() },
        GateRequest { crown_jewels: None, ..request() },
        GateRequest { now: example::now().plus_seconds(5), ..request() },
        GateRequest { incident: IncidentId::of("another"), ..request() },
    ] {
        let decision = gate.decide(example::plan(), &blind, &example::lint_context());
        assert_eq!(word(&decision), "denied", "{blind:?}");
    }
    let blind = GateRequest { blast_radius_records: None, ..request() };
    let said = reasons(gate.decide(example::plan(), &blind, &example::lint_context()));
    assert!(said[0].contains("blast_radius_records"), "{said:?}");
}

#[test]
fn a_forbid_that_fails_denies_although_cedar_would_skip_it() {
    // Overflow is the one error that a validated policy can still meet.
    let policies = r#"
        permit(principal, action, resource);
        @id("overflow") forbid(principal, action, resource)
        when { resource.cost + 9223372036854775807 < 0 };
    "#;
    let gate = Gate::new(SCHEMA, &[("odd", policies)]).expect("fits the schema");
    let decision = gate.decide(example::plan(), &request(), &example::lint_context());
    assert_eq!(word(&decision), "denied");
    assert!(reasons(decision)[0].contains("could not be evaluated"));
}

#[test]
fn policies_that_do_not_fit_open_no_gate() {
    for (text, says) in [
        ("permit(principal, action", "unexpected"),
        ("permit(principal, action, resource) when { context.colour == 1 };", "colour"),
        ("permit(principal, action, resource) when { context.approvals == \"two\" };", "types"),
        ("permit(principal, action, resource) when { resource.cost > 1 && false };", "impossible"),
        ("permit(principal == ?principal, action, resource);", "template"),
        ("permit(principal == Firebreak::Nobody::\"x\", action, resource);", "Nobody"),
        ("", "there is none"),
        (
            "@id(\"a\") permit(principal, action, resource); @id(\"a\") permit(principal, action, resource);",
            "duplicate",
        ),
    ] {
        let problems = Gate::new(SCHEMA, &[("mine", text)]).expect_err(text);
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|one| one.contains(says)), "{text}: {said:?}");
    }
    assert!(Gate::new("entity", &[("all", "permit(principal, action, resource);")]).is_err());
    let foreign = "entity A; action \"x\" appliesTo { principal: [A], resource: [A], context: {} };";
    let gate = Gate::new(foreign, &[("all", "permit(principal, action, resource);")]).expect("sound in itself");
    assert_eq!(word(&gate.decide(example::plan(), &request(), &example::lint_context())), "denied");
}

#[test]
fn owners_may_look_at_the_clock_and_the_target() {
    let policies = r#"
        permit(principal, action, resource) when { context.approvals >= 1 };
        @reason("at night nothing of AWS is cut by fewer than three")
        forbid(principal, action, resource)
        when { context.hour < 6 && resource.systems.contains("aws") && context.approvals < 3 };
    "#;
    let gate = Gate::new(SCHEMA, &[("mine", policies)]).expect("sound");
    let at = |hour| word(&gate.decide(example::plan(), &GateRequest { hour, ..request() }, &example::lint_context()));
    assert_eq!(at(12), "0 of 1");
    assert_eq!(at(3), "0 of 3");
}
