//! What people say about a plan while it is under way, and which of its steps are late.
//!
//! A word is taken up where nothing hangs in the air: before a step's first call, or between two looks. A call that may
//! have been made is seen through to a known state.

use firebreak_model::Time;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// What was said of some steps, or of all.
#[derive(Clone, Debug, Default)]
struct Word {
    all: Option<String>,
    some: BTreeMap<u32, String>,
}

impl Word {
    fn say(&mut self, steps: Option<&[u32]>, why: &str) {
        match steps {
            None => self.all = self.all.take().or_else(|| Some(why.to_owned())),
            Some(steps) => {
                for step in steps {
                    self.some.entry(*step).or_insert_with(|| why.to_owned());
                }
            }
        }
    }

    fn of(&self, step: u32) -> Option<&str> {
        self.some.get(&step).or(self.all.as_ref()).map(String::as_str)
    }
}

#[derive(Clone, Debug, Default)]
struct Said {
    cancelled: Word,
    let_go: Word,
}

/// The handle on a plan that is carried out.
#[derive(Debug, Default)]
pub struct Control {
    said: watch::Sender<Said>,
    /// By step that has its turn and has not begun: until when it was to, and whether that it has not was told.
    due: Mutex<BTreeMap<u32, (Time, bool)>>,
}

impl Control {
    /// Steps, or all of them, that have not begun are not to begin, ever.
    pub fn cancel(&self, steps: Option<&[u32]>, why: &str) {
        self.said.send_modify(|said| said.cancelled.say(steps, why));
    }

    /// Nobody needs to look any longer whether these steps, or all, deny: they are about to be taken back.
    pub fn let_go(&self, steps: Option<&[u32]>) {
        self.said.send_modify(|said| said.let_go.say(steps, "let go"));
    }

    /// The steps that were to have begun before `now` and have not, each told once.
    pub fn overdue(&self, now: Time) -> Vec<u32> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let late = due.iter_mut().filter(|(_, (until, told))| *until < now && !*told);
        late.map(|(step, (_, told))| {
            *told = true;
            *step
        })
        .collect()
    }

    /// Notes that the turn of `step` has come; gives until when it is to begin. The first word counts.
    pub(super) fn turn_came(&self, step: u32, until: Time) -> Time {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).entry(step).or_insert((until, false)).0
    }

    /// Notes that `step` has begun or will not.
    pub(super) fn no_longer_due(&self, step: u32) {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).remove(&step);
    }

    /// Why `step` is not to begin, where somebody said so.
    pub(super) fn cancelled(&self, step: u32) -> Option<String> {
        self.said.borrow().cancelled.of(step).map(str::to_owned)
    }

    /// Waits until somebody says that `step` is not to begin; gives why.
    pub(super) async fn until_cancelled(&self, step: u32) -> String {
        let mut said = self.said.subscribe();
        let found = said.wait_for(|said| said.cancelled.of(step).is_some()).await;
        // The sender lives as long as we do, so waiting cannot fail.
        found.ok().and_then(|said| said.cancelled.of(step).map(str::to_owned)).unwrap_or_default()
    }

    /// Waits until nobody needs to look at `step` any longer.
    pub(super) async fn until_let_go(&self, step: u32) {
        let mut said = self.said.subscribe();
        let _ = said.wait_for(|said| said.let_go.of(step).is_some()).await;
    }

    /// Whether nobody needs to look at `step` any longer.
    pub(super) fn is_let_go(&self, step: u32) -> bool {
        self.said.borrow().let_go.of(step).is_some()
    }
}
