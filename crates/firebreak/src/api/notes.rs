//! Notes that people write about an incident. They decide nothing; each is in the ledger before it is kept.

use super::Api;
use super::access::digest;
use super::call::{Answer, Call, Reply, tagged};
use super::field::{self, NOTE_CHARACTERS_MAX};
use super::page::page;
use super::problem::Problem;
use super::read::incidents::named;
use crate::store::notes::StoredNote;
use firebreak_contain::incident::IncidentView;
use serde::Deserialize;

/// No incident has more notes.
const NOTES_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    text: String,
}

/// The notes of an incident and of those that have become part of it.
pub(super) async fn of(api: &Api, incident: &IncidentView) -> Result<Vec<StoredNote>, Problem> {
    let mut notes = api.store.notes(&incident.id.to_string()).await?;
    for joined in &incident.joined {
        notes.extend(api.store.notes(&joined.to_string()).await?);
    }
    notes.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    Ok(notes)
}

/// `GET /incidents/{id}/notes`.
pub(crate) async fn list(api: &Api, call: &Call) -> Answer {
    let notes = of(api, &named(api, call).await?).await?;
    page("notes", notes.iter().map(|note| (note.id.clone(), tagged("note", note))).collect(), call)
}

/// `POST /incidents/{id}/notes`.
pub(crate) async fn add(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    let Written { text } = call.wanted()?;
    let incident = named(api, call).await?;
    let text = text.trim().to_owned();
    if !field::says(&text) || text.chars().count() > NOTE_CHARACTERS_MAX {
        let detail =
            format!("a note has 1 to {NOTE_CHARACTERS_MAX} characters, and this one has {}", text.chars().count());
        return Err(Problem::bad(detail, "write what happened, why, and who knows more"));
    }
    if of(api, &incident).await?.len() >= NOTES_MAX {
        let detail = format!("the incident has {NOTES_MAX} notes");
        return Err(Problem::conflict(detail, "go on in the system where the incident is worked on"));
    }
    let (id, by) = (digest(&call.name)[..16].to_owned(), call.caller.person.clone());
    let note = StoredNote { id, incident: incident.id.to_string(), at: call.now, by, text };
    api.store.keep_note(&note).await?;
    Ok(Reply::Object(201, tagged("note", &note)))
}
