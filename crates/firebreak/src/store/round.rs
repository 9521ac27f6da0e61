//! What many want at the same time, done once for all of them: one of them waits for the turn on behalf of all, and takes
//! all that waits when it comes.
//!
//! Nobody is told of what began before they came. Only one waits for the turn, however many come: whoever else wants it
//! waits for one round at most.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, oneshot};

/// Wishes that wait, with who waits for what becomes of them.
struct Waiting<W, A> {
    wishes: Vec<(W, oneshot::Sender<A>)>,
    /// Whether somebody waits for the turn.
    led: bool,
}

/// What many want, done in rounds.
pub(super) struct Round<W, A> {
    waiting: Mutex<Waiting<W, A>>,
    /// Told where whoever waited for the turn was dropped.
    left: Notify,
}

impl<W, A> Default for Round<W, A> {
    fn default() -> Round<W, A> {
        Round { waiting: Mutex::new(Waiting { wishes: Vec::new(), led: false }), left: Notify::new() }
    }
}

/// Whoever waits for the turn. Dropped before it came, another is to wait.
struct Lead<'r, W, A> {
    round: &'r Round<W, A>,
    came: bool,
}

impl<W, A> Lead<'_, W, A> {
    /// The turn has come: all that waits. Whoever comes from now on leads the next round.
    fn take(mut self) -> Vec<(W, oneshot::Sender<A>)> {
        self.came = true;
        let mut waiting = self.round.locked();
        waiting.led = false;
        std::mem::take(&mut waiting.wishes)
    }
}

impl<W, A> Drop for Lead<'_, W, A> {
    fn drop(&mut self) {
        if !self.came {
            self.round.locked().led = false;
            self.round.left.notify_one();
        }
    }
}

impl<W, A> Round<W, A> {
    fn locked(&self) -> MutexGuard<'_, Waiting<W, A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever asks leads, where nobody does and something waits.
    fn lead(&self) -> Option<Lead<'_, W, A>> {
        let mut waiting = self.locked();
        let leads = !waiting.led && !waiting.wishes.is_empty();
        waiting.led |= leads;
        drop(waiting);
        // Made only where it leads: its end is told of under the same lock.
        leads.then(|| Lead { round: self, came: false })
    }

    /// Waits for `turn`, then has all that waits done by `do_all`, which gives an answer to each in order; or waits until
    /// another has done so. `None` where whoever did it was dropped on the way.
    pub(super) async fn join<F: Future<Output = Vec<A>>>(
        &self,
        turn: &tokio::sync::Mutex<()>,
        wish: W,
        do_all: impl FnOnce(Vec<W>) -> F,
    ) -> Option<A> {
        let (told, mut answer) = oneshot::channel();
        self.locked().wishes.push((wish, told));
        let lead = loop {
            if let Some(lead) = self.lead() {
                break lead;
            }
            tokio::select! {
                biased;
                answer = &mut answer => return answer.ok(),
                () = self.left.notified() => {}
            }
        };
        let turn = turn.lock().await;
        let (wishes, told): (Vec<W>, Vec<_>) = lead.take().into_iter().unzip();
        for (told, answer) in told.into_iter().zip(do_all(wishes).await) {
            // Whoever was dropped meanwhile does not want to know.
            let _ = told.send(answer);
        }
        drop(turn);
        answer.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test(flavor = "current_thread")]
    async fn many_at_a_time_are_done_together_and_each_has_an_answer_of_its_own() {
        let (round, turn, rounds) = (Round::default(), tokio::sync::Mutex::new(()), AtomicUsize::new(0));
        let ask = |number: usize| {
            round.join(&turn, number, async |all: Vec<usize>| {
                rounds.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                all.into_iter().map(|one| one * 2).collect::<Vec<usize>>()
            })
        };
        let answers = futures_util::future::join_all((0..100).map(ask)).await;
        assert_eq!(answers, (0..100).map(|number| Some(number * 2)).collect::<Vec<_>>());
        assert_eq!(rounds.load(Ordering::SeqCst), 2, "the first alone, all others together");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn whose_wish_went_down_with_another_hears_of_it() {
        let (round, turn) = (Round::<(), ()>::default(), tokio::sync::Mutex::new(()));
        let held = turn.lock().await;
        let mut first = Box::pin(round.join(&turn, (), |_| std::future::pending()));
        let mut second = Box::pin(round.join(&turn, (), |all| std::future::ready(vec![(); all.len()])));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        drop(held);
        assert!(first.as_mut().now_or_never().is_none(), "it has taken both");
        drop(first);
        assert_eq!(second.await, None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn where_whoever_waits_for_the_turn_leaves_another_waits_and_does_it_all() {
        let (round, turn) = (Round::default(), tokio::sync::Mutex::new(()));
        let held = turn.lock().await;
        let ask = |number: usize| round.join(&turn, number, |all: Vec<usize>| std::future::ready(all));
        let (mut first, mut second) = (Box::pin(ask(1)), Box::pin(ask(2)));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        drop(first);
        drop(held);
        assert_eq!(second.await, Some(2));
    }
}
