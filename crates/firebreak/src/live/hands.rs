//! Those who act, beside the single writer: plans are carried out and taken back here, all side by side, and what becomes
//! of them goes back as news. However slow a platform is, the writer goes on.
//!
//! It decides nothing and keeps nothing: orders come after they were committed, every step is in the journal before it is
//! called, and the news are committed by the writer. Killed at any moment, the same orders come again.

use crate::ledgering::Book;
use crate::metrics::Meter;
use crate::store::Store;
use async_trait::async_trait;
use firebreak_act::{
    Brake, Control, ExecutionReport, Executor, Mode, Observer, Pacer, StepReport, StopError, UndoGate,
};
use firebreak_contain::{Approved, Plan};
use firebreak_model::Time;
use firebreak_world::World;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;

/// How long calls that are under way may take when the process is told to stop. What is not known by then is read back at
/// the next start.
const FAREWELL: Duration = Duration::from_secs(10);
/// How often it is looked which steps are late, and whether a pause was asked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What the writer wants done.
pub enum Order {
    /// A plan that passed the gate. One that is under way already is not begun twice.
    Execute(Box<Approved<Plan>>),
    /// Steps of a plan, or all, are to be taken back.
    TakeBack {
        /// The plan's id.
        plan: String,
        /// Only these steps.
        only: Option<Vec<u32>>,
        /// What must hold.
        gate: UndoGate,
        /// Who asked.
        origin: Origin,
    },
    /// Steps of a plan, or all, that have not begun are not to begin.
    Cancel {
        /// The plan.
        plan: Box<Plan>,
        /// Only these steps.
        only: Option<Vec<u32>>,
        /// Why.
        why: String,
        /// Who asked.
        origin: Origin,
    },
}

/// What an order came from, to be marked as done with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Origin {
    /// A person's request of this number.
    Request(i64),
    /// An effect of this number.
    Effect(u64),
}

/// What became of orders.
pub enum News {
    /// A step came to rest while others of its plan may be under way.
    Step {
        /// The plan's id.
        plan: String,
        /// The step.
        report: StepReport,
    },
    /// A plan was carried out as far as it goes.
    Executed(ExecutionReport),
    /// Steps were taken back, or stand.
    TakenBack(ExecutionReport, Origin),
    /// Steps were cancelled, or had begun.
    Cancelled {
        /// The plan's id.
        plan: String,
        /// The steps.
        steps: Vec<StepReport>,
        /// Who asked.
        origin: Origin,
    },
    /// Steps of a plan have not begun although they were to.
    Late {
        /// The plan's id.
        plan: String,
        /// The steps.
        steps: Vec<u32>,
    },
    /// Journal or ledger cannot be trusted any longer: the process must stop.
    Stopped(StopError),
}

/// The writer's end.
pub struct Hands {
    orders: Option<UnboundedSender<Order>>,
    paused: watch::Sender<bool>,
    ending: watch::Sender<bool>,
}

impl Hands {
    /// Wants something done.
    pub fn order(&self, order: Order) {
        // Nobody takes orders any more once the process ends: they are open in the state and come again.
        if let Some(orders) = &self.orders {
            let _ = orders.send(order);
        }
    }

    /// Holds every step that no person approved and that has not begun, or lets them go on.
    pub fn pause(&self, paused: bool) {
        self.paused.send_if_modified(|known| std::mem::replace(known, paused) != paused);
    }

    /// Nothing is waited for any longer that may take for ever: a pause, say.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Gives no more orders: those who act end with what they have.
    pub fn dismiss(&mut self) {
        self.end();
        self.orders = None;
    }
}

/// The other end: who carries out.
pub struct Crew<'a> {
    world: &'a World,
    responder: &'a firebreak_act::Config,
    mode: Mode,
    book: &'a Book,
    store: Store,
    meter: Arc<Meter>,
    pacer: Arc<Pacer>,
    orders: UnboundedReceiver<Order>,
    news: UnboundedSender<News>,
    brake: Glass,
}

/// Both ends, and where the news come out.
pub fn hire<'a>(
    (world, config): (&'a World, &'a crate::config::Config),
    store: &Store,
    book: &'a Book,
    meter: Arc<Meter>,
) -> (Hands, Crew<'a>, UnboundedReceiver<News>) {
    let ((orders, received), (news, told)) = (unbounded_channel(), unbounded_channel());
    let (paused, ending) = (watch::Sender::new(false), watch::Sender::new(false));
    let brake = Glass { store: store.clone(), paused: paused.subscribe(), ending: ending.subscribe() };
    let crew = Crew {
        world,
        responder: &config.responder,
        mode: config.act.mode,
        book,
        store: store.clone(),
        meter,
        pacer: Arc::default(),
        orders: received,
        news,
        brake,
    };
    (Hands { orders: Some(orders), paused, ending }, crew, told)
}

/// Break-glass as the crew knows it: what the writer took up, and what is on its way to it.
#[derive(Clone)]
pub struct Glass {
    store: Store,
    paused: watch::Receiver<bool>,
    ending: watch::Receiver<bool>,
}

#[async_trait]
impl Brake for Glass {
    async fn is_on(&self) -> bool {
        *self.paused.borrow() || self.store.is_on().await
    }

    async fn released(&self) -> bool {
        let (mut paused, mut ending) = (self.paused.clone(), self.ending.clone());
        let ended = async {
            let _ = ending.wait_for(|ending| *ending).await.is_ok();
        };
        let free = async {
            let _ = paused.wait_for(|paused| !paused).await.is_ok();
            // A pause that was asked for and not taken up yet shows in the state alone.
            tokio::time::sleep(LOOK_EVERY / 5).await;
        };
        tokio::select! {
            () = ended => false,
            () = free => true,
        }
    }
}

/// Tells the writer of each step, and the meter of its time.
struct Told<'a> {
    news: &'a UnboundedSender<News>,
    meter: &'a Meter,
}

impl Observer for Told<'_> {
    fn at_rest(&self, plan: &Plan, step: &StepReport) {
        self.meter.step(step);
        let _ = self.news.send(News::Step { plan: plan.id().to_string(), report: step.clone() });
    }
}

/// A word about steps that have not begun, for when their plan comes.
type Words = BTreeMap<String, Vec<(Option<Vec<u32>>, String)>>;

impl Crew<'_> {
    /// With another pacer.
    pub fn with_pacer(mut self, pacer: Pacer) -> Self {
        self.pacer = Arc::new(pacer);
        self
    }

    /// Break-glass and the pacer, for others in the process who act.
    pub fn shared(&self) -> (Glass, Arc<Pacer>) {
        (self.brake.clone(), Arc::clone(&self.pacer))
    }

    /// Carries out orders until there are none left and nobody gives any, or until the process is told to stop.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Crew { world, responder, mode, book, store, meter, pacer, mut orders, news, brake } = self;
        let told = Told { news: &news, meter: &meter };
        let executor = Executor::new(world, responder, &store, book)
            .with_brake(&brake)
            .with_observer(&told)
            .with_pacer(Arc::clone(&pacer));
        let mut shift = Shift {
            executor: &executor,
            mode,
            under_way: FuturesUnordered::new(),
            controls: BTreeMap::new(),
            words: Words::new(),
        };
        let mut look = tokio::time::interval(LOOK_EVERY);
        let farewell = async {
            stop.await;
            tokio::time::sleep(FAREWELL).await;
        };
        tokio::pin!(farewell);
        let mut open = true;
        while open || !shift.under_way.is_empty() {
            tokio::select! {
                biased;
                () = &mut farewell => return,
                Some((plan, done)) = shift.under_way.next(), if !shift.under_way.is_empty() => {
                    if matches!(done, Ok(News::Executed(_)) | Err(_)) {
                        shift.controls.remove(&plan);
                    }
                    let _ = news.send(done.unwrap_or_else(News::Stopped));
                }
                order = orders.recv(), if open => match order {
                    None => open = false,
                    Some(order) => shift.take(order),
                },
                _ = look.tick() => {
                    meter.queued(pacer.lanes().waiting() as u64, shift.controls.len() as u64);
                    for (plan, steps) in shift.overdue(world.clock.now()) {
                        meter.late(steps.len() as u64);
                        let _ = news.send(News::Late { plan, steps });
                    }
                }
            }
        }
    }
}

/// What is under way, and the ends by which it is steered.
struct Shift<'a> {
    executor: &'a Executor<'a>,
    mode: Mode,
    under_way: FuturesUnordered<LocalBoxFuture<'a, (String, Result<News, StopError>)>>,
    controls: BTreeMap<String, Arc<Control>>,
    words: Words,
}

impl Shift<'_> {
    /// Begins what is ordered.
    fn take(&mut self, order: Order) {
        match order {
            Order::Execute(approved) => self.execute(approved),
            Order::TakeBack { plan, only, gate, origin } => self.take_back(plan, only, gate, origin),
            Order::Cancel { plan, only, why, origin } => self.cancel(plan, only, why, origin),
        }
    }

    fn execute(&mut self, approved: Box<Approved<Plan>>) {
        let id = approved.plan().id().to_string();
        if self.controls.contains_key(&id) {
            return;
        }
        let control = Arc::new(Control::default());
        for (only, why) in self.words.get(&id).into_iter().flatten() {
            control.cancel(only.as_deref(), why);
        }
        self.controls.insert(id.clone(), Arc::clone(&control));
        let (executor, mode) = (self.executor, self.mode);
        self.under_way.push(Box::pin(async move {
            let done = executor.execute_under(&control, &approved, mode).await;
            (id, done.map(News::Executed))
        }));
    }

    fn take_back(&mut self, plan: String, only: Option<Vec<u32>>, gate: UndoGate, origin: Origin) {
        if let Some(control) = self.controls.get(&plan) {
            control.cancel(only.as_deref(), "the plan is taken back");
            control.let_go(only.as_deref());
        }
        let executor = self.executor;
        self.under_way.push(Box::pin(async move {
            let done = executor.undo(&plan, only.as_deref(), &gate).await;
            (String::new(), done.map(|report| News::TakenBack(report, origin)))
        }));
    }

    fn cancel(&mut self, plan: Box<Plan>, only: Option<Vec<u32>>, why: String, origin: Origin) {
        let id = plan.id().to_string();
        if let Some(control) = self.controls.get(&id) {
            control.cancel(only.as_deref(), &why);
        }
        self.words.entry(id.clone()).or_default().push((only.clone(), why.clone()));
        let executor = self.executor;
        self.under_way.push(Box::pin(async move {
            let done = executor.cancel(&plan, only.as_deref(), &why).await;
            (String::new(), done.map(|steps| News::Cancelled { plan: id, steps, origin }))
        }));
    }

    /// Steps that were to have begun by `now`, each told once.
    fn overdue(&self, now: Time) -> Vec<(String, Vec<u32>)> {
        let late = self.controls.iter().map(|(plan, control)| (plan.clone(), control.overdue(now)));
        late.filter(|(_, steps)| !steps.is_empty()).collect()
    }
}
