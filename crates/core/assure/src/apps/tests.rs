//! Apps on a small map: what is one app, what only logs show, what a vendor's breach would start from, and drift.

use super::*;
use crate::seen::{self, edge, key};
use firebreak_model::{
    Action, CutOption, CutPolicy, DataClass, Holding, Interval, Keys, NodeFact, Outcome, Reversibility,
};

const NOTES: &str = "identity:app/google/notes";
const ANN: &str = "identity:google/ann@a.example";

fn facts(scopes: &[&str]) -> Vec<Fact> {
    let own = "identity:app/google/notes/user/ann@a.example";
    let drive = "resource:google/drive/d";
    let mut holds =
        EdgeFact::new(EdgeKind::Holds, key(drive), key("data_class:contact"), Interval::ALWAYS, Time(0), "test");
    let class = DataClass::new("contact");
    holds.holding = Some(Holding { class, residency: Text::new("US-CA"), records: 40, bytes: None });
    let label = Text::new("Notes by Vellum");
    let node = NodeFact { label, ..NodeFact::new(key(NOTES), Interval::ALWAYS, Time(0), "test") };
    vec![
        Fact::Node(node),
        edge(EdgeKind::Consents, ANN, own, &[]),
        edge(EdgeKind::MayAct, own, drive, scopes),
        edge(EdgeKind::Authenticates, "credential:oauth/t1", own, &[]),
        edge(EdgeKind::MayAct, "identity:aws/arn:aws:iam::111122223333:role/r", drive, &[]),
        Fact::Edge(holds),
    ]
}

fn all(facts: &[Fact], events: &[firebreak_model::Event]) -> Vec<App> {
    let (graph, problems) = Graph::build(facts);
    assert!(problems.is_empty(), "{problems:?}");
    let mut doings = Doings::within(Time::from_seconds(0), Time::from_seconds(100));
    events.iter().for_each(|event| doings.add(&graph, event));
    apps(&graph, facts, Time::from_seconds(50), Some(&doings))
}

fn did(seconds: i64, actor: &str, target: &str, outcome: Outcome) -> firebreak_model::Event {
    let keys = Keys {
        actor: Some(key(actor)),
        target: Some(key(target)),
        operation: Text::new("call"),
        outcome,
        ..Keys::default()
    };
    seen::event(seconds, keys)
}

#[test]
fn what_an_app_may_do_for_users_is_the_app() {
    let apps = all(&facts(&["drive.readonly"]), &[]);
    let found: Vec<&str> = apps.iter().map(|app| app.key.as_str()).collect();
    assert_eq!(found, [NOTES], "a role is no app");
    let app = &apps[0];
    assert_eq!((app.sort, app.shadow, &*app.consented), (Sort::App, false, &[key(ANN)][..]));
    assert_eq!(app.reach, BTreeMap::from([(Text::new("contact"), 40)]));
    assert!(app.risk.contains("reaches 40 records (contact)") && app.risk.contains("no event"), "{}", app.risk);
}

#[test]
fn what_only_logs_show_is_shadow_and_what_was_refused_is_not_there() {
    let gateway = "resource:litellm/big-model";
    let events = [
        did(5, "identity:litellm/unknown-bot", gateway, Outcome::Success),
        did(7, "identity:litellm/unknown-bot", gateway, Outcome::Success),
        did(8, "identity:litellm/refused", gateway, Outcome::Denied),
        did(9, ANN, "resource:google/drive/d", Outcome::Success),
    ];
    let apps = all(&facts(&[]), &events);
    let of = |text: &str| apps.iter().find(|app| app.key == key(text));
    let bot = of("identity:litellm/unknown-bot").unwrap();
    assert_eq!((bot.shadow, bot.sort, bot.events, bot.alone), (true, Sort::Agent, 2, 2));
    assert!(bot.risk.contains("unknown") && bot.with.contains(&key(gateway)));
    assert_eq!(of(gateway).unwrap().sort, Sort::Model);
    assert!(of("identity:litellm/refused").is_none() && of(ANN).is_none());
}

#[test]
fn a_vendors_breach_begins_with_its_apps_and_their_credentials() {
    let apps = all(&facts(&[]), &[did(5, "identity:litellm/vellum-bot", "resource:litellm/m", Outcome::Success)]);
    assert_eq!(of_vendor(&apps, "vellum"), BTreeSet::from([key(NOTES), key("credential:oauth/t1")]));
    assert!(of_vendor(&apps, "nobody").is_empty());
}

#[test]
fn drift_says_what_is_new_and_nothing_else() {
    let (before, after) = (all(&facts(&["drive.readonly"]), &[]), all(&facts(&["drive.readonly", "drive"]), &[]));
    let scope = Text::new("drive");
    assert_eq!(drift(&before, &after), BTreeSet::from([Change::Scope { key: key(NOTES), scope }]));
    assert!(drift(&after, &after).is_empty());
    assert_eq!(drift(&after, &[]), BTreeSet::from([Change::Gone { key: key(NOTES) }]));
}

#[test]
fn another_publisher_is_drift_and_in_the_sentence_and_one_that_was_not_named_before_is_not() {
    let published = |by: &str| {
        let mut apps = all(&facts(&[]), &[]);
        let publishers = BTreeMap::from([(key("identity:app/google/notes"), Text::new(by))]);
        publish(&mut apps, &publishers);
        apps
    };
    let (silent, acme, other) = (all(&facts(&[]), &[]), published("Acme Labs"), published("Somebody"));
    assert_eq!(drift(&silent, &acme), BTreeSet::new());
    let change = drift(&acme, &other);
    let publisher = Change::Publisher { key: key(NOTES), before: Text::new("Acme Labs"), after: Text::new("Somebody") };
    assert_eq!(change, BTreeSet::from([publisher]));
    let mut told = other;
    tell(&mut told, &change, &[(key(NOTES), Text::new("203.0.113.0/24"), Time::from_seconds(9))]);
    let notes = told.iter().find(|app| app.key == key(NOTES)).unwrap();
    assert!(notes.risk.contains("published by Somebody, before by Acme Labs"), "{}", notes.risk);
    assert!(notes.risk.contains("from the network 203.0.113.0/24"), "{}", notes.risk);
    assert!(of_vendor(&acme, "acme").contains(&key(NOTES)), "its publisher was breached");
    assert!(told.iter().filter(|app| app.key != key(NOTES)).all(|app| !app.risk.contains("new:")));
}

const OWN: &str = "identity:app/google/notes/user/ann@a.example";

fn option(name: &str, target: &str, reversibility: Reversibility, cost: u32) -> CutOption {
    let action = Action { name: Text::new(name), target: key(target), parameters: BTreeMap::new() };
    CutOption { action, cost, delay_seconds: 60, reversibility, policy: CutPolicy::Allowed }
}

fn node(text: &str, cuts: Vec<CutOption>) -> Fact {
    Fact::Node(NodeFact { cuts, ..NodeFact::new(key(text), Interval::ALWAYS, Time(0), "test") })
}

fn names(found: &Quarantine) -> Vec<&str> {
    found.cuts.iter().map(|option| option.action.name.as_str()).collect()
}

#[test]
fn an_app_goes_out_of_use_with_every_way_in_and_what_nothing_cuts_is_named() {
    let mut facts = facts(&["drive"]);
    let token = "credential:oauth/t1";
    let app = all(&facts, &[]).remove(0);
    assert_eq!(quarantine(&facts, &app, Time(5)).open, BTreeSet::from([key(OWN), key(token)]), "nothing is known");
    facts.push(node(OWN, vec![option("google_token/delete", OWN, Reversibility::Irreversible, 10)]));
    facts.push(node(
        token,
        vec![
            option("oauth_token/revoke", token, Reversibility::Irreversible, 5),
            option("webhook/request", token, Reversibility::Reversible, 50),
        ],
    ));
    facts.push(node(
        "credential:oauth/other",
        vec![option("oauth_token/revoke", "credential:oauth/other", Reversibility::Irreversible, 5)],
    ));
    let app = all(&facts, &[]).remove(0);
    let found = quarantine(&facts, &app, Time(5));
    assert_eq!(
        names(&found),
        ["webhook/request", "google_token/delete"],
        "what can be taken back first, and nobody else's"
    );
    assert!(found.open.is_empty());

    // The platform can switch it off: nothing is deleted for good then.
    facts.push(node(NOTES, vec![option("okta_app/deactivate", NOTES, Reversibility::ReversibleReissuesAccess, 60)]));
    let app = all(&facts, &[]).remove(0);
    assert_eq!(names(&quarantine(&facts, &app, Time(5))), ["webhook/request", "okta_app/deactivate"]);
    facts.iter_mut().for_each(|fact| {
        if let Fact::Node(node) = fact {
            node.cuts.iter_mut().for_each(|option| option.policy = CutPolicy::Never);
        }
    });
    let found = quarantine(&facts, &app, Time(5));
    assert!(found.cuts.is_empty() && found.open == BTreeSet::from([key(OWN), key(token)]), "the owner forbids it");
}
