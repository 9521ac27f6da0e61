//! The executor by itself: crashes at every write, uncertain calls, steps that wait for each other, twins.
//!
//! The platform here is a counter in memory, so that "at most once" can be counted.

mod platform;
mod shaky;

use crate::plans::{action, approved, approved_by, approved_one, step};
use async_trait::async_trait;
use firebreak_act::{
    Brake, Config, ExecutionReport, Executor, Idempotency, Journal, MemoryJournal, MemoryRecord, Mode, Responder,
    SimulatedSleep, StepState, StopError, UndoGate,
};
use firebreak_contain::{Approved, Plan};
use firebreak_model::{NodeKey, Reversibility};
use firebreak_world::{FixedClock, World};
use platform::{Answer, Platform};
use shaky::{ShakyJournal, ShakyRecord};
use std::sync::Arc;

const GATE: UndoGate = UndoGate { rotated: true, override_reason: None };

fn world() -> (World, SimulatedSleep) {
    let clock = Arc::new(FixedClock::default());
    (World { clock: clock.clone(), ..World::simulated(3) }, SimulatedSleep(clock))
}

fn door(name: &str) -> NodeKey {
    NodeKey::credential("door", name)
}

fn shut(name: &str) -> firebreak_model::Action {
    action("door/shut", door(name), &[])
}

fn one(world: &World) -> Approved<Plan> {
    approved_one(shut("a"), Reversibility::Reversible, world.clock.now())
}

/// A platform and everything around it, each part of which may be told to fail.
struct Stage {
    world: World,
    sleep: SimulatedSleep,
    config: Config,
    platform: &'static Platform,
    responders: Vec<&'static dyn Responder>,
    journal: MemoryJournal,
    record: MemoryRecord,
}

impl Stage {
    fn new(idempotency: Idempotency) -> Stage {
        let (world, sleep) = world();
        // The list of responders is static in the program; in a test it may leak.
        let platform: &'static Platform = Box::leak(Box::new(Platform::new(idempotency)));
        let responders: Vec<&'static dyn Responder> = vec![platform];
        let (journal, record) = (MemoryJournal::default(), MemoryRecord::default());
        Stage { world, sleep, config: Config::default(), platform, responders, journal, record }
    }

    async fn execute(&self, plan: &Approved<Plan>) -> ExecutionReport {
        Executor::new(&self.world, &self.config, &self.journal, &self.record)
            .with_sleep(&self.sleep)
            .with_responders(&self.responders)
            .execute(plan, Mode::Live)
            .await
            .expect("journal and record work")
    }

    async fn undo(&self, plan: &Approved<Plan>, gate: &UndoGate) -> ExecutionReport {
        Executor::new(&self.world, &self.config, &self.journal, &self.record)
            .with_sleep(&self.sleep)
            .with_responders(&self.responders)
            .undo(plan.plan().id().as_str(), None, gate)
            .await
            .expect("journal and record work")
    }

    fn kinds(&self) -> Vec<String> {
        self.record.entries().into_iter().map(|(_, kind, _)| kind).collect()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn intent_state_before_and_undo_are_on_record_before_the_call() {
    let stage = Stage::new(Idempotency::StateSet);
    let plan = one(&stage.world);
    let report = stage.execute(&plan).await;
    assert_eq!(report.steps[0].state, StepState::Contained);
    assert_eq!(stage.kinds(), ["act.intent", "act.outcome", "act.held"]);
    let (_, _, intent) = &stage.record.entries()[0];
    assert_eq!(intent["state_before"]["state"], serde_json::json!({"shut": false}));
    assert_eq!(intent["undo"]["restores"], serde_json::json!({"shut": false}));
    stage.undo(&plan, &GATE).await;
    assert_eq!(stage.kinds()[3..], ["act.undo_intent", "act.undo_outcome"]);
    assert!(!stage.platform.is_shut("a"));
}

/// Somebody has broken the glass.
struct Broken;

#[async_trait]
impl Brake for Broken {
    async fn is_on(&self) -> bool {
        true
    }
}

#[tokio::test(flavor = "current_thread")]
async fn while_paused_nothing_begins_that_no_person_approved_and_later_it_does() {
    let stage = Stage::new(Idempotency::StateSet);
    let now = stage.world.clock.now();
    let paused = async |plan: &Approved<Plan>| {
        let executor = Executor::new(&stage.world, &stage.config, &stage.journal, &stage.record);
        let executor = executor.with_sleep(&stage.sleep).with_responders(&stage.responders).with_brake(&Broken);
        executor.execute(plan, Mode::Live).await.expect("journal and record work")
    };
    let automatic = one(&stage.world);
    let report = paused(&automatic).await;
    assert_eq!((report.steps[0].state, stage.platform.times("a")), (StepState::Planned, 0));
    assert!(report.steps[0].detail.contains("paused"), "{report:?}");
    assert_eq!(stage.kinds(), [""; 0], "no intent is on record");

    let steps = vec![step(shut("b"), Reversibility::Reversible, 1)];
    let by_person = approved_by(Some(NodeKey::identity("person", "ada@meridian.example")), steps, now);
    assert_eq!(paused(&by_person).await.steps[0].state, StepState::Contained);

    assert_eq!(stage.execute(&automatic).await.steps[0].state, StepState::Contained);
    assert_eq!(stage.platform.times("a"), 1);
}

/// Crashes before and after every single write to journal and record, then goes on: done once, held, undone.
#[tokio::test(flavor = "current_thread")]
async fn a_crash_at_any_write_is_recovered_and_nothing_is_done_twice() {
    for idempotency in [Idempotency::StateSet, Idempotency::NativeToken, Idempotency::ReadBackGuard] {
        for at in 1.. {
            let stage = Stage::new(idempotency);
            let plan = one(&stage.world);
            let (journal, record) = shaky::pair(&stage.journal, &stage.record, at, 1);
            let first = live_once(&stage, &plan, &journal, &record).await;
            let crashed = first.is_none();
            let report = stage.execute(&plan).await;
            let what = format!("{idempotency:?}, crash at write {at}: {:?}", report.steps);
            assert_eq!(report.steps[0].state, StepState::Contained, "{what}");
            assert_eq!(stage.platform.times("a"), 1, "{what}");
            let intents = stage.kinds().iter().filter(|kind| *kind == "act.intent").count();
            assert!(intents >= 1, "{what}");
            let undone = stage.undo(&plan, &GATE).await;
            assert_eq!(undone.steps[0].state, StepState::Undone, "{what}");
            assert!(!stage.platform.is_shut("a"), "{what}");
            if !crashed {
                assert!(at > 8, "the writes of one step were all reached: {at}");
                break;
            }
        }
    }
}

async fn live_once(
    stage: &Stage,
    plan: &Approved<Plan>,
    journal: &ShakyJournal<'_>,
    record: &ShakyRecord<'_>,
) -> Option<ExecutionReport> {
    let executor = Executor::new(&stage.world, &stage.config, journal, record)
        .with_sleep(&stage.sleep)
        .with_responders(&stage.responders);
    match executor.execute(plan, Mode::Live).await {
        Ok(report) => Some(report),
        Err(StopError::Journal(_) | StopError::Record(_)) => None,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn the_ledger_holds_it_all_and_takes_a_resumed_run_without_saying_it_twice() {
    use firebreak_ledger::{Ledger, LedgerKey};
    let stage = Stage::new(Idempotency::StateSet);
    stage.platform.answers("a", [Answer::Refuse, Answer::LostAfter]);
    let key = LedgerKey::from_seed(&[7; 32], "tests.example").expect("a name");
    let ledger = Ledger::open(stage.world.clone(), std::path::Path::new("/ledger"), key).expect("a disk in memory");
    let ledger = std::sync::Mutex::new(ledger);
    let plan = one(&stage.world);
    let executor = Executor::new(&stage.world, &stage.config, &stage.journal, &ledger)
        .with_sleep(&stage.sleep)
        .with_responders(&stage.responders);
    for _run in 0..3 {
        executor.execute(&plan, Mode::Live).await.expect("the ledger takes every entry");
    }
    let size = || ledger.lock().expect("no panic while held").size();
    assert_eq!(size(), 4, "one intent, two outcomes, held");
    for _run in 0..2 {
        executor.undo(plan.plan().id().as_str(), None, &GATE).await.expect("the ledger takes every entry");
    }
    assert_eq!(size(), 6);
}

#[tokio::test(flavor = "current_thread")]
async fn what_cannot_be_put_on_record_is_not_done() {
    let stage = Stage::new(Idempotency::StateSet);
    let plan = one(&stage.world);
    let (journal, record) = shaky::dead_record(&stage.journal, &stage.record);
    assert!(live_once(&stage, &plan, &journal, &record).await.is_none());
    assert_eq!((stage.platform.times("a"), stage.platform.is_shut("a")), (0, false));
}

#[tokio::test(flavor = "current_thread")]
async fn an_uncertain_call_is_read_back_and_never_sent_again_blindly() {
    // It arrived: reading back shows it, and it is not sent a second time.
    let stage = Stage::new(Idempotency::ReadBackGuard);
    stage.platform.answers("a", [Answer::LostAfter]);
    let report = stage.execute(&one(&stage.world)).await;
    assert_eq!((report.steps[0].state, stage.platform.times("a")), (StepState::Contained, 1));

    // It did not arrive: reading back shows that too, and it is sent again.
    let stage = Stage::new(Idempotency::ReadBackGuard);
    stage.platform.answers("a", [Answer::LostBefore]);
    let report = stage.execute(&one(&stage.world)).await;
    assert_eq!((report.steps[0].state, report.steps[0].attempts), (StepState::Contained, 2));
    assert_eq!(stage.platform.times("a"), 1);

    // Nobody can read it back: it is left to a person, whether it arrived or not.
    for answer in [Answer::LostBefore, Answer::LostAfter] {
        let stage = Stage::new(Idempotency::ReadBackGuard);
        stage.platform.answers("a", [answer]);
        stage.platform.go_dark();
        let report = stage.execute(&one(&stage.world)).await;
        assert_eq!((report.steps[0].state, report.steps[0].attempts), (StepState::Unobservable, 1));
        assert!(report.steps[0].detail.contains("a person must look"), "{}", report.steps[0].detail);
    }

    // A platform that takes a token may be asked again with the same one.
    let stage = Stage::new(Idempotency::NativeToken);
    stage.platform.answers("a", [Answer::LostAfter]);
    stage.platform.go_dark();
    let report = stage.execute(&one(&stage.world)).await;
    assert_eq!((report.steps[0].attempts, stage.platform.times("a")), (2, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn attempts_are_bounded_and_a_platform_that_says_no_is_believed() {
    let stage = Stage::new(Idempotency::StateSet);
    stage.platform.answers("a", [Answer::LostBefore; 9]);
    let report = stage.execute(&one(&stage.world)).await;
    assert_eq!((report.steps[0].state, report.steps[0].attempts), (StepState::Failed, 3));

    let stage = Stage::new(Idempotency::StateSet);
    stage.platform.answers("a", [Answer::Refuse]);
    let plan = one(&stage.world);
    let report = stage.execute(&plan).await;
    assert_eq!((report.steps[0].state, report.steps[0].attempts), (StepState::Failed, 1));
    // Recovery goes forward: the same plan again tries it again.
    let again = stage.execute(&plan).await;
    assert_eq!((again.steps[0].state, again.steps[0].attempts), (StepState::Contained, 2));
}

#[tokio::test(flavor = "current_thread")]
async fn a_failed_step_takes_nothing_back_and_holds_up_only_what_waits_for_it() {
    let stage = Stage::new(Idempotency::StateSet);
    stage.platform.answers("b", [Answer::Refuse]);
    let mut steps: Vec<_> =
        ["a", "b", "c", "d"].map(|name| step(shut(name), Reversibility::Reversible, 1)).into_iter().collect();
    for (step, number) in steps.iter_mut().zip(1..) {
        step.number = number;
    }
    steps[3].after = vec![2];
    let plan = approved(steps, stage.world.clock.now());
    let report = stage.execute(&plan).await;
    let states: Vec<_> = report.steps.iter().map(|step| step.state).collect();
    use StepState::{Contained, Failed, Planned};
    assert_eq!(states, [Contained, Failed, Contained, Planned]);
    assert!(report.steps[3].detail.contains("must come after step 2"), "{}", report.steps[3].detail);
    assert_eq!(stage.platform.order(), ["a", "c"], "what does not wait starts in the plan's order");
    assert!(!report.all_contained());
    // Once the second gets through, the fourth follows.
    let again = stage.execute(&plan).await;
    assert!(again.all_contained(), "{:?}", again.steps);
    assert_eq!(stage.platform.order(), ["a", "c", "b", "d"]);
}

#[tokio::test(flavor = "current_thread")]
async fn two_processes_with_one_plan_do_it_once() {
    let stage = Stage::new(Idempotency::ReadBackGuard);
    stage.platform.slow();
    let plan = one(&stage.world);
    let executor = || {
        Executor::new(&stage.world, &stage.config, &stage.journal, &stage.record)
            .with_sleep(&stage.sleep)
            .with_responders(&stage.responders)
    };
    let (first, second) = (executor(), executor());
    let (first, second) = tokio::join!(first.execute(&plan, Mode::Live), second.execute(&plan, Mode::Live));
    let stopped = [&first, &second].into_iter().filter(|one| matches!(one, Err(StopError::Twin(1)))).count();
    assert_eq!((stopped, stage.platform.times("a")), (1, 1));
}

#[tokio::test(flavor = "current_thread")]
async fn undo_keeps_shut_what_would_let_the_intruder_back_in_and_what_another_plan_holds() {
    let stage = Stage::new(Idempotency::StateSet);
    let risky = Reversibility::ReversibleReissuesAccess;
    let plan = approved_one(shut("a"), risky, stage.world.clock.now());
    stage.execute(&plan).await;
    let report = stage.undo(&plan, &UndoGate::default()).await;
    assert_eq!(report.steps[0].state, StepState::Contained);
    assert!(report.steps[0].detail.contains("rotate it first") && stage.platform.is_shut("a"));

    // A second plan finds it shut, and holds it.
    let later = approved_one(shut("a"), risky, stage.world.clock.now().plus_seconds(60));
    let found = stage.execute(&later).await;
    assert_eq!((found.steps[0].attempts, found.steps[0].state), (0, StepState::Contained));
    let report = stage.undo(&plan, &GATE).await;
    assert!(report.steps[0].detail.contains("holds the same step"), "{}", report.steps[0].detail);
    assert!(stage.platform.is_shut("a"));
    // The second changed nothing, so its undo opens nothing; then the first may.
    assert_eq!(stage.undo(&later, &GATE).await.steps[0].state, StepState::Undone);
    assert!(stage.platform.is_shut("a"));
    assert_eq!(stage.undo(&plan, &GATE).await.steps[0].state, StepState::Undone);
    assert!(!stage.platform.is_shut("a"));
    // What was undone is not done again by the old plan.
    let again = stage.execute(&plan).await;
    assert_eq!((again.steps[0].state, stage.platform.is_shut("a")), (StepState::Undone, false));
}

#[tokio::test(flavor = "current_thread")]
async fn what_we_act_with_is_not_cut_nor_what_nobody_can_do() {
    let mut stage = Stage::new(Idempotency::StateSet);
    stage.config.own = vec![door("a")];
    let plan = one(&stage.world);
    let report = stage.execute(&plan).await;
    assert_eq!((report.steps[0].state, stage.platform.times("a")), (StepState::Failed, 0));
    assert_eq!(stage.kinds(), ["act.refusal"]);
    // The parameter names what is hit as well.
    let beside = action("door/shut", door("b"), &[("role", door("a").as_str())]);
    let plan = approved_one(beside, Reversibility::Reversible, stage.world.clock.now());
    assert_eq!(stage.execute(&plan).await.steps[0].state, StepState::Failed);
    // The same plan goes through once Firebreak has another credential.
    stage.config.own.clear();
    assert_eq!(stage.execute(&plan).await.steps[0].state, StepState::Contained);

    let unknown = action("door/explode", door("a"), &[]);
    let plan = approved_one(unknown, Reversibility::Reversible, stage.world.clock.now());
    let report = stage.execute(&plan).await;
    assert_eq!(report.steps[0].detail, "no responder does `door/explode`");
}

/// Random answers, random crashes, up to twelve lives: whatever happens, a guarded step is done at most once.
#[tokio::test(flavor = "current_thread")]
async fn whatever_happens_a_guarded_step_is_done_at_most_once() {
    for seed in 0..400_u64 {
        let stage = Stage::new(Idempotency::ReadBackGuard);
        let mut dice = shaky::Dice::new(seed);
        let answers = [Answer::LostBefore, Answer::LostAfter, Answer::Refuse, Answer::Take];
        stage.platform.answers("a", std::array::from_fn::<_, 6, _>(|_| answers[dice.below(4)]));
        let plan = one(&stage.world);
        let mut report = None;
        for life in 0..12 {
            let at = 1 + dice.below(14);
            let (journal, record) = shaky::pair(&stage.journal, &stage.record, at as u32, life);
            report = live_once(&stage, &plan, &journal, &record).await;
            if report.as_ref().is_some_and(|report| report.all_contained()) {
                break;
            }
        }
        let times = stage.platform.times("a");
        assert!(times <= 1, "seed {seed}: done {times} times");
        let rows = stage.journal.list(plan.plan().id().as_str()).await.expect("memory");
        if let Some(row) = rows.first() {
            let intents = stage.kinds().iter().filter(|kind| *kind == "act.intent").count();
            assert!(intents as u32 >= row.attempts, "seed {seed}: a call without an intent on record");
            assert!(row.state != StepState::Contained || stage.platform.is_shut("a"), "seed {seed}: {row:?}");
        }
        assert!(report.is_none() || !rows.is_empty(), "seed {seed}");
    }
}
