//! Governing on a quiet day: rights against their use, apps, shares and reviews are shown with what a change would take away, and people ask for
//! changes. Each call leaves the request that the command of its name leaves, for the single writer and its gate.

pub(super) mod access;
pub(super) mod apps;
pub(super) mod changes;
pub(super) mod review;
pub(super) mod services;
pub(super) mod shares;

use super::access::digest;
use super::call::{Answer, Call};
use super::problem::Problem;
use super::{Api, act};
use crate::access::made::{Made, Unmade};
use crate::hunting;
use crate::live::Request;
use crate::live::changing::Kept;
use crate::lookback::Lookback;
use crate::store::CHANGE;
use crate::wishes::Refused;
use firebreak_contain::change::Wish;
use firebreak_model::NodeKey;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many days of use count.
pub(super) const DAYS: u32 = 90;
/// What was made of the lake holds for so long: use changes slowly, and reading it takes seconds.
const HOLDS: Duration = Duration::from_secs(600);
/// Reading the window takes no longer.
const MOST: Duration = Duration::from_secs(60);

/// Proposals that were made, and of what.
pub(super) struct Remembered {
    of: (i64, String),
    when: Instant,
    made: Result<Arc<Made>, Unmade>,
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered").field("of", &self.of).finish_non_exhaustive()
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        Problem::conflict(refused.reason, &refused.hint)
    }
}

impl From<Unmade> for Problem {
    fn from(why: Unmade) -> Problem {
        match why {
            Unmade::Late => {
                let detail = format!("reading {DAYS} days of records takes longer than {} s", MOST.as_secs());
                Problem::conflict(detail, "`firebreak access --inventory DIR --logs DIR` takes the time that it needs")
            }
            Unmade::Widens => Problem::conflict(
                "the map with the proposals in place has ways that it had not; nothing is proposed".to_owned(),
                "please report this",
            ),
        }
    }
}

/// Proposals for everyone, made anew when something was learnt or answered, once for all who ask meanwhile.
async fn made(api: &Api, call: &Call) -> Result<Arc<Made>, Problem> {
    let mut remembered = api.rights.lock().await;
    let kept = Kept::of(&api.store).await?;
    let missed: Vec<_> = kept.changes.all().filter_map(|change| change.hurt.as_ref()).collect();
    let of = (api.store.last_snapshot().await?, digest(&json!([missed, kept.answers]).to_string()));
    if let Some(known) = remembered.as_ref().filter(|known| known.of == of && known.when.elapsed() < HOLDS) {
        return Ok(Arc::clone(known.made.as_ref().map_err(|why| Problem::from(*why))?));
    }
    let files = hunting::files(&api.store.lake_files().await?)?;
    let (world, data, directories) = (api.world.clone(), api.data.clone(), api.config.inventory.paths.clone());
    let now = call.now;
    let making = tokio::task::spawn_blocking(move || {
        let look = Lookback::open(&world, &data, files, (DAYS, now), MOST)?;
        anyhow::Ok(Made::of(&world, &directories, (&kept, &services::table()), &look).map(Arc::new))
    });
    let made = making.await.map_err(|error| Problem::broken(&error.into()))??;
    *remembered = Some(Remembered { of, when: Instant::now(), made: made.clone() });
    Ok(made?)
}

/// Leaves a wish for the writer.
async fn leave(api: &Api, call: &Call, wish: Wish) -> Answer {
    let body = json!(wish);
    act::ask(api, call, CHANGE, &Request::Change(Box::new(wish))).await?;
    act::asked("change_asked", &body)
}

/// The key in a body or a filter.
fn key(text: &str) -> Result<NodeKey, Problem> {
    NodeKey::parse(text)
        .ok_or_else(|| Problem::bad("it is no key", "write kind:system/name, as in identity:aws/arn:aws:iam::…"))
}
