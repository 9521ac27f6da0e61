//! Laws of the respond stage over random messages: determinism, order, no step twice, restarts. Single cases are
//! elsewhere.

use super::*;
use firebreak_graph::{CutRequest, check};
use proptest::prelude::*;

/// A message about the small estate; findings name its keys and some that nobody knows.
fn any_message() -> impl Strategy<Value = Message> {
    let signal = prop_oneof![Just(Signal::Watch), Just(Signal::Novelty), Just(Signal::Volume), Just(Signal::Tripwire)];
    let verdict = prop_oneof![Just(Verdict::Unknown), Just(Verdict::Suspect), Just(Verdict::Exposed)];
    prop_oneof![
        3 => (signal, prop_oneof!["AKIA[1-4]", "ASIA[1-2]"], 0i64..60).prop_map(|(s, id, h)| found(s, &key(&id), h)),
        1 => (0u8..2, verdict).prop_map(|(which, verdict)| {
            let environment = if which == 0 { NodeKey::environment("ci", "other") } else { job() };
            judged(&environment, verdict)
        }),
        1 => (1u8..3, 0i64..60).prop_map(|(which, hours)| session(&format!("ASIA{which}"), hours)),
    ]
}

/// One judgement an environment: two of the same revision would be told apart by nothing but their order.
fn settled(messages: Vec<Message>) -> Vec<Message> {
    let mut seen = BTreeSet::new();
    let first = |message: &Message| match message {
        Message::Judgement(judgement) => seen.insert(judgement.environment.clone()),
        _ => true,
    };
    messages.into_iter().filter(first).collect()
}

fn run(messages: &[Message]) -> (Respond, Vec<Effect>) {
    let mut stage = informed(Mode::Act, estate::estate());
    let effects = messages.iter().flat_map(|message| stage.step(message.clone())).collect();
    (stage, effects)
}

/// Who belongs together, what is compromised since when, and what is not known.
type Summary = (BTreeSet<Item>, Vec<(NodeKey, Time)>, Vec<String>);

/// All incidents, whatever they are called.
fn summary(stage: &Respond) -> BTreeSet<Summary> {
    let of = |one: &Incident| {
        let sources = one.scope.sources.iter().map(|source| (source.key.clone(), source.since)).collect();
        (one.items.clone(), sources, one.scope.gaps.clone())
    };
    stage.state.incidents.values().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_same_messages_give_the_same_effects(messages in prop::collection::vec(any_message(), 0..12)) {
        let (a, b) = (run(&messages), run(&messages));
        prop_assert_eq!(a.1, b.1);
        prop_assert_eq!(a.0.snapshot(), b.0.snapshot());
    }

    #[test]
    fn incidents_and_scopes_do_not_depend_on_the_order(messages in prop::collection::vec(any_message(), 0..10), seed: u64) {
        let messages = settled(messages);
        let mut shuffled = messages.clone();
        let mut state = seed;
        for index in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(index, (state >> 33) as usize % (index + 1));
        }
        let (a, b) = (run(&messages).0, run(&shuffled).0);
        prop_assert_eq!(summary(&a), summary(&b));
        let justified = |stage: &Respond| stage.incidents().filter(|one| !one.grounds.is_empty()).count();
        prop_assert_eq!(justified(&a), justified(&b));
    }

    #[test]
    fn no_step_is_sent_twice_and_what_can_be_severed_is(messages in prop::collection::vec(any_message(), 0..12)) {
        let (stage, effects) = run(&messages);
        let mut sent = BTreeSet::new();
        for effect in &effects {
            if let Effect::Execute(approved) = effect {
                for step in approved.plan().steps() {
                    prop_assert!(sent.insert(step.key.clone()), "sent twice: {:?}", step.action);
                }
            }
        }
        let graph = &stage.known.graph;
        let actions: Vec<_> = stage.state.steps.values().map(|taken| taken.action.clone()).collect();
        for incident in stage.incidents().filter(|one| one.status == Status::Containing) {
            let sources = crate::plan::sources_of(graph, &incident.sources);
            let request = CutRequest::new(&sources, at(10), graph.crown_jewels());
            prop_assert!(check::severs(graph, &request, &actions).is_ok());
        }
    }

    #[test]
    fn a_restart_anywhere_changes_nothing_that_matters(
        messages in prop::collection::vec(any_message(), 1..10), cut: prop::sample::Index,
    ) {
        let cut = cut.index(messages.len());
        let (whole, _) = run(&messages);
        let (before, _) = run(&messages[..cut]);
        let text = serde_json::to_string(before.snapshot()).expect("plain data");
        let state = serde_json::from_str(&text).expect("what we wrote");
        let mut after = Respond::restore(state, Mode::Act.gate().expect("shipped"), before.settings.clone());
        after.step(facts_of(estate::estate()));
        for message in &messages[cut..] {
            after.step(message.clone());
        }
        prop_assert_eq!(summary(&whole), summary(&after));
        prop_assert_eq!(whole.state.steps.keys().collect::<Vec<_>>(), after.state.steps.keys().collect::<Vec<_>>());
    }
}
