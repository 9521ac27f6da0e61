//! Cases for what goes ahead without people, and for what was made by whom an intruder has. Not a test of plans or the gate.

use super::*;
use crate::derived::Derivation;
use firebreak_model::EdgeKind;

/// `nightly` reads a third credential too: that of a client, whose secret can be made anew for good or which can be disabled
/// at a higher price.
fn with_client() -> Vec<Fact> {
    let (secret, client) = (NodeKey::credential("keycloak", "notes"), NodeKey::identity("app", "keycloak/notes"));
    let rotate = option("oauth_token/revoke", &secret, 10, Reversibility::Irreversible);
    let disable = option("keycloak_client/disable", &client, 90, Reversibility::ReversibleReissuesAccess);
    let mut facts = estate::estate();
    facts.extend([
        node(&secret, vec![rotate]),
        node(&client, vec![disable]),
        edge(EdgeKind::ReadableIn, &job(), &secret),
        edge(EdgeKind::Authenticates, &secret, &client),
        edge(EdgeKind::MayAct, &client, &bucket("tax")),
    ]);
    facts
}

#[test]
fn a_dearer_cut_that_can_be_taken_back_goes_ahead_in_place_of_one_that_people_must_decide() {
    let mut stage = informed(Mode::Act, with_client());
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    let client = "keycloak/notes";
    assert_eq!(executed(&effects), ["AKIA1", "AKIA2", client, client], "the client, and the sweep of what it made");
    assert_eq!(asked(&effects), None, "nothing is left to ask about");
    let plans = effects.iter().filter_map(|effect| match effect {
        Effect::PlanMade(plan) => Some(plan.body()),
        _ => None,
    });
    assert!(plans.filter(|body| body.part_of.is_none()).all(|body| body.certified), "the cheapest that is permitted");
}

/// The readable token of another system, which no inventory can cut; and that the profile has it taken back by hand.
fn with_prepared(mode: Mode) -> Respond {
    let token = NodeKey::credential("oauth", "t1");
    let mut facts = estate::estate();
    facts.extend([node(&token, Vec::new()), edge(EdgeKind::ReadableIn, &job(), &token)]);
    let mut stage = informed(mode, facts);
    stage.settings.prepared.insert("litellm-2026-03".into(), vec![crate::prepared::tests::by_profile()]);
    stage
}

#[test]
fn what_a_profile_prepares_waits_for_a_person_while_the_cut_goes_ahead() {
    let mut stage = with_prepared(Mode::Act);
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    assert_eq!(executed(&effects), ["AKIA1", "AKIA2"], "what can be taken back does not wait");
    let (plan, _) = asked(&effects).expect("a person is asked about the rest");
    let body = stage.plan(&plan).expect("it waits").body();
    let prepared: Vec<_> = body.prepared.iter().map(|one| (one.profile.as_str(), one.because.as_str())).collect();
    assert_eq!(prepared, [("litellm-2026-03", "whoever has it acts in your name")]);

    let mut stage = with_prepared(Mode::Act);
    let effects = stage.step(judged(&job(), Verdict::Suspect));
    assert_eq!(asked(&effects), None, "nothing is prepared for what is only suspected");
}

#[test]
fn where_people_decide_everything_they_are_asked_about_the_cheapest() {
    let mut stage = informed(Mode::Ask, with_client());
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    assert_eq!(executed(&effects).len(), 0);
    let (plan, _) = asked(&effects).expect("people are asked");
    let targets =
        |plan: &Plan| plan.steps().iter().map(|step| step.action.target.name().to_string()).collect::<Vec<_>>();
    assert!(targets(stage.plan(&plan).expect("it waits")).contains(&"notes".to_string()));
}

#[test]
fn what_would_leave_a_way_open_does_not_go_ahead_in_place_of_what_closes_it() {
    let facts = with_client().into_iter().map(|fact| match fact {
        Fact::Node(node) if node.key.system() == "app" => Fact::Node(NodeFact { cuts: Vec::new(), ..node }),
        other => other,
    });
    let mut stage = informed(Mode::Act, facts.collect());
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    assert_eq!(executed(&effects), ["AKIA1", "AKIA2"]);
    assert!(asked(&effects).is_some(), "people are asked about the secret");
}

/// A database whose login can be read in `nightly`.
fn with_login() -> (Vec<Fact>, NodeKey) {
    let login = NodeKey::identity("postgres", "db/warehouse");
    let (password, role) =
        (NodeKey::credential("postgres", "db/warehouse"), NodeKey::group("postgres", "db/role/warehouse"));
    let mut facts = estate::estate();
    facts.extend([
        node(&login, vec![option("postgres_role/disable", &login, 30, Reversibility::ReversibleReissuesAccess)]),
        edge(EdgeKind::ReadableIn, &job(), &password),
        edge(EdgeKind::Authenticates, &password, &login),
        edge(EdgeKind::MemberOf, &login, &role),
        edge(EdgeKind::MayAct, &role, &bucket("tax")),
    ]);
    (facts, login)
}

#[test]
fn logins_made_with_a_stolen_one_are_cut_with_it_and_later_ones_as_soon_as_the_log_says_so() {
    let (facts, login) = with_login();
    let made = |parent: &NodeKey, name: &str, hours: i64| Derivation {
        parent: parent.clone(),
        child: NodeKey::identity("postgres", &format!("db/{name}")),
        at: at(hours),
        until: None,
        actor: None,
    };
    let mut stage = informed(Mode::Act, facts);
    let (first, second) = (made(&login, "svc_1", 5), made(&NodeKey::identity("postgres", "db/svc_1"), "svc_2", 6));
    // The later comes first: the log of one batch is handed on whole, in whatever order.
    stage.step(Message::Derived(vec![second, first.clone()]));
    let effects = stage.step(judged(&job(), Verdict::Exposed));
    let cut: BTreeSet<String> = executed(&effects).into_iter().collect();
    assert_eq!(cut, ["AKIA1", "AKIA2", "db/svc_1", "db/svc_2", "db/warehouse"].map(String::from).into());
    let (third, fourth) =
        (made(&first.child, "svc_3", 9), made(&NodeKey::identity("postgres", "db/svc_3"), "svc_4", 9));
    let effects = stage.step(Message::Derived(vec![third, fourth]));
    assert_eq!(
        executed(&effects),
        ["db/svc_3", "db/svc_4", "db/svc_3", "db/svc_4"],
        "each, and whom it let in meanwhile"
    );
    let innocent = made(&NodeKey::identity("postgres", "db/admin"), "new_service", 9);
    assert_eq!(stage.step(Message::Derived(vec![innocent])), [], "whatever others make");
}

#[test]
fn what_could_have_been_taken_from_one_place_is_one_incident() {
    let (facts, login) = with_login();
    let mut stage = informed(Mode::Watch, facts.clone());
    stage.step(found(Signal::Novelty, &login, 5));
    assert_eq!(status(&stage), [Status::Watching], "a login that is used from somewhere new");
    let (findings, _) = {
        stage.step(found(Signal::Tripwire, &key("AKIA1"), 6));
        assert_eq!(stage.incidents().count(), 1);
        let id = stage.incidents().next().expect("one").id;
        stage.items(&id)
    };
    assert_eq!(findings.len(), 2, "the job that could read both explains both");
    let mut stage = informed(Mode::Watch, facts);
    stage.step(found(Signal::Watch, &login, 5));
    stage.step(found(Signal::Tripwire, &key("AKIA1"), 6));
    assert_eq!(stage.incidents().count(), 2, "what only watches draws nothing together");
}

/// What was found at this hour, in an estate that was told at hour 10, with this limit of age.
fn of_a_backlog(mode: Mode, recent_seconds: i64) -> Respond {
    let settings = Settings { recent_seconds, ..respond(mode).settings };
    let mut stage = Respond::new(mode.gate().expect("shipped"), settings);
    stage.step(Message::Tick { now: at(100) });
    stage.step(facts_of(estate::estate()));
    stage
}

#[test]
fn what_was_over_long_before_it_was_read_waits_for_a_person() {
    let mut stage = of_a_backlog(Mode::Act, 86_400);
    let effects = stage.step(found(Signal::Tripwire, &key("AKIA1"), 6));
    assert_eq!(executed(&effects).len(), 0);
    let (plan, needed) = asked(&effects).expect("people are asked");
    assert_eq!(needed, 1);
    let why = effects.iter().find_map(|effect| match effect {
        Effect::AskApproval { reasons, .. } => Some(reasons.join("; ")),
        _ => None,
    });
    assert!(why.expect("a reason").contains("was 3.9 days old when it was read"));
    let effects = stage.step(approval(&ada(), &plan, 100));
    assert_eq!(executed(&effects), ["AKIA1"], "a person may");
}

#[test]
fn a_finding_of_today_makes_the_incident_one_of_today() {
    let mut stage = of_a_backlog(Mode::Act, 86_400);
    stage.step(found(Signal::Tripwire, &key("AKIA1"), 6));
    let effects = stage.step(Message::Finding(finding("again", Signal::Tripwire, &key("AKIA1"), 99)));
    let late: Vec<String> = executed(&effects);
    stage.step(Message::Tick { now: at(101) });
    let effects = stage.step(Message::Finding(finding("other", Signal::Tripwire, &key("AKIA2"), 100)));
    assert!(
        late.contains(&"AKIA1".to_string()) || executed(&effects).contains(&"AKIA1".to_string()),
        "{late:?} {effects:?}"
    );
}

#[test]
fn an_exposure_is_of_today_and_without_a_limit_everything_is() {
    let mut stage = of_a_backlog(Mode::Act, 86_400);
    assert_eq!(executed(&stage.step(judged(&job(), Verdict::Exposed))), ["AKIA1", "AKIA2"]);
    let mut stage = of_a_backlog(Mode::Act, 0);
    assert_eq!(executed(&stage.step(found(Signal::Tripwire, &key("AKIA1"), 6))), ["AKIA1"]);
}
