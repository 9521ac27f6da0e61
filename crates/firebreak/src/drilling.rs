//! Drills: each configured canary is cut, timed and given back, for `firebreak drill` and by the clock beside `run`. What
//! they came to is kept in the state, the last of each canary; the ledger has all of them.
//!
//! What an interrupted drill did is taken back before the next one of that canary.

use crate::config::{Config, Mode};
use crate::ledgering::Book;
use crate::store::{Commit, DRILL, Store};
use anyhow::{Context, Result};
use firebreak_act::{Brake, Canary, Drill, Executor, Pacer};
use firebreak_model::{Text, Time};
use firebreak_world::World;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The name of what is remembered.
const MEMORY: &str = "drills";

/// The last drill of each canary.
///
/// # Errors
/// If the state cannot be read.
pub async fn kept(store: &Store) -> Result<Vec<Drill>> {
    let memory = store.state(MEMORY).await?;
    memory.map_or(Ok(Vec::new()), |bytes| serde_json::from_slice(&bytes).context("the memory of drills is damaged"))
}

/// The last drill of each canary that the installation in `data` remembers; none where there is no installation.
///
/// # Errors
/// If the state cannot be read.
pub fn remembered(data: &Path) -> Result<Vec<Drill>> {
    if !data.join("state.sqlite").is_file() {
        return Ok(Vec::new());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = Store::open(data).await?;
        let drills = kept(&store).await;
        store.close().await;
        drills
    })
}

/// The last drill of `action`, on whatever canary.
pub fn last<'d>(drills: &'d [Drill], action: &str) -> Option<&'d Drill> {
    drills.iter().filter(|drill| drill.action == action).max_by_key(|drill| drill.at)
}

/// The actions whose last drill passed and is no older than `valid_days` at `now`.
pub fn proven(drills: &[Drill], valid_days: u32, now: Time) -> BTreeSet<Text> {
    let oldest = now.plus_seconds(-i64::from(valid_days) * 86_400);
    let actions: BTreeSet<&Text> = drills.iter().map(|drill| &drill.action).collect();
    let counts = |action: &&Text| last(drills, action).is_some_and(|drill| drill.passed && drill.at >= oldest);
    actions.into_iter().filter(counts).cloned().collect()
}

/// What drilling takes.
pub struct Yard<'a> {
    /// The doors.
    pub world: &'a World,
    /// What the operator configured.
    pub config: &'a Config,
    /// The state.
    pub store: &'a Store,
    /// The ledger.
    pub book: &'a Book,
    /// Break-glass: it holds drills as it holds all that no person approved.
    pub brake: &'a dyn Brake,
    /// The pacer of the process.
    pub pacer: Arc<Pacer>,
}

impl Yard<'_> {
    /// Drills one canary, and keeps what it came to.
    ///
    /// # Errors
    /// If journal, ledger or state cannot be written.
    pub async fn drill(&self, canary: &Canary) -> Result<Drill> {
        let Yard { world, config, store, book, brake, pacer } = self;
        let executor = Executor::new(world, &config.responder, *store, *book);
        let executor = executor.with_brake(*brake).with_pacer(Arc::clone(pacer));
        let before = kept(store).await?;
        let before = before.iter().find(|one| of(one, canary) && !one.undone);
        if let Some(plan) = before.and_then(|one| one.plan.as_deref()) {
            executor.give_back(plan).await?;
        }
        let drill = match executor.rehearse_on(canary) {
            Ok(rehearsal) => {
                self.keep(rehearsal.under_way()).await?;
                executor.drill(&rehearsal).await?
            }
            Err(refused) => *refused,
        };
        self.keep(drill.clone()).await?;
        Ok(drill)
    }

    async fn keep(&self, drill: Drill) -> Result<()> {
        let mut drills = kept(self.store).await?;
        drills.retain(|one| one.action != drill.action || one.target != drill.target);
        drills.push(drill);
        let states = vec![(MEMORY.to_owned(), serde_json::to_vec(&drills)?)];
        self.store.commit(&Commit { states, ..Commit::default() }).await
    }

    /// The canaries whose last drill is older than the configuration wants.
    async fn due(&self) -> Result<Vec<&Canary>> {
        let settings = &self.config.drill;
        if settings.every_hours == 0 {
            return Ok(Vec::new());
        }
        let (drills, since) = (kept(self.store).await?, i64::from(settings.every_hours) * 3_600);
        let now = self.world.clock.now();
        let recent = |canary: &Canary| drills.iter().any(|one| of(one, canary) && one.at.plus_seconds(since) > now);
        Ok(settings.canary.iter().filter(|canary| !recent(canary)).collect())
    }

    /// The canaries that somebody asked for, with the numbers of the requests.
    async fn asked(&self) -> Result<(Vec<&Canary>, Vec<i64>)> {
        let open = self.store.open_requests().await?;
        let open: Vec<_> = open.into_iter().filter(|request| request.kind == DRILL).collect();
        let named =
            |canary: &&Canary| open.iter().any(|request| request.body.is_empty() || canary.action == request.body);
        let canaries = self.config.drill.canary.iter().filter(named).collect();
        Ok((canaries, open.iter().map(|request| request.number).collect()))
    }

    /// Drills what is asked for and what is due, again and again until `stop`. Nothing where nothing may be called.
    pub fn keep_drilling(&self, runtime: &tokio::runtime::Runtime, stop: &AtomicBool, tell: &dyn Fn(&str)) {
        if self.config.act.mode != Mode::Live || self.config.drill.canary.is_empty() {
            return;
        }
        // On a stop the state closes under a drill: what it did is taken back before the next one.
        if let Err(error) = runtime.block_on(self.look_and_drill(stop, tell))
            && !stop.load(Ordering::SeqCst)
        {
            tell(&format!("drills have stopped: {error:#}"));
        }
    }

    async fn look_and_drill(&self, stop: &AtomicBool, tell: &dyn Fn(&str)) -> Result<()> {
        const LOOK_EVERY: Duration = Duration::from_millis(500);
        while !stop.load(Ordering::SeqCst) {
            let (mut wanted, requests_done) = self.asked().await?;
            for canary in self.due().await? {
                if !wanted.contains(&canary) {
                    wanted.push(canary);
                }
            }
            for canary in wanted {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                tell(&told(&self.drill(canary).await?));
            }
            if !requests_done.is_empty() {
                self.store.commit(&Commit { requests_done, ..Commit::default() }).await?;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

fn of(drill: &Drill, canary: &Canary) -> bool {
    drill.action == canary.action && drill.target == canary.target
}

/// What a drill came to, in a line.
pub fn told(drill: &Drill) -> String {
    let seconds =
        |seconds: Option<f64>| seconds.map_or_else(|| "not seen".to_owned(), |seconds| format!("{seconds:.2} s"));
    let Drill { action, target, detail, .. } = drill;
    if drill.passed {
        let (declared, effective) = (seconds(drill.seconds_to_declared), seconds(drill.seconds_to_effective));
        return format!(
            "drill of {action} on {target} passed: declared {declared}, effective {effective}; it is as it was"
        );
    }
    let left = if drill.undone { "" } else { "; the identity is still cut" };
    format!("drill of {action} on {target} failed: {detail}{left}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::NodeKey;

    fn drill(action: &str, days: i64, passed: bool) -> Drill {
        Drill {
            action: Text::new(action),
            target: NodeKey::identity("postgres", &format!("db/{days}")),
            at: Time::from_seconds(days * 86_400),
            plan: None,
            passed,
            detail: String::new(),
            seconds_to_declared: None,
            seconds_to_effective: None,
            undone: true,
        }
    }

    #[test]
    fn a_drill_counts_until_it_is_old_or_a_later_one_fails() {
        let drills = [
            drill("old/cut", 1, true),
            drill("fresh/cut", 20, true),
            drill("broken/cut", 20, true),
            drill("broken/cut", 21, false),
            drill("mended/cut", 20, false),
            drill("mended/cut", 21, true),
        ];
        let proven = proven(&drills, 10, Time::from_seconds(30 * 86_400));
        assert_eq!(proven.iter().map(Text::as_str).collect::<Vec<_>>(), ["fresh/cut", "mended/cut"]);
    }
}
