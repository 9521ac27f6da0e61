//! What many want at the same time, done once for all of them: whoever's turn is next takes all that waits.
//!
//! Nobody is told of what began before they came.

use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;

/// Wishes that wait, with who waits for what becomes of them.
pub(super) struct Round<W, A> {
    waiting: Mutex<Vec<(W, oneshot::Sender<A>)>>,
}

impl<W, A> Default for Round<W, A> {
    fn default() -> Round<W, A> {
        Round { waiting: Mutex::new(Vec::new()) }
    }
}

impl<W, A> Round<W, A> {
    /// Waits for `turn`, then has all that waits done by `do_all`, which gives an answer to each in order; or waits until
    /// another has done so. `None` where whoever did it was dropped on the way.
    pub(super) async fn join<F: Future<Output = Vec<A>>>(
        &self,
        turn: &tokio::sync::Mutex<()>,
        wish: W,
        do_all: impl FnOnce(Vec<W>) -> F,
    ) -> Option<A> {
        let (told, mut answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((wish, told));
        let turn = tokio::select! {
            biased;
            answer = &mut answer => return answer.ok(),
            turn = turn.lock() => turn,
        };
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        if !waiting.is_empty() {
            let (wishes, told): (Vec<W>, Vec<_>) = waiting.into_iter().unzip();
            for (told, answer) in told.into_iter().zip(do_all(wishes).await) {
                // Whoever was dropped meanwhile does not want to know.
                let _ = told.send(answer);
            }
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
}
