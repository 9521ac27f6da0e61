//! Many plans beside each other: what waits for whom, what does not, and what people say while it does.
//!
//! The platform is one responder with doors that open and shut at a word of the test.

use crate::plans::{action, approved, step};
use async_trait::async_trait;
use firebreak_act::{
    ActError, ActionSpec, Brake, Call, Config, Context, Control, Convergence, Evidence, Executor, Idempotency, Journal,
    Level, MemoryJournal, MemoryRecord, Mode, Pacer, Patience, RateClass, Responder, SimulatedSleep, StateBefore,
    StepState, UndoGate,
};
use firebreak_contain::{Approved, Plan};
use firebreak_model::{Action, NodeKey, Reversibility};
use firebreak_world::{Clock, FixedClock, Http, HttpError, Request, Response, World};
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

const SPEC: ActionSpec = ActionSpec {
    name: "gate",
    verb: "disable",
    targets: &[],
    title: "Shut a gate",
    level: Level::EffectTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(600),
    calls: &[Call::changes("POST /shut")],
    permissions: &[],
    rate_class: RateClass::Person,
    blast_radius: "nobody gets through",
};
static GATE: ActionSpec = SPEC;
static FENCE: ActionSpec = ActionSpec { name: "fence", ..SPEC };

#[derive(Default)]
struct Seen {
    shut: BTreeSet<String>,
    times: BTreeMap<String, u32>,
    /// Steps that are between reading and writing, by object, and the most there were.
    inside: BTreeMap<String, u32>,
    most: BTreeMap<String, u32>,
}

/// A platform that does what it is asked; gates called `slow…` take for ever, those called `open…` never deny.
struct Platform {
    spec: &'static ActionSpec,
    seen: Mutex<Seen>,
}

impl Platform {
    fn leaked(spec: &'static ActionSpec) -> &'static Platform {
        Box::leak(Box::new(Platform { spec, seen: Mutex::default() }))
    }

    fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.seen.lock().expect("no panic while held"))
    }

    fn times(&self, gate: &str) -> u32 {
        self.with(|seen| seen.times.get(gate).copied().unwrap_or_default())
    }

    fn name(action: &Action) -> String {
        action.target.name().to_owned()
    }
}

#[async_trait]
impl Responder for Platform {
    fn spec(&self) -> &'static ActionSpec {
        self.spec
    }

    fn object(&self, action: &Action) -> String {
        action.parameters.get("document").map_or(action.target.to_string(), ToString::to_string)
    }

    async fn preflight(&self, _context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let object = self.object(action);
        self.with(|seen| {
            let inside = seen.inside.entry(object.clone()).or_default();
            *inside += 1;
            let inside = *inside;
            let most = seen.most.entry(object).or_default();
            *most = (*most).max(inside);
        });
        tokio::task::yield_now().await;
        Ok(StateBefore { state: json!({}), denied_already: false, admitted: Some(true) })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let name = Platform::name(action);
        self.with(|seen| *seen.times.entry(name.clone()).or_default() += 1);
        let url = format!("https://{name}.example/shut");
        let request = || Ok(Request { method: "POST".to_owned(), url: url.clone(), ..Request::default() });
        context.http("POST /shut", request).await?;
        tokio::task::yield_now().await;
        self.with(|seen| {
            *seen.inside.entry(self.object(action)).or_default() -= 1;
            seen.shut.insert(name);
        });
        Ok(())
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        let name = Platform::name(action);
        let denies = !name.starts_with("open") && self.with(|seen| seen.shut.contains(&name));
        vec![Evidence::declared(true, context.now(), "asked"), Evidence::effective(denies, context.now(), "pushed")]
    }

    async fn undo(&self, _context: &Context<'_>, action: &Action, _before: &StateBefore) -> Result<(), ActError> {
        self.with(|seen| seen.shut.remove(&Platform::name(action)));
        Ok(())
    }

    async fn would_cut_ourselves(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        Ok(false)
    }

    async fn is_undone(
        &self,
        _context: &Context<'_>,
        action: &Action,
        _before: &StateBefore,
    ) -> Result<Option<bool>, ActError> {
        Ok(Some(self.with(|seen| !seen.shut.contains(&Platform::name(action)))))
    }
}

/// Servers called `slow…` never answer, until they are told to.
#[derive(Default)]
struct Servers {
    answer: Notify,
    answers: AtomicBool,
}

#[async_trait]
impl Http for Servers {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        while request.url.contains("//slow") && !self.answers.load(Ordering::SeqCst) {
            self.answer.notified().await;
        }
        Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() })
    }
}

/// Everything that plans share in one process.
struct Process {
    world: World,
    clock: Arc<FixedClock>,
    sleep: SimulatedSleep,
    servers: Arc<Servers>,
    config: Config,
    gates: &'static Platform,
    responders: Vec<&'static dyn Responder>,
    journal: MemoryJournal,
    record: MemoryRecord,
    pacer: Arc<Pacer>,
}

impl Process {
    fn new() -> Process {
        let (clock, servers) = (Arc::new(FixedClock::default()), Arc::new(Servers::default()));
        let world = World { clock: clock.clone(), http: servers.clone(), ..World::simulated(3) };
        let gates = Platform::leaked(&GATE);
        Process {
            world,
            sleep: SimulatedSleep(clock.clone()),
            clock,
            servers,
            config: Config::default(),
            gates,
            responders: vec![gates, Platform::leaked(&FENCE)],
            journal: MemoryJournal::default(),
            record: MemoryRecord::default(),
            pacer: Arc::default(),
        }
    }

    fn executor(&self) -> Executor<'_> {
        Executor::new(&self.world, &self.config, &self.journal, &self.record)
            .with_sleep(&self.sleep)
            .with_responders(&self.responders)
            .with_pacer(Arc::clone(&self.pacer))
    }

    /// A plan with a step for each of `actions`, each after those of its numbers.
    fn plan(&self, actions: Vec<(Action, Vec<u32>)>) -> Approved<Plan> {
        let steps = actions.into_iter().zip(1..).map(|((action, after), number)| {
            let mut step = step(action, Reversibility::Reversible, 1);
            (step.number, step.after) = (number, after);
            step
        });
        approved(steps.collect(), self.world.clock.now())
    }

    fn shut(&self, gate: &str) -> Approved<Plan> {
        self.plan(vec![(shut(gate), Vec::new())])
    }

    fn kinds(&self) -> Vec<String> {
        self.record.entries().into_iter().map(|(_, kind, _)| kind).collect()
    }
}

fn shut(gate: &str) -> Action {
    action("gate/disable", NodeKey::credential("gate", gate), &[])
}

/// Runs as far as it can without an answer or a word.
fn as_far_as_it_can<T>(mut running: std::pin::Pin<&mut impl Future<Output = T>>) {
    for _ in 0..50 {
        assert!(running.as_mut().now_or_never().is_none(), "it waits for something");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_platform_that_does_not_answer_delays_no_other_and_no_first_revocation_for_long() {
    let process = Process::new();
    let executor = process.executor();
    let slow: Vec<Approved<Plan>> = (0..100).map(|n| process.shut(&format!("slow{n}"))).collect();
    let mut storm = Box::pin(join_all(slow.iter().map(|plan| executor.execute(plan, Mode::Live))));
    as_far_as_it_can(storm.as_mut());
    // Another platform: nothing of the storm is in its way.
    let fence = process.plan(vec![(action("fence/disable", NodeKey::credential("fence", "a"), &[]), Vec::new())]);
    let report = tokio::select! {
        biased;
        report = executor.execute(&fence, Mode::Live) => report.expect("journal and record in memory"),
        _ = &mut storm => panic!("nobody answered"),
    };
    assert_eq!(report.steps[0].state, StepState::Contained);
    // None is dropped: once the platform answers, all are done.
    process.servers.answers.store(true, Ordering::SeqCst);
    process.servers.answer.notify_waiters();
    let reports = storm.await;
    let contained = |report: &firebreak_act::ExecutionReport| report.all_contained();
    assert!(reports.iter().all(|report| report.as_ref().is_ok_and(contained)));
    assert!((0..100).all(|n| process.gates.times(&format!("slow{n}")) == 1));
}

#[tokio::test(flavor = "current_thread")]
async fn steps_on_one_document_never_overlap_whatever_plan_they_are_of() {
    let process = Process::new();
    let executor = process.executor();
    let on = |gate: String, document: &str| {
        action("gate/disable", NodeKey::credential("gate", &gate), &[("document", document)])
    };
    let plans: Vec<Approved<Plan>> = (0..10)
        .map(|n| {
            let one = on(format!("a{n}"), "policy");
            let other = on(format!("b{n}"), "policy");
            process.plan(vec![(one, vec![]), (other, vec![]), (on(format!("c{n}"), &format!("own {n}")), vec![])])
        })
        .collect();
    let reports = join_all(plans.iter().map(|plan| executor.execute(plan, Mode::Live))).await;
    assert!(reports.iter().all(|report| report.as_ref().is_ok_and(|report| report.all_contained())));
    process.gates.with(|seen| {
        assert_eq!(seen.most.get("policy"), Some(&1));
        assert_eq!(seen.times.len(), 30, "{:?}", seen.times);
    });
}

#[tokio::test(flavor = "current_thread")]
async fn a_cancelled_step_is_never_called_and_one_that_has_begun_goes_on() {
    let process = Process::new();
    let executor = process.executor();
    let plan = process.plan(vec![(shut("slow"), vec![]), (shut("b"), vec![1]), (shut("c"), vec![1])]);
    let control = Control::default();
    let mut running = Box::pin(executor.execute_under(&control, &plan, Mode::Live));
    as_far_as_it_can(running.as_mut());
    control.cancel(Some(&[1, 2]), "rotated already");
    let said = tokio::select! {
        biased;
        said = executor.cancel(plan.plan(), Some(&[1, 2]), "rotated already") => said.expect("in memory"),
        _ = &mut running => panic!("nobody answered"),
    };
    assert_eq!((said[0].state, said[1].state), (StepState::Applying, StepState::Cancelled), "{said:?}");
    assert!(said[0].detail.contains("has begun"), "{}", said[0].detail);
    process.servers.answers.store(true, Ordering::SeqCst);
    process.servers.answer.notify_waiters();
    let report = running.await.expect("in memory");
    let states: Vec<StepState> = report.steps.iter().map(|step| step.state).collect();
    assert_eq!(states, [StepState::Contained, StepState::Cancelled, StepState::Contained]);
    // Neither a later run nor a new process begins it.
    let again = process.executor().execute(&plan, Mode::Live).await.expect("in memory");
    assert_eq!((again.steps[1].state, process.gates.times("b")), (StepState::Cancelled, 0));
    assert_eq!(process.kinds().iter().filter(|kind| *kind == "act.cancelled").count(), 1);
    let undone =
        process.executor().undo(plan.plan().id().as_str(), None, &UndoGate::default()).await.expect("in memory");
    assert_eq!(undone.steps[1].state, StepState::Cancelled);
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_not_under_way_is_cancelled_before_it_ever_begins() {
    let process = Process::new();
    let plan = process.shut("a");
    let said = process.executor().cancel(plan.plan(), None, "not ours").await.expect("in memory");
    assert_eq!(said[0].state, StepState::Cancelled);
    let report = process.executor().execute(&plan, Mode::Live).await.expect("in memory");
    assert_eq!((report.steps[0].state, process.gates.times("a")), (StepState::Cancelled, 0));
}

/// A pause that a test begins and ends.
#[derive(Default)]
struct Pause {
    on: AtomicBool,
    off: Notify,
}

#[async_trait]
impl Brake for Pause {
    async fn is_on(&self) -> bool {
        self.on.load(Ordering::SeqCst)
    }

    async fn released(&self) -> bool {
        self.off.notified().await;
        true
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_pause_holds_what_waits_and_a_step_past_its_deadline_is_said_and_done_all_the_same() {
    let process = Process::new();
    let pause = Pause::default();
    let executor = process.executor().with_brake(&pause).with_patience(Patience::default());
    let plan = process.plan(vec![(shut("slow"), vec![]), (shut("b"), vec![1])]);
    let control = Control::default();
    let mut running = Box::pin(executor.execute_under(&control, &plan, Mode::Live));
    as_far_as_it_can(running.as_mut());
    // The first has begun, and is seen through; the second waits for it, and then for the pause.
    pause.on.store(true, Ordering::SeqCst);
    process.servers.answers.store(true, Ordering::SeqCst);
    process.servers.answer.notify_waiters();
    as_far_as_it_can(running.as_mut());
    assert_eq!((process.gates.times("slow"), process.gates.times("b")), (1, 0));
    assert!(control.overdue(process.clock.now()).is_empty());
    process.clock.set(process.clock.now().plus_seconds(61));
    assert_eq!(control.overdue(process.clock.now()), [2], "told");
    assert!(control.overdue(process.clock.now()).is_empty(), "told once");
    pause.on.store(false, Ordering::SeqCst);
    pause.off.notify_waiters();
    let report = running.await.expect("in memory");
    assert!(report.all_contained(), "{report:?}");
    assert_eq!((report.steps[0].late, report.steps[1].late), (false, true));
    assert_eq!(process.gates.times("b"), 1);
}

#[tokio::test(flavor = "current_thread")]
async fn what_is_looked_at_can_be_taken_back_without_waiting_for_the_looks_to_end() {
    let process = Process::new();
    let patience = Patience { first_wait: Duration::from_secs(1), ..Patience::default() };
    let executor = process.executor().with_patience(patience);
    let plan = process.shut("open");
    let control = Control::default();
    let mut running = Box::pin(executor.execute_under(&control, &plan, Mode::Live));
    for _ in 0..5 {
        assert!(running.as_mut().now_or_never().is_none());
    }
    let rows = process.journal.list(plan.plan().id().as_str()).await.expect("in memory");
    assert_eq!(rows[0].state, StepState::Converging);
    control.cancel(None, "taken back");
    control.let_go(None);
    let gate = UndoGate::default();
    let undoing = executor.undo(plan.plan().id().as_str(), None, &gate);
    let (report, undone) = tokio::join!(running, undoing);
    assert_eq!(report.expect("in memory").steps[0].state, StepState::Converging);
    assert_eq!(undone.expect("in memory").steps[0].state, StepState::Undone);
    assert!(process.gates.with(|seen| seen.shut.is_empty()));
}
