//! Cases for planning: a small estate that other tests use too, and random ones against brute force. Not a test of the
//! graph's search.

use super::*;
use crate::cost::Use;
use crate::plan::order::SWEEP_PARAMETER;
use crate::plan::{Phase, others};
use firebreak_model::{DataClass, EdgeFact, Fact, Interval, NodeFact, Text};
use proptest::prelude::*;

pub(crate) fn at(hours: i64) -> Time {
    Time::from_seconds(hours * 3_600)
}

pub(crate) fn option(name: &str, target: &NodeKey, cost: u32, reversibility: Reversibility) -> CutOption {
    let action = Action { name: Text::new(name), target: target.clone(), parameters: BTreeMap::new() };
    CutOption { action, cost, delay_seconds: 60, reversibility, policy: CutPolicy::Allowed }
}

pub(crate) fn node(key: &NodeKey, cuts: Vec<CutOption>) -> Fact {
    Fact::Node(NodeFact { cuts, ..NodeFact::new(key.clone(), Interval::ALWAYS, at(0), "inventory") })
}

pub(crate) fn jewel(key: &NodeKey) -> Fact {
    Fact::Node(NodeFact { crown_jewel: true, ..NodeFact::new(key.clone(), Interval::ALWAYS, at(0), "inventory") })
}

pub(crate) fn edge(kind: EdgeKind, from: &NodeKey, to: &NodeKey) -> Fact {
    Fact::Edge(EdgeFact::new(kind, from.clone(), to.clone(), Interval::ALWAYS, at(0), "inventory"))
}

pub(crate) fn holds(resource: &NodeKey, class: &str, records: u64) -> Fact {
    let class = DataClass::new(class);
    let holding = Holding { class: class.clone(), residency: Text::new("US-CA"), records, bytes: None };
    let class = NodeKey::new(firebreak_model::NodeKind::DataClass, class.word());
    let edge = EdgeFact::new(EdgeKind::Holds, resource.clone(), class, Interval::ALWAYS, at(0), "inventory");
    Fact::Edge(EdgeFact { holding: Some(holding), ..edge })
}

pub(crate) fn job() -> NodeKey {
    NodeKey::environment("ci", "nightly")
}

pub(crate) fn key(id: &str) -> NodeKey {
    NodeKey::credential("aws", id)
}

pub(crate) fn user(name: &str) -> NodeKey {
    NodeKey::identity("aws", &format!("arn:aws:iam::1:user/{name}"))
}

pub(crate) fn bucket(name: &str) -> NodeKey {
    NodeKey::resource("aws", &format!("arn:aws:s3:::{name}"))
}

const REISSUES: Reversibility = Reversibility::ReversibleReissuesAccess;

/// `nightly` reads two keys; both lead to a user and a bucket of their own; a third bucket takes both users' leave.
pub(crate) fn estate() -> Vec<Fact> {
    let mut facts = vec![node(&job(), vec![])];
    for (id, name, records) in [("AKIA1", "interviews", 40_000), ("AKIA2", "tax", 7_000)] {
        facts.push(node(&key(id), vec![option("aws_access_key/deactivate", &key(id), 20, REISSUES)]));
        facts.push(edge(EdgeKind::ReadableIn, &job(), &key(id)));
        facts.push(edge(EdgeKind::Authenticates, &key(id), &user(name)));
        facts.push(edge(EdgeKind::MayAct, &user(name), &bucket(name)));
        facts.push(jewel(&bucket(name)));
        facts.push(holds(&bucket(name), name, records));
    }
    facts
}

pub(crate) fn exposed() -> Scope {
    let reason = "litellm 1.82.8 ran there".to_string();
    Scope {
        sources: vec![Compromised { key: job(), since: at(1), until: Time::MAX, reason }],
        gaps: vec!["the log of one run is gone".to_string()],
        ..Scope::default()
    }
}

/// A request about `facts` with everything else empty, changed and planned.
struct Asked {
    graph: Graph,
    scope: Scope,
    uses: Uses,
    refused: BTreeSet<Action>,
    our_own: BTreeSet<NodeKey>,
    never_cut: BTreeSet<NodeKey>,
    done: BTreeMap<StepKey, Action>,
    prepared: Prepared,
}

impl Asked {
    fn of(facts: &[Fact]) -> Asked {
        Asked {
            graph: Graph::build(facts).0,
            scope: exposed(),
            uses: Uses::default(),
            refused: BTreeSet::new(),
            our_own: BTreeSet::new(),
            never_cut: BTreeSet::new(),
            done: BTreeMap::new(),
            prepared: Prepared::default(),
        }
    }

    fn plan(&self) -> Result<Plan, NoPlan> {
        plan(self.request(&IncidentId::of("test")))
    }

    fn request<'a>(&'a self, incident: &'a IncidentId) -> PlanRequest<'a> {
        PlanRequest {
            incident,
            graph: &self.graph,
            scope: &self.scope,
            now: at(10),
            targets: None,
            uses: &self.uses,
            refused: &self.refused,
            our_own: &self.our_own,
            never_cut: &self.never_cut,
            done: &self.done,
            prepared: &self.prepared,
        }
    }
}

fn names(plan: &Plan) -> Vec<(&str, &str, u32)> {
    plan.steps().iter().map(|s| (s.action.name.as_str(), s.action.target.name(), s.cost)).collect()
}

#[test]
fn the_plan_severs_is_certified_and_says_what_it_rests_on() {
    let asked = Asked::of(&estate());
    let plan = asked.plan().expect("two keys can be cut");
    let mut steps = names(&plan);
    steps.sort();
    assert_eq!(steps, [("aws_access_key/deactivate", "AKIA1", 20), ("aws_access_key/deactivate", "AKIA2", 20)]);
    let body = plan.body();
    assert!(body.severs && body.certified && body.uncuttable.is_empty());
    assert_eq!((body.cost, body.lower_bound), (40, 40));
    assert_eq!(body.gaps, ["the log of one run is gone"]);
    assert!(severs(&asked.graph, &plan, &BTreeMap::new(), at(10)));
    assert_eq!(plan, asked.plan().expect("as before"), "the same request, the same plan");
}

#[test]
fn each_step_says_what_its_failure_leaves_open() {
    let plan = Asked::of(&estate()).plan().expect("two keys can be cut");
    for residual in &plan.body().residual {
        let step = plan.steps().iter().find(|step| step.number == residual.step).expect("a step of the plan");
        let (name, records) = if step.action.target == key("AKIA1") { ("interviews", 40_000) } else { ("tax", 7_000) };
        assert_eq!(residual.targets, [bucket(name)]);
        assert_eq!(
            residual.reachable.iter().map(|h| (h.class.word(), h.records)).collect::<Vec<_>>(),
            [(name, records)]
        );
    }
    assert_eq!(plan.body().residual.len(), 2);
}

#[test]
fn what_nobody_uses_is_cut_rather_than_what_many_use() {
    // One bucket behind one key, which can be cut at the key or at its user.
    let mut facts = estate();
    facts.push(node(&user("interviews"), vec![option("iam_user/deny", &user("interviews"), 30, REISSUES)]));
    let used = |count, identities| Use { count, identities, last: Some(at(9)) };
    let mut asked = Asked::of(&facts);
    asked.uses.by_key.insert(key("AKIA1"), used(10_000, 3));
    let plan = asked.plan().expect("cuttable");
    assert!(names(&plan).contains(&("iam_user/deny", "arn:aws:iam::1:user/interviews", 30)), "{:?}", names(&plan));
    assert!(plan.body().breaks.is_empty(), "nobody used what is cut");
    asked.uses.by_key.insert(user("interviews"), used(10_000, 40));
    let plan = asked.plan().expect("cuttable");
    assert!(names(&plan).contains(&("aws_access_key/deactivate", "AKIA1", 255)), "{:?}", names(&plan));
    assert_eq!(
        plan.body().breaks.iter().map(|b| (b.key.name(), b.count, b.identities)).collect::<Vec<_>>(),
        [("AKIA1", 10_000, 3)]
    );
}

#[test]
fn other_plans_count_in_the_same_money_as_the_plan() {
    // The key costs 20 by the inventory and 127 by its use; the user, whom nobody uses, 30.
    let mut facts = estate();
    facts.push(node(&user("interviews"), vec![option("iam_user/deny", &user("interviews"), 30, REISSUES)]));
    let mut asked = Asked::of(&facts);
    asked.uses.by_key.insert(key("AKIA1"), Use { count: 10_000, identities: 3, last: Some(at(9)) });
    let incident = IncidentId::of("test");
    assert_eq!(asked.plan().expect("cuttable").body().cost, 50);
    let found = others(asked.request(&incident), 3).expect("something is compromised");
    let costs: Vec<u64> = found.iter().map(|other| other.cost).collect();
    assert_eq!(costs, [275], "255 for the key that is used, 20 for the other one");
    // What is done already costs nothing, in the plan and in the others.
    let first = asked.plan().expect("cuttable").steps().iter().find(|step| step.action.target == key("AKIA2")).cloned();
    let first = first.expect("it is cut");
    asked.done.insert(first.key.clone(), first.action);
    assert_eq!(asked.plan().expect("one is left").body().cost, 30);
    let found = others(asked.request(&incident), 3).expect("something is compromised");
    assert_eq!(found.iter().map(|other| other.cost).collect::<Vec<_>>(), [255]);
    // Nothing that is refused for the plan comes back in another.
    asked.refused.insert(option("aws_access_key/deactivate", &key("AKIA1"), 20, REISSUES).action);
    assert_eq!(others(asked.request(&incident), 3).expect("something is compromised"), []);
}

#[test]
fn our_own_way_and_what_may_never_be_cut_are_left_and_the_open_path_is_named() {
    let mut asked = Asked::of(&estate());
    asked.never_cut.insert(key("AKIA1"));
    let plan = asked.plan().expect("the other key can be cut");
    assert_eq!(names(&plan), [("aws_access_key/deactivate", "AKIA2", 20)]);
    assert!(plan.body().severs && !plan.body().certified, "what it cuts, it cuts; the rest is named");
    assert_eq!(plan.body().uncuttable.len(), 1);
    assert_eq!(plan.body().uncuttable[0].path.last(), Some(&bucket("interviews")));
    asked.our_own.insert(key("AKIA2"));
    assert!(matches!(asked.plan(), Err(NoPlan::NothingPermitted(paths)) if paths.len() == 2));
}

#[test]
fn our_own_identity_is_ours_through_our_own_key() {
    let mut facts = estate();
    facts.push(edge(EdgeKind::Authenticates, &key("OURS"), &user("firebreak")));
    facts.push(edge(EdgeKind::MemberOf, &user("firebreak"), &NodeKey::group("aws", "g")));
    facts.push(edge(EdgeKind::MayAssume, &user("firebreak"), &user("interviews")));
    let way = own_way(&Graph::build(&facts).0, &BTreeSet::from([key("OURS")]));
    assert_eq!(way, BTreeSet::from([key("OURS"), user("firebreak"), NodeKey::group("aws", "g")]));
}

#[test]
fn what_is_done_is_built_on_and_not_repeated() {
    let mut asked = Asked::of(&estate());
    let whole = asked.plan().expect("cuttable");
    let first = whole.steps()[0].clone();
    asked.done.insert(first.key.clone(), first.action.clone());
    let rest = asked.plan().expect("one is left");
    assert_eq!(rest.steps().len(), 1);
    assert_ne!(rest.steps()[0].key, first.key);
    assert_eq!(rest.body().relies_on, std::slice::from_ref(&first.key));
    assert_eq!((rest.body().cost, rest.body().lower_bound, rest.body().certified), (20, 20, true));
    assert!(severs(&asked.graph, &rest, &asked.done, at(10)));
    assert!(!severs(&asked.graph, &rest, &BTreeMap::new(), at(10)), "not if the first step did not hold after all");
    asked.done.extend(whole.steps().iter().map(|step| (step.key.clone(), step.action.clone())));
    assert_eq!(asked.plan(), Err(NoPlan::NothingMore));
}

#[test]
fn a_refused_action_is_not_planned_again() {
    let mut asked = Asked::of(&estate());
    asked.refused.insert(asked.plan().expect("cuttable").steps()[0].action.clone());
    assert_eq!(asked.plan().expect("one is left").steps().len(), 1);
}

#[test]
fn nothing_in_reach_needs_no_plan() {
    let mut asked = Asked::of(&estate());
    asked.scope.sources[0].key = NodeKey::environment("ci", "sandbox");
    assert_eq!(asked.plan(), Err(NoPlan::NothingCompromised));
    let mut facts = estate();
    facts.push(node(&NodeKey::environment("ci", "sandbox"), vec![]));
    asked.graph = Graph::build(&facts).0;
    assert_eq!(asked.plan(), Err(NoPlan::NothingReachable));
}

#[test]
fn where_no_crown_jewel_is_named_all_data_is_protected() {
    let facts = estate().into_iter().map(|fact| match fact {
        Fact::Node(node) => Fact::Node(NodeFact { crown_jewel: false, ..node }),
        fact => fact,
    });
    let plan = Asked::of(&facts.collect::<Vec<_>>()).plan().expect("cuttable");
    assert_eq!(plan.body().targets, [bucket("interviews"), bucket("tax")]);
    assert!(plan.body().gaps.iter().any(|gap| gap.contains("no crown jewel")));
}

#[test]
fn a_session_is_denied_before_its_key_and_once_more_after_all() {
    let role = NodeKey::identity("aws", "arn:aws:iam::1:role/eval");
    let session = key("ASIA1");
    let mut facts = estate();
    facts.push(node(&session, vec![option("aws_role_sessions/deny", &role, 40, REISSUES)]));
    facts.push(edge(EdgeKind::ReadableIn, &job(), &session));
    facts.push(edge(EdgeKind::Authenticates, &session, &role));
    facts.push(edge(EdgeKind::MayAct, &role, &bucket("tax")));
    let plan = Asked::of(&facts).plan().expect("cuttable");
    let phases: Vec<Phase> = plan.steps().iter().map(|step| step.phase).collect();
    assert_eq!(phases, [Phase::TokenTime, Phase::Key, Phase::Key, Phase::Sweep]);
    let sweep = &plan.steps()[3];
    assert_eq!((sweep.after.as_slice(), sweep.cost), (&[1][..], 0));
    assert_eq!(sweep.action.parameters.get(SWEEP_PARAMETER).map(Text::as_str), Some("60"));
    assert_eq!(plan.body().cost, 80);
}

#[test]
fn what_cannot_be_taken_back_and_what_needs_people_is_said() {
    let token = NodeKey::credential("oauth", "idp/1");
    let mut facts = estate();
    let person = CutOption {
        policy: CutPolicy::NeedsPerson,
        ..option("oauth_token/revoke", &token, 10, Reversibility::Irreversible)
    };
    facts.extend([node(&token, vec![person]), edge(EdgeKind::ReadableIn, &job(), &token)]);
    facts.push(edge(EdgeKind::MayAct, &token, &bucket("tax")));
    let plan = Asked::of(&facts).plan().expect("cuttable");
    let step = plan.steps().iter().find(|step| step.action.target == token).expect("the token is cut");
    assert!(step.needs_person && step.undo_note.contains("cannot be undone"));
    assert_eq!(plan.body().irreversible, [step.number]);
}

/// A random little estate: up to 4 keys with cuts of random price, users, and two jewels.
fn any_estate() -> impl Strategy<Value = Vec<Fact>> {
    let keys = prop::collection::vec((1u32..60, any::<bool>()), 1..5);
    let edges = prop::collection::vec((0usize..5, 0usize..3, any::<bool>()), 1..12);
    (keys, edges).prop_map(|(keys, edges)| {
        let mut facts = vec![node(&job(), vec![]), jewel(&bucket("a")), jewel(&bucket("b"))];
        for (number, (cost, cuttable)) in keys.iter().enumerate() {
            let credential = key(&format!("K{number}"));
            let cuts = option("aws_access_key/deactivate", &credential, *cost, REISSUES);
            facts.push(node(&credential, if *cuttable { vec![cuts] } else { vec![] }));
            facts.push(edge(EdgeKind::ReadableIn, &job(), &credential));
        }
        for (from, who, last) in edges {
            facts.push(edge(EdgeKind::Authenticates, &key(&format!("K{from}")), &user(&format!("u{who}"))));
            facts.push(edge(EdgeKind::MayAct, &user(&format!("u{who}")), &bucket(if last { "a" } else { "b" })));
        }
        for who in 0..3 {
            let cut = option("iam_user/deny", &user(&format!("u{who}")), 25, REISSUES);
            facts.push(node(&user(&format!("u{who}")), vec![cut]));
        }
        facts
    })
}

/// The cheapest set of options that severs, tried one by one.
fn brute_force(graph: &Graph, targets: Vec<NodeId>) -> Option<u64> {
    let sources = sources_of(graph, &exposed().sources);
    let request = CutRequest::new(&sources, at(10), targets);
    let options: Vec<CutOption> = graph.options().collect();
    let cost = |chosen: u32| -> u64 {
        options.iter().enumerate().filter(|(i, _)| chosen & (1 << i) != 0).map(|(_, o)| u64::from(o.cost)).sum()
    };
    let severs = |chosen: u32| {
        let actions: Vec<Action> =
            options.iter().enumerate().filter(|(i, _)| chosen & (1 << i) != 0).map(|(_, o)| o.action.clone()).collect();
        check::severs(graph, &request, &actions).is_ok()
    };
    (0..1u32 << options.len()).filter(|chosen| severs(*chosen)).map(cost).min()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_cheaper_plan_exists_and_none_leaves_an_unnamed_path(facts in any_estate()) {
        let asked = Asked::of(&facts);
        if let Ok(plan) = asked.plan() {
            prop_assert!(severs(&asked.graph, &plan, &BTreeMap::new(), at(10)));
            let open: Vec<_> = plan.body().uncuttable.iter().filter_map(|one| one.path.last()).collect();
            let targets = plan.body().targets.iter().filter(|key| !open.contains(key));
            let best = brute_force(&asked.graph, targets.filter_map(|key| asked.graph.id(key)).collect());
            prop_assert!(plan.body().lower_bound <= best.unwrap_or(u64::MAX));
            if plan.body().certified {
                prop_assert_eq!(Some(plan.body().cost), best);
            }
        }
    }

    #[test]
    fn the_rest_after_any_step_costs_what_is_left_at_most(facts in any_estate(), which: prop::sample::Index) {
        let mut asked = Asked::of(&facts);
        if let Ok(whole) = asked.plan() {
            let paid: Vec<&Step> = whole.steps().iter().filter(|step| step.cost > 0).collect();
            let step = *which.get(&paid);
            asked.done.insert(step.key.clone(), step.action.clone());
            match asked.plan() {
                Ok(rest) => {
                    prop_assert!(rest.step(&step.key).is_none(), "a step is planned twice");
                    prop_assert!(rest.body().cost <= whole.body().cost - u64::from(step.cost));
                    prop_assert!(rest.body().lower_bound <= rest.body().cost);
                    prop_assert!(severs(&asked.graph, &rest, &asked.done, at(10)));
                }
                Err(why) => prop_assert!(matches!(why, NoPlan::NothingMore), "{why:?}"),
            }
        }
    }
}

fn prepared(cut: CutOption) -> PreparedCut {
    PreparedCut { cut, profile: Text::new("litellm-2026-03"), because: "releases are signed with it".to_owned() }
}

#[test]
fn what_a_profile_prepares_is_done_beside_the_cut_and_once() {
    let token = NodeKey::credential("pypi", "p1");
    let mut asked = Asked::of(&estate());
    let take = option("manual_step/take", &token, 20, Reversibility::Irreversible);
    let cut = option("aws_access_key/deactivate", &key("AKIA1"), 20, REISSUES);
    asked.prepared.cuts = vec![prepared(take.clone()), prepared(take), prepared(cut)];
    let plan = asked.plan().expect("two keys can be cut");
    assert_eq!(plan.steps().len(), 3, "{:?}", names(&plan));
    let body = plan.body();
    let [one] = &body.prepared[..] else { panic!("{:?}", body.prepared) };
    let step = plan.steps().iter().find(|step| step.number == one.step).expect("a step of the plan");
    assert_eq!((&step.action.target, one.because.as_str()), (&token, "releases are signed with it"));
    assert_eq!(body.irreversible, [step.number], "what cannot be taken back is named like any other");
    assert!(body.severs && !body.certified, "nobody proved that it is needed");
}

#[test]
fn what_is_prepared_is_not_done_against_the_owner_nor_again() {
    let token = NodeKey::credential("pypi", "p1");
    let take = option("manual_step/take", &token, 20, Reversibility::Irreversible);
    let mut asked = Asked::of(&estate());
    asked.prepared.cuts = vec![prepared(take.clone())];
    let held = |asked: &Asked| asked.plan().expect("two keys can be cut").body().prepared.len();
    assert_eq!(held(&asked), 1);
    asked.never_cut.insert(token.clone());
    assert_eq!(held(&asked), 0, "what may never be cut");
    asked.never_cut.clear();
    asked.our_own.insert(token);
    assert_eq!(held(&asked), 0, "our own");
    asked.our_own.clear();
    asked.refused.insert(take.action.clone());
    assert_eq!(held(&asked), 0, "what failed before");
    asked.refused.clear();
    asked.done.insert(StepKey::of(&take.action), take.action);
    assert_eq!(held(&asked), 0, "what is done");
}

#[test]
fn what_is_prepared_is_still_to_be_done_once_everything_is_cut() {
    let token = NodeKey::credential("pypi", "p1");
    let mut asked = Asked::of(&estate());
    let cut = asked.plan().expect("two keys can be cut");
    asked.done.extend(cut.steps().iter().map(|step| (step.key.clone(), step.action.clone())));
    assert_eq!(asked.plan(), Err(NoPlan::NothingMore));
    asked.prepared.cuts = vec![prepared(option("manual_step/take", &token, 20, Reversibility::Irreversible))];
    asked.prepared.left_out = vec!["one that names nothing".to_owned()];
    let plan = asked.plan().expect("one step is left");
    assert_eq!(names(&plan), [("manual_step/take", "p1", 20)]);
    assert!(plan.body().gaps.contains(&"one that names nothing".to_owned()), "{:?}", plan.body().gaps);
}
