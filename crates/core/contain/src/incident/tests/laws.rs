//! Laws of the respond stage over random messages: determinism, order, no step twice, restarts. Single cases are
//! elsewhere.

use super::*;
use firebreak_graph::{CutRequest, check};
use proptest::prelude::*;

fn signal() -> impl Strategy<Value = Signal> {
    prop_oneof![Just(Signal::Watch), Just(Signal::Novelty), Just(Signal::Volume), Just(Signal::Tripwire)]
}

/// What [`found`] names the detector of a signal.
fn detector(signal: Signal) -> Text {
    Text::new(format!("{signal:?}").to_lowercase())
}

/// A message about the small estate; findings name its keys and some that nobody knows.
fn any_message() -> impl Strategy<Value = Message> {
    let verdict = prop_oneof![Just(Verdict::Unknown), Just(Verdict::Suspect), Just(Verdict::Exposed)];
    prop_oneof![
        3 => (signal(), prop_oneof!["AKIA[1-4]", "ASIA[1-2]"], 0i64..60).prop_map(|(s, id, h)| found(s, &key(&id), h)),
        1 => (0u8..2, verdict).prop_map(|(which, verdict)| {
            let environment = if which == 0 { NodeKey::environment("ci", "other") } else { job() };
            judged(&environment, verdict)
        }),
        1 => (1u8..3, 0i64..60).prop_map(|(which, hours)| session(&format!("ASIA{which}"), hours)),
    ]
}

/// A message that may depend on what the stage knows.
#[derive(Clone, Debug)]
enum AnyStep {
    Plain(Box<Message>),
    /// All steps that were sent end so.
    Reported(StepOutcome),
    /// Every plan that waits is approved.
    Approved,
    /// Time passes, and the estate is told again.
    Later(i64),
    Paused,
    Resumed,
    /// Findings of a signal about a key are muted until that hour.
    Muted(Signal, String, i64),
    Unmuted(Signal, String),
}

fn any_step() -> impl Strategy<Value = AnyStep> {
    let outcome = prop_oneof![
        Just(StepOutcome::Applied),
        Just(StepOutcome::Contained),
        Just(StepOutcome::NotContained),
        Just(StepOutcome::Undone)
    ];
    prop_oneof![
        6 => any_message().prop_map(|message| AnyStep::Plain(Box::new(message))),
        2 => outcome.prop_map(AnyStep::Reported),
        1 => Just(AnyStep::Approved),
        1 => (11i64..2_000).prop_map(AnyStep::Later),
        1 => Just(AnyStep::Paused),
        1 => Just(AnyStep::Resumed),
        1 => (signal(), "AKIA[1-4]", 20i64..700).prop_map(|(signal, id, until)| AnyStep::Muted(signal, id, until)),
        1 => (signal(), "AKIA[1-4]").prop_map(|(signal, id)| AnyStep::Unmuted(signal, id)),
    ]
}

impl AnyStep {
    fn of(self, stage: &Respond) -> Vec<Message> {
        let by = NodeKey::identity("person", "kim@example.org");
        let steps = stage.state.steps.iter();
        match self {
            AnyStep::Plain(message) => vec![*message],
            AnyStep::Reported(outcome) => steps
                .map(|(key, taken)| Message::StepReported {
                    plan: taken.plan.clone(),
                    step: key.clone(),
                    outcome,
                    at: at(11),
                })
                .collect(),
            AnyStep::Approved => {
                let waiting = stage.state.incidents.values().filter_map(|incident| incident.pending.as_ref());
                let approval =
                    |plan: &Plan| Approval { by: by.clone(), plan_id: plan.id().clone(), at: at(10), expires: at(40) };
                waiting.map(|plan| Message::Approval(approval(plan))).collect()
            }
            AnyStep::Later(hours) => vec![Message::Tick { now: at(hours) }, facts_of(estate::estate())],
            AnyStep::Paused => vec![Message::Paused(Pause { by, at: at(10), because: "a drill".into() })],
            AnyStep::Resumed => vec![Message::Resumed { by }],
            AnyStep::Muted(signal, id, until) => vec![Message::Muted(crate::mute::Mute {
                detector: detector(signal),
                about: Some(key(&id)),
                until: at(until),
                by,
                at: at(10),
                because: "noise".into(),
            })],
            AnyStep::Unmuted(signal, id) => {
                vec![Message::Unmuted { mute: crate::mute::MuteId::of(&detector(signal), Some(&key(&id))), by }]
            }
        }
    }
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

/// What lies on the disk: bodies by kind and key.
type Rows = BTreeMap<(&'static str, String), String>;

/// Writes down what has changed.
fn write(stage: &mut Respond, rows: &mut Rows) {
    for Entry { kind, key, body } in stage.changes().expect("plain data") {
        match body {
            Some(body) => _ = rows.insert((kind, key), body),
            None => _ = rows.remove(&(kind, key)),
        }
    }
}

fn read(rows: &Rows) -> State {
    State::of(rows.iter().map(|((kind, key), body)| (*kind, key.as_str(), body.as_str()))).expect("what we wrote")
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
    fn what_was_written_entry_by_entry_is_the_state(
        messages in prop::collection::vec((any_step(), any::<bool>()), 1..16),
    ) {
        let mut stage = informed(Mode::Act, estate::estate());
        let mut rows = Rows::new();
        for (message, commits) in messages {
            for one in message.of(&stage) {
                stage.step(one);
            }
            if commits {
                write(&mut stage, &mut rows);
                prop_assert_eq!(&read(&rows), stage.snapshot());
            }
        }
        write(&mut stage, &mut rows);
        prop_assert_eq!(&read(&rows), stage.snapshot());
        let nothing: Vec<Entry> = stage.changes().expect("plain data").into_iter().filter(|one| one.kind != "head").collect();
        prop_assert_eq!(nothing, []);
    }

    #[test]
    fn a_state_of_the_older_form_is_written_down_altogether(messages in prop::collection::vec(any_message(), 0..8)) {
        let text = serde_json::to_string(run(&messages).0.snapshot()).expect("plain data");
        let state: State = serde_json::from_str(&text).expect("what we wrote");
        let mut stage = Respond::restore(state, Mode::Act.gate().expect("shipped"), Settings::default());
        let mut rows = Rows::new();
        write(&mut stage, &mut rows);
        prop_assert_eq!(&read(&rows), stage.snapshot());
    }

    #[test]
    fn a_restart_anywhere_changes_nothing_that_matters(
        messages in prop::collection::vec(any_message(), 1..10), cut: prop::sample::Index,
    ) {
        let cut = cut.index(messages.len());
        let (whole, _) = run(&messages);
        let (before, _) = run(&messages[..cut]);
        let (mut before, mut rows) = (before, Rows::new());
        write(&mut before, &mut rows);
        let mut after = Respond::restore(read(&rows), Mode::Act.gate().expect("shipped"), before.settings.clone());
        after.step(facts_of(estate::estate()));
        for message in &messages[cut..] {
            after.step(message.clone());
        }
        prop_assert_eq!(summary(&whole), summary(&after));
        prop_assert_eq!(whole.state.steps.keys().collect::<Vec<_>>(), after.state.steps.keys().collect::<Vec<_>>());
    }
}
