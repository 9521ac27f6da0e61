//! A platform in memory: doors that are shut once or counted twice, with answers to order.

use async_trait::async_trait;
use firebreak_act::{
    ActError, ActionSpec, Context, Convergence, Evidence, Idempotency, Level, RateClass, Responder, StateBefore,
};
use firebreak_model::{Action, Reversibility};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// How the platform answers one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// It does it and says so.
    Take,
    /// It refuses.
    Refuse,
    /// The call is lost.
    LostBefore,
    /// It does it; the answer is lost.
    LostAfter,
}

#[derive(Default)]
struct State {
    shut: BTreeSet<String>,
    times: BTreeMap<String, u32>,
    order: Vec<String>,
    tokens: BTreeSet<String>,
    answers: BTreeMap<String, VecDeque<Answer>>,
}

/// The platform and its responder in one.
pub(crate) struct Platform {
    idempotency: Idempotency,
    state: Mutex<State>,
    dark: AtomicBool,
    slow: AtomicBool,
}

const fn spec(idempotency: Idempotency) -> ActionSpec {
    ActionSpec {
        name: "door",
        verb: "shut",
        targets: &[],
        title: "Shut a door",
        level: Level::EffectTested,
        reversibility: Reversibility::Reversible,
        idempotency,
        convergence: Convergence::Immediate,
        calls: &[],
        permissions: &[],
        rate_class: RateClass::Webhook,
        blast_radius: "nobody gets through",
    }
}

static NATIVE_TOKEN: ActionSpec = spec(Idempotency::NativeToken);
static STATE_SET: ActionSpec = spec(Idempotency::StateSet);
static READ_BACK_GUARD: ActionSpec = spec(Idempotency::ReadBackGuard);

impl Platform {
    pub(crate) fn new(idempotency: Idempotency) -> Platform {
        let (dark, slow) = (AtomicBool::new(false), AtomicBool::new(false));
        Platform { idempotency, state: Mutex::default(), dark, slow }
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().expect("no panic while held"))
    }

    /// The next calls about `door` are answered so; later ones are taken.
    pub(crate) fn answers(&self, door: &str, answers: impl IntoIterator<Item = Answer>) {
        self.with(|state| state.answers.insert(door.to_owned(), answers.into_iter().collect()));
    }

    /// From now on nobody can see anything.
    pub(crate) fn go_dark(&self) {
        self.dark.store(true, Ordering::SeqCst);
    }

    /// From now on every call takes a while, in which others run.
    pub(crate) fn slow(&self) {
        self.slow.store(true, Ordering::SeqCst);
    }

    /// Whether it is shut.
    pub(crate) fn is_shut(&self, door: &str) -> bool {
        self.with(|state| state.shut.contains(door))
    }

    /// How often it was shut, each request with a known token counted once where the platform takes tokens.
    pub(crate) fn times(&self, door: &str) -> u32 {
        self.with(|state| state.times.get(door).copied().unwrap_or(0))
    }

    /// In which order doors were shut.
    pub(crate) fn order(&self) -> Vec<String> {
        self.with(|state| state.order.clone())
    }

    fn shut(&self, door: &str, token: &str) {
        self.with(|state| {
            let known = !state.tokens.insert(token.to_owned());
            if known && self.idempotency == Idempotency::NativeToken {
                return;
            }
            // Setting what is set changes nothing; what guards itself by nothing counts every time.
            let fresh = state.shut.insert(door.to_owned());
            if fresh || self.idempotency == Idempotency::ReadBackGuard {
                *state.times.entry(door.to_owned()).or_default() += 1;
                state.order.push(door.to_owned());
            }
        });
    }
}

#[async_trait]
impl Responder for Platform {
    fn spec(&self) -> &'static ActionSpec {
        match self.idempotency {
            Idempotency::NativeToken => &NATIVE_TOKEN,
            Idempotency::StateSet => &STATE_SET,
            Idempotency::ReadBackGuard => &READ_BACK_GUARD,
        }
    }

    async fn preflight(&self, _context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let shut = self.is_shut(action.target.name());
        Ok(StateBefore { state: json!({"shut": shut}), denied_already: shut, admitted: Some(!shut) })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let door = action.target.name();
        if self.slow.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        let answer = self.with(|state| state.answers.get_mut(door).and_then(VecDeque::pop_front));
        let answer = answer.unwrap_or(Answer::Take);
        if matches!(answer, Answer::Take | Answer::LostAfter) {
            self.shut(door, context.step_key);
        }
        let call = "shut".to_owned();
        match answer {
            Answer::Take => Ok(()),
            Answer::Refuse => Err(ActError::Refused { call, code: "403".to_owned(), reason: "no".to_owned() }),
            Answer::LostBefore | Answer::LostAfter => Err(ActError::Ambiguous { call, reason: "no answer".to_owned() }),
        }
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, _before: &StateBefore) -> Vec<Evidence> {
        if self.dark.load(Ordering::SeqCst) {
            return vec![Evidence::blind(context.now(), "it is dark")];
        }
        let shut = self.is_shut(action.target.name());
        vec![Evidence::declared(shut, context.now(), "looked"), Evidence::effective(shut, context.now(), "pushed")]
    }

    async fn undo(&self, _context: &Context<'_>, action: &Action, before: &StateBefore) -> Result<(), ActError> {
        let door = action.target.name();
        self.with(|state| match before.state["shut"] == json!(true) {
            true => state.shut.insert(door.to_owned()),
            false => state.shut.remove(door),
        });
        Ok(())
    }

    async fn would_cut_ourselves(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        Ok(false)
    }
}
