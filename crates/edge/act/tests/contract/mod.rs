//! What every responder owes, whatever it does: twice is once, any single call may fail in any way, undo brings back
//! what was there and may be repeated, and no call is made that the specification does not list.

use crate::bench::{self, Bench, Trial};
use crate::faults::{Fault, Plot};
use crate::lab;
use firebreak_act::{
    Config, ExecutionReport, Executor, Level, MemoryJournal, MemoryRecord, Mode, RESPONDERS, SimulatedSleep, StepState,
    UndoGate,
};
use firebreak_contain::{Approved, Plan};
use firebreak_model::Reversibility;
use firebreak_world::World;

/// One target with everything that acts on it.
struct Stage {
    trial: Trial,
    plan: Approved<Plan>,
    plot: Plot,
    world: World,
    sleep: SimulatedSleep,
    journal: MemoryJournal,
    record: MemoryRecord,
}

impl Stage {
    async fn on(bench: &mut dyn Bench) -> Stage {
        let trial = bench.fresh().await;
        let plot = Plot::default();
        let (world, sleep) = bench::world(&trial, &plot);
        let plan = bench::plan(&trial, world.clock.now());
        Stage { trial, plan, plot, world, sleep, journal: MemoryJournal::default(), record: MemoryRecord::default() }
    }

    fn config(&self) -> &Config {
        &self.trial.config
    }

    /// Executes with `fault` at call `at`; when the process dies of it, a new one goes on with what is on disk.
    async fn execute(&mut self, at: u32, fault: Option<Fault>) -> ExecutionReport {
        let spec = bench::responder(self.trial.action.responder()).spec();
        self.plot.set(spec, at, fault);
        for life in ["first", "second"] {
            self.journal = std::mem::take(&mut self.journal).reopened(life);
            let executor =
                Executor::new(&self.world, self.config(), &self.journal, &self.record).with_sleep(&self.sleep);
            if let Some(report) = self.plot.until_death(executor.execute(&self.plan, Mode::Live)).await {
                return report.expect("journal and record work");
            }
        }
        panic!("it died twice of one fault");
    }

    async fn undo(&mut self, at: u32, fault: Option<Fault>) -> ExecutionReport {
        let spec = bench::responder(self.trial.action.responder()).spec();
        self.plot.set(spec, at, fault);
        let gate = UndoGate { rotated: true, override_reason: None };
        for life in ["first", "second"] {
            self.journal = std::mem::take(&mut self.journal).reopened(life);
            let executor =
                Executor::new(&self.world, self.config(), &self.journal, &self.record).with_sleep(&self.sleep);
            let plan = self.plan.plan().id().as_str();
            if let Some(report) = self.plot.until_death(executor.undo(plan, None, &gate)).await {
                return report.expect("journal and record work");
            }
        }
        panic!("it died twice of one fault");
    }

    fn assert_no_strays(&self) {
        assert!(self.plot.strays().is_empty(), "calls outside the specification: {:?}", self.plot.strays());
    }

    /// No secret may be written down, by whatever way.
    async fn assert_no_secrets(&self, report: &ExecutionReport) {
        use firebreak_act::Journal;
        let rows = self.journal.list(self.plan.plan().id().as_str()).await.expect("a journal in memory");
        let written = format!("{report:?} {rows:?} {:?}", self.record.entries());
        for (reference, secret) in &self.trial.secrets.0 {
            let public = reference.ends_with("access_key_id");
            assert!(public || !written.contains(secret.as_str()), "the secret `{reference}` was written down");
        }
    }
}

/// Whether the target can be brought back.
fn comes_back(stage: &Stage) -> bool {
    bench::responder(stage.trial.action.responder()).spec().reversibility != Reversibility::Irreversible
}

#[tokio::test(flavor = "current_thread")]
async fn every_responder_of_the_lab_keeps_its_contract() {
    let Some(lab) = lab::prepared() else { return };
    let benches = bench::in_the_lab(&lab);
    let standins = bench::on_standins();
    let mut covered: Vec<_> = benches.iter().chain(&standins).map(|bench| bench.name()).collect();
    covered.sort_unstable();
    // A sweep is a bench of its own.
    covered.dedup();
    // Who guides people calls nothing that could fail: `guided` tests that.
    let calling = RESPONDERS.iter().filter(|responder| responder.spec().level != Level::Guided);
    let wanted: Vec<_> = calling.map(|responder| responder.spec().name).collect();
    assert_eq!(covered, wanted, "every responder has a bench");
    keep_their_contract(benches).await;
}

#[tokio::test(flavor = "current_thread")]
async fn every_responder_on_a_stand_in_keeps_its_contract() {
    keep_their_contract(bench::on_standins()).await;
}

async fn keep_their_contract(benches: Vec<Box<dyn Bench>>) {
    // While one is being written the others need not be waited for: `FIREBREAK_BENCH=keycloak`.
    let only = std::env::var("FIREBREAK_BENCH").unwrap_or_default();
    for mut bench in benches.into_iter().filter(|bench| bench.name().starts_with(&only)) {
        let bench = bench.as_mut();
        twice_is_once(bench).await;
        let applies = every_call_may_fail(bench).await;
        let undoes = every_call_of_undo_may_fail(bench).await;
        println!("{}: {applies} failures while applying and {undoes} while undoing, all recovered", bench.name());
    }
}

async fn twice_is_once(bench: &mut dyn Bench) {
    let mut stage = Stage::on(bench).await;
    let before = bench.observe(&stage.trial).await;
    let report = stage.execute(0, None).await;
    assert_eq!(report.steps[0].state, bench.rests_at(), "{}: {:?}", bench.name(), report.steps);
    stage.assert_no_strays();
    stage.assert_no_secrets(&report).await;
    let cut = bench.observe(&stage.trial).await;
    assert_ne!(cut, before, "{}: nothing changed", bench.name());
    assert!(!stage.plot.changes().is_empty());

    // The same plan again: the journal knows, and nothing is changed.
    let again = stage.execute(0, None).await;
    assert_eq!(again.steps[0].state, bench.rests_at());
    assert_eq!(stage.plot.changes(), [""; 0], "{}: it was done a second time", bench.name());

    // The same step by someone who remembers nothing.
    let mut forgetful = Stage { journal: MemoryJournal::default(), ..stage };
    let report = forgetful.execute(0, None).await;
    assert_eq!(bench.observe(&forgetful.trial).await, cut, "{}: {:?}", bench.name(), report.steps);
    forgetful.assert_no_strays();
}

/// Fails call 1, 2, 3… of a whole execution in every way, until there is no such call any more. Gives how many failures
/// there were.
async fn every_call_may_fail(bench: &mut dyn Bench) -> u32 {
    let mut reference = Stage::on(bench).await;
    reference.execute(0, None).await;
    let cut = bench.observe(&reference.trial).await;
    let mut failures = 0;
    for at in 1.. {
        for fault in Fault::ALL {
            let mut stage = Stage::on(bench).await;
            let report = stage.execute(at, Some(fault)).await;
            if !stage.plot.was_reached() {
                return failures;
            }
            failures += 1;
            let what = format!("{}: {fault:?} at call {at}: {:?}", bench.name(), report.steps);
            // A probe that failed before the step says nothing afterwards: seen or not, the target must be cut.
            let rest = report.steps[0].state;
            assert!(rest == bench.rests_at() || rest == StepState::Unobservable, "{what}");
            assert_eq!(bench.observe(&stage.trial).await, cut, "{what}");
            stage.assert_no_strays();
            stage.assert_no_secrets(&report).await;
        }
    }
    unreachable!("every execution ends")
}

async fn every_call_of_undo_may_fail(bench: &mut dyn Bench) -> u32 {
    let mut failures = 0;
    for at in 1.. {
        for fault in Fault::ALL {
            let mut stage = Stage::on(bench).await;
            let before = bench.observe(&stage.trial).await;
            stage.execute(0, None).await;
            let cut = bench.observe(&stage.trial).await;
            let report = stage.undo(at, Some(fault)).await;
            if !comes_back(&stage) {
                assert_eq!(stage.plot.calls(), 0, "{}: an undo of what has none", bench.name());
                assert_eq!(bench.observe(&stage.trial).await, cut);
                assert_ne!(report.steps[0].state, StepState::Undone);
                return failures;
            }
            let reached = stage.plot.was_reached();
            let what = format!("{}: {fault:?} at call {at} of undo: {:?}", bench.name(), report.steps);
            if report.steps[0].state != StepState::Undone {
                let again = stage.undo(0, None).await;
                assert_eq!(again.steps[0].state, StepState::Undone, "{what}, then {:?}", again.steps);
            }
            assert_eq!(bench.observe(&stage.trial).await, before, "{what}");
            // Twice is once here too.
            let twice = stage.undo(0, None).await;
            assert_eq!((twice.steps[0].state, stage.plot.calls()), (StepState::Undone, 0), "{what}");
            assert_eq!(bench.observe(&stage.trial).await, before, "{what}");
            stage.assert_no_strays();
            if !reached {
                return failures;
            }
            failures += 1;
        }
    }
    unreachable!("every undo ends")
}
