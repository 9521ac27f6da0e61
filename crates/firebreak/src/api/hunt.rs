//! Questions to the lake. What was asked, and by whom, stands in the ledger before it is answered: the lake holds what people did.

use super::Api;
use super::call::{Answer, Call, object, tagged};
use super::problem::Problem;
use crate::hunting::{self, ROWS, ROWS_MAX, SECONDS};
use firebreak_hunt::Refusal;
use serde::Deserialize;

/// So many questions are answered at once; each takes a core and memory of its own.
pub(super) const AT_ONCE: usize = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    sql: String,
    #[serde(default = "rows")]
    rows: usize,
}

const fn rows() -> usize {
    ROWS
}

/// `GET /hunt`.
pub(crate) async fn schema(api: &Api, _: &Call) -> Answer {
    object("hunt_schema", &hunting::schema(&api.config.hunt.saved))
}

/// `POST /hunt`.
pub(crate) async fn ask(api: &Api, call: &Call) -> Answer {
    // Nothing is asked that is not recorded.
    api.must_act()?;
    let Asked { sql, rows } = call.wanted()?;
    if !(1..=ROWS_MAX).contains(&rows) {
        return Err(Problem::bad(format!("`rows` is no number from 1 to {ROWS_MAX}"), "say a whole number"));
    }
    let Ok(place) = api.hunts.clone().try_acquire_owned() else { return Err(Problem::too_many(1)) };
    let files = hunting::files(&api.store.lake_files().await?)?;
    let (world, data) = (api.world.clone(), api.data.clone());
    let asked = tokio::task::spawn_blocking(move || {
        let hunted = hunting::hunt(&world, &data, &files, &sql, (rows, SECONDS), &mut |_, _| {});
        drop(place);
        hunted
    });
    let hunted = asked.await.map_err(|error| Problem::broken(&error.into()))??;
    let hunted = hunted.map_err(|Refusal { reason, hint }| Problem::unfit(reason, &hint))?;
    Ok(super::call::Reply::Object(200, tagged("hunt", &hunted)))
}
