//! From what was decided to what is done: one transaction, then the ledger and those who act. What the ledger has is noted
//! with a later transaction.

use super::Live;
use super::effects::{Outgoing, Sorted, sort};
use super::hands::{Order, Origin};
use crate::ledgering::Refused;
use crate::store::Commit;
use anyhow::{Context, Result};
use firebreak_act::{Journal, UndoGate};
use firebreak_contain::incident::Effect;
use firebreak_contain::plan::StepKey;
use firebreak_ledger::Draft;
use firebreak_model::NodeKey;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::JoinHandle;

/// Effects that are on their way into the ledger, by number, and what tells that it has them.
pub(super) type Sent = (Vec<u64>, BoxFuture<'static, Result<Vec<u64>, Refused>>);

/// Bundles of records that may be on their way into the ledger.
const SENT_MAX: usize = 4;

/// What is to be committed, and what is to be done after that.
pub(super) struct Decided {
    pub(super) commit: Commit,
    outgoing: Vec<(u64, Outgoing)>,
    orders: Vec<Order>,
}

/// What is being committed, and what is to be done after that.
pub(super) struct Committing {
    written: JoinHandle<Result<()>>,
    outgoing: Vec<(u64, Outgoing)>,
    orders: Vec<Order>,
}

impl Live<'_> {
    /// Commits, then has done what follows.
    pub(super) async fn settle(&mut self, commit: Commit, effects: Vec<Effect>) -> Result<()> {
        self.settle_sorted(commit, sort(effects)).await
    }

    pub(super) async fn settle_sorted(&mut self, commit: Commit, sorted: Sorted) -> Result<()> {
        let decided = self.decided(commit, sorted)?;
        self.carry_through(decided).await
    }

    /// What is to be committed and what is to be done after that. What the stage remembers is taken as it is now.
    pub(super) fn decided(&mut self, mut commit: Commit, sorted: Sorted) -> Result<Decided> {
        commit.incidents.extend(sorted.incidents);
        commit.joined.extend(sorted.joined);
        commit.pending.extend(sorted.pending);
        commit.plans.extend(sorted.plans);
        for finding in &sorted.findings {
            let batch = commit.batch.unwrap_or_default();
            commit.findings.push((finding.id.to_string(), batch, finding.at.0, serde_json::to_string(finding)?));
        }
        commit.states.extend(self.changing.written()?);
        let outgoing: Vec<(u64, Outgoing)> = (self.next_effect..).zip(sorted.outgoing).collect();
        self.next_effect += outgoing.len() as u64;
        for (number, outgoing) in &outgoing {
            commit.effects.push((*number, serde_json::to_string(outgoing)?));
        }
        self.hands.pause(self.stage.respond().paused().is_some());
        if !commit.is_empty() {
            commit.remembered = self.stage.changes()?;
        }
        // A plan that is carried out right now is not ordered again.
        let under_way = &mut self.under_way;
        let fresh = sorted.approved.into_iter().filter(|one| under_way.insert(one.plan().id().to_string()));
        Ok(Decided { commit, outgoing, orders: fresh.map(Order::Execute).collect() })
    }

    /// Commits, then has done what follows.
    pub(super) async fn carry_through(&mut self, mut decided: Decided) -> Result<()> {
        decided.commit.effects_done.extend(self.recorded().await?);
        if !decided.commit.is_empty() {
            self.store.commit(&decided.commit).await?;
        }
        self.follow(decided.outgoing, decided.orders).await
    }

    /// Begins to commit. What follows is done by [`Live::conclude`], before anything else is committed.
    pub(super) async fn begin_commit(&mut self, decided: Decided) -> Result<Committing> {
        let Decided { mut commit, outgoing, orders } = decided;
        commit.effects_done.extend(self.recorded().await?);
        let store = self.store.clone();
        let written = tokio::spawn(async move { store.commit(&commit).await });
        Ok(Committing { written, outgoing, orders })
    }

    pub(super) async fn conclude(&mut self, committing: Committing) -> Result<()> {
        let Committing { written, outgoing, orders } = committing;
        written.await.context("committing a portion")??;
        self.follow(outgoing, orders).await
    }

    /// Does what was committed.
    async fn follow(&mut self, outgoing: Vec<(u64, Outgoing)>, orders: Vec<Order>) -> Result<()> {
        // What was decided is on its way into the ledger before any step of it is.
        let (sent, recorded) = self.send(outgoing).await?;
        orders.into_iter().for_each(|order| self.hands.order(order));
        if !sent.is_empty() {
            self.sent.push_back((sent, Box::pin(recorded)));
        }
        Ok(())
    }

    /// Numbers of effects that are done, since the ledger has them. Those who act have begun, and nobody waits for it: it is
    /// noted with the next commit. Killed before it, what was done is done again, which is harmless.
    async fn recorded(&mut self) -> Result<Vec<u64>> {
        let mut done = Vec::new();
        // The ledger is not left behind for ever.
        let mut may_wait = self.sent.len() > SENT_MAX;
        while let Some((numbers, mut written)) = self.sent.pop_front() {
            match written.as_mut().now_or_never() {
                Some(written) => written?,
                None if may_wait => written.await?,
                None => {
                    self.sent.push_front((numbers, written));
                    break;
                }
            };
            may_wait = false;
            done.extend(numbers);
        }
        Ok(done)
    }

    /// Waits until the ledger has all that was sent, and notes it.
    pub(super) async fn wait_for_the_ledger(&mut self) -> Result<()> {
        while let Some((numbers, written)) = self.sent.pop_front() {
            written.await?;
            self.store.effects_done(&numbers).await?;
        }
        Ok(())
    }

    /// Does what was committed. Gives the numbers of what is done once the ledger has it, and that to wait for. Twice is
    /// harmless: ledger entries are kept once by name, and a step that was lifted is not lifted again.
    pub(super) async fn send(
        &mut self,
        effects: Vec<(u64, Outgoing)>,
    ) -> Result<(Vec<u64>, impl Future<Output = Result<Vec<u64>, Refused>> + use<>)> {
        let (mut sent, mut drafts) = (Vec::new(), Vec::new());
        for (number, outgoing) in effects {
            if self.ordered.contains(&Origin::Effect(number)) {
                continue;
            }
            match outgoing {
                Outgoing::Record { id, kind, body } => drafts.push(Draft { id, kind, body }),
                Outgoing::Notify { text, .. } => (self.notify)(&text),
                Outgoing::Lift { plan, steps } => {
                    self.lift(plan, &steps, Origin::Effect(number)).await?;
                    continue;
                }
                Outgoing::Restore { plan } => {
                    self.restore(plan, Origin::Effect(number)).await?;
                    continue;
                }
            }
            sent.push(number);
        }
        Ok((sent, self.book.add_in_time(drafts)))
    }

    /// Lifts steps of a containment that has run out: those, and no others, of which the lease says that lifting them lets
    /// nobody in.
    async fn lift(&mut self, plan: String, steps: &[StepKey], origin: Origin) -> Result<()> {
        let rows = self.store.list(&plan).await?;
        let named = rows.iter().filter(|row| steps.iter().any(|key| key.as_str() == row.key));
        let only: Vec<u32> = named.map(|row| row.number).collect();
        let gate = UndoGate { rotated: true, override_reason: None };
        self.take_back(plan, Some(only), &NodeKey::identity("service", "firebreak"), gate, origin).await
    }
}
